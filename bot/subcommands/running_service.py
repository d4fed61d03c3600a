"""The command line's view of the running service: it asks the service itself, over its port on this machine."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from wcwidth import wcswidth

from bot.characters import escape_controls
from bot.cockpit.rendering import format_seconds
from bot.errors import BotError, SettingsError
from bot.i18n import operator_locale, operator_text
from bot.security.keys import signing_key
from bot.settings.core import Settings
from bot.sign_in.address import PageAddress, host_of_this_machine
from bot.sign_in.links import ROOT, UNKNOWN, caller_signer
from bot.sign_in.visitor import Visitor
from bot.spending.money import rounded_money

#: Seconds for an answer of the service.
_TIMEOUT = 30.0
_NOT_FOUND, _CONFLICT = 404, 409
_ANSWERS = {200, _NOT_FOUND, _CONFLICT}  # with JSON
_COLUMNS = {
    "requests": ("seq", "state", "received_at", "command", "name", "adapter", "workspace", "channel", "id"),
    "usage": ("day", "kind", "model", "requests", "prompt_tokens", "completion_tokens", "items", "cost"),
}


class ServiceNotRunning(BotError):
    """The service does not answer on its port."""


class ServiceClient:
    """Asks the running service as its operator. Raises `BotError` where it can't be asked."""

    def __init__(self, settings: Settings) -> None:
        address = PageAddress.from_settings(settings)
        if address.problem:
            needs_port = address.problem == "cockpit.no_port"
            raise SettingsError(operator_text("cockpit.cli.no_port" if needs_port else address.problem))
        self._base = f"http://{host_of_this_machine(address.host)}:{address.port}{ROOT}/api"
        self._secret = signing_key(settings)
        self._headers = {"Host": urlsplit(address.public_url).netloc} if address.public_url else {}

    def get(self, path: str, **query: str) -> Any:
        """Return the JSON of a path."""
        given = urlencode({name: value for name, value in query.items() if value})
        status, found = self._ask("GET", f"{path}?{given}")
        if status == _NOT_FOUND:
            raise BotError(operator_text("cockpit.cli.unknown", request=query.get("event", "")))
        return found

    def act_on(self, name: str, requests: Sequence[str]) -> Iterator[tuple[Mapping[str, Any], str]]:
        """Do something with requests, by their numbers or ids; yield what became of each, and why nothing did or ""."""
        for request in dict.fromkeys(requests):
            status, done = self._ask("POST", "/requests/act", data={"act": name, "request": request})
            problem = ""
            if status == _NOT_FOUND:
                done = {"request": request, "state": "unknown", "is_done": False}
                problem = operator_text("cockpit.cli.unknown", request=request)
            elif status == _CONFLICT:
                problem = operator_text("cockpit.cli.not_possible", request=request, state=done["state"])
            yield done, problem

    def recording(self, request: str) -> Mapping[str, Any] | None:
        """Return the recording of a request, by its number or id; None: there is none."""
        status, found = self._ask("GET", f"/recordings?{urlencode({'request': request})}")
        return None if status == _NOT_FOUND else found

    def _ask(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        """Return the status and the JSON of an answer. Raises `ServiceNotRunning` where another program answers."""
        request = httpx.Request(method, self._base + path, headers=self._headers, **more)
        target = f"{request.url.path}?{request.url.query.decode()}"
        signer = caller_signer(self._secret, method, target, request.content)
        token = signer.sign(Visitor(is_operator=True, locale=operator_locale()))
        request.headers["Authorization"] = f"Bearer {token}"
        try:
            with httpx.Client(timeout=_TIMEOUT, trust_env=False) as http:
                answer = http.send(request)
            found = answer.json() if answer.status_code in _ANSWERS else None
        except (httpx.HTTPError, ValueError) as exc:  # not reached, or no JSON
            raise self._not_running() from exc
        if found is None:
            raise BotError(operator_text("cockpit.cli.refused", status=answer.status_code))
        if answer.status_code == _NOT_FOUND and found != UNKNOWN:
            raise self._not_running()
        return answer.status_code, found

    def _not_running(self) -> ServiceNotRunning:
        address = self._base.removesuffix("/api")
        return ServiceNotRunning(operator_text("cockpit.cli.not_running", address=address))


def show(name: str, found: Any, *, as_json: bool) -> str:
    """Return what the service said, as JSON or for people. `name`: status, requests, request or usage."""
    if as_json:
        return json.dumps(found, ensure_ascii=False, indent=2)
    if name == "status":
        return _status(found)
    if not found:
        return operator_text("cockpit.cli.nothing")
    if name == "request":
        return _event(found)
    columns = _COLUMNS[name]
    return _table([columns, *([_cell(column, _named(row, column)) for column in columns] for row in found)])


def _named(row: Mapping[str, Any], column: str) -> Any:
    """Return a value, or for an id the name that is known."""
    return row.get(f"{column}_name") or row[column]


def _cell(column: str, value: Any) -> str:
    if column == "cost":
        return rounded_money(value)
    if value and column.endswith("_at"):
        return datetime.fromisoformat(value).isoformat(" ", "seconds")
    return "" if value is None else str(value)


def _status(found: Mapping[str, Any]) -> str:
    lines: list[tuple[str, str]] = []
    for name, problem in found["platforms"].items():
        lines.append((name, problem or operator_text("cockpit.cli.connected")))
    works = operator_text("cockpit.cli.works")
    lines.append((operator_text("cockpit.cli.database"), found["database_problem"] or works))
    lines.append(("AI API", found["api_problem"] or works))
    lines[:0] = [(name, operator_text("cockpit.cli.elsewhere")) for name in found["elsewhere"]]
    name = operator_text("cockpit.cli.process")
    lines += [(name, "  ".join([one["name"], ", ".join(one["roles"]), *one["holds"]])) for one in found["processes"]]
    counts = {key: int(found["queue"].get(key, 0)) for key in ("waiting", "running")}
    lines += [(operator_text(f"cockpit.cli.{key}"), str(count)) for key, count in counts.items()]
    lines.append((operator_text("cockpit.cli.oldest"), format_seconds(found["queue"].get("oldest", 0))))
    for key in ("first_sign", "answer"):
        times = found[key]
        if times["count"]:
            text = f"{format_seconds(times['p50'])} (p50), {format_seconds(times['p95'])} (p95)"
            lines.append((operator_text(f"cockpit.cli.{key}"), text))
    for key in ("today", "month"):
        spent = found[key]
        amount = operator_text("cockpit.cli.spent", cost=rounded_money(spent["cost"]), requests=spent["requests"])
        lines.append((operator_text(f"cockpit.cli.{key}"), amount))
    lines += [(one["limit"], operator_text("cockpit.cli.left", left=one["left"])) for one in found["budgets"]]
    return _table(lines)


def _event(found: Mapping[str, Any]) -> str:
    """Return the fields of an event that say something, and its calls of the AI API, a line each."""
    lines = [(name, _cell(name, value)) for name, value in found.items() if value not in (None, "", 0, [])]
    lines = [(name, text) for name, text in lines if name != "calls"]
    for call in found["calls"]:
        cost = "?" if call["cost"] is None else rounded_money(call["cost"])
        lines.append(
            ("call", f"{_cell('call_at', call['at'])}  {call['kind']}  {call['model']}  {call['state']}  {cost}")
        )
    return _table(lines)


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Return lines with columns; what people have written into a cell steers no terminal."""
    cells = [[escape_controls(cell) for cell in row] for row in rows]
    widths = [max(map(wcswidth, column)) for column in zip(*cells, strict=True)]
    lines = (
        "  ".join(cell + " " * (width - wcswidth(cell)) for cell, width in zip(row, widths, strict=True))
        for row in cells
    )
    return "\n".join(line.rstrip() for line in lines)
