"""A recorded request on the simulated Discord."""

import re
from collections.abc import Sequence
from typing import Self

from simulators.discord.errors import Refused, server_error
from simulators.discord.rest import Call, Moment
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import ADA, CHANNEL, DM, GUILD, ME, snowflake
from simulators.replay.recording import (
    CannotReplayError,
    Json,
    Recording,
    has_failed,
    is_lost,
    numbered,
    substitute,
    texts,
)
from simulators.replay.stage import ShownMessages

_COMMAND = 2
_ID = re.compile(r"\d{15,20}|removed|token\d+")
#: Fields of a message that nobody sees, or that differ by their ids.
_UNSEEN = frozenset({"custom_id", "nonce", "message_reference", "allowed_mentions", "id", "url"})
_LIMITED, _SERVER_ERROR = 429, 500
_PATIENCE = 2.0  #: seconds of a rate limit, at most
_SOURCE = 4  #: the callback that answers with a message
_THREAD = "threads"


def _route(method: str, path: str) -> str:
    """A request without the ids in its path."""
    parts = path.partition("/api/v10/")[2] or path
    return f"{method} {'/'.join('*' if _ID.fullmatch(part) else part for part in parts.split('/'))}"


def _route_of(call: Json) -> str:
    return _route(call["method"], call["path"])


class DiscordStage:
    """See `simulators.replay.stage.Stage`."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._payload = recording.payload
        self._check()
        self.discord = DiscordSimulator()
        self._planned: dict[tuple[str, int, Moment], Json] = {}
        self._counts: dict[str, int] = {}
        self._numbers: dict[int, int] = {}

    async def __aenter__(self) -> Self:
        await self.discord.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.discord.stop()

    @property
    def environment(self) -> dict[str, str]:
        """See `Stage`."""
        return self.discord.environment

    async def play(self) -> None:
        """See `Stage`."""
        await self.discord.until(lambda: self.discord.gateway.is_connected and self.discord.commands, 60)
        self._prepare_faults()
        if self._is_command:
            await self._play_command()
        else:
            await self._play_message()

    # -- what came in

    @property
    def _is_command(self) -> bool:
        return self._payload.get("type") == _COMMAND and "token" in self._payload

    def _check(self) -> None:
        """Raise `CannotReplayError` where something is missing."""
        payload = self._payload
        if not self._is_command and not ("content" in payload and "author" in payload):
            raise CannotReplayError("button")
        if payload.get("attachments") or ((payload.get("data") or {}).get("resolved") or {}).get("attachments"):
            raise CannotReplayError("files")
        if payload.get("message_reference"):
            raise CannotReplayError("reply")

    async def _play_message(self) -> None:
        payload, discord = self._payload, self.discord
        channel = CHANNEL if payload.get("guild_id") else DM
        opens_thread = any(_THREAD in call["path"] for call in self._recording.calls("platform call"))
        if payload.get("guild_id") and not opens_thread:
            channel = snowflake()
            await discord.open_thread(channel, owner=ME)
        number = snowflake()
        names = {**self._names(), str(payload["channel_id"]): channel, str(payload["id"]): number}
        text = substitute({"content": payload["content"]}, names)["content"]
        said = discord.message(channel, text, id=number)
        member = {key: value for key, value in (payload.get("member") or {}).items() if key != "user"}
        given = {**payload, "member": member} if member else payload
        own = {"timestamp": said["timestamp"], "mentions": said["mentions"], "author": said["author"]}
        await discord.gateway.dispatch("MESSAGE_CREATE", {**substitute(given, names), **own})

    async def _play_command(self) -> None:
        payload, discord = self._payload, self.discord
        data = payload["data"]
        registered = next((one for one in discord.commands if one["name"] == data["name"]), None)
        if registered is None:
            raise CannotReplayError("command", name=str(data["name"]))
        channel = CHANNEL if payload.get("guild_id") else DM
        names = self._names()
        given = {**substitute(data, names), "id": registered["id"]}
        await discord.interact(_COMMAND, given, channel=channel, locale=payload.get("locale", "en-US"))

    def _names(self) -> dict[str, str]:
        payload = self._payload
        author = payload.get("author") or (payload.get("member") or {}).get("user") or payload.get("user") or {}
        bots = [one["id"] for one in payload.get("mentions", ()) if one.get("bot")]
        return {
            str(payload.get("guild_id") or ""): GUILD,
            str(author.get("id") or ""): ADA,
            str(payload.get("application_id") or ""): ME,
            **dict.fromkeys(bots, ME),
        }

    # -- what went wrong

    def _prepare_faults(self) -> None:
        for route, number, call in numbered(self._recording.calls("platform call"), _route_of):
            if has_failed(call):
                moment: Moment = "after" if is_lost(call) else "before"
                self._planned[route, number, moment] = call
        self.discord.rest.hook = self._fail_as_recorded

    async def _fail_as_recorded(self, moment: Moment, call: Call) -> bool:
        route = _route(call.method, call.path)
        if moment == "before":
            self._numbers[call.number] = self._counts.get(route, 0)
            self._counts[route] = self._numbers[call.number] + 1
        fault = self._planned.pop((route, self._numbers.get(call.number, -1), moment), None)
        if fault is None:
            return False
        status = fault.get("status", 0)
        if not status:
            return True
        raise _refusal(status, fault)

    # -- what came out

    @staticmethod
    def visible(recording: Recording) -> Sequence[Json]:
        """See `Stage`."""
        return _Shown.of(recording)

    @staticmethod
    def lasting_calls(recording: Recording) -> Sequence[str]:
        """See `Stage`."""
        calls = [call for call in recording.calls("platform call") if call["method"] in ("POST", "DELETE")]
        routes = [(_route_of(call), call) for call in calls if not call["path"].endswith("/typing")]
        return [f"{route} {call['status'] or 'no answer'}" for route, call in routes]


def _refusal(status: int, fault: Json) -> Refused:
    if status == _LIMITED:
        wait = min(float(fault.get("retry_after") or 1), _PATIENCE)
        error = Refused(_LIMITED, 0, "You are being rate limited.", retry_after=wait, **{"global": False})
        error.headers = {"Retry-After": f"{wait:.3f}", "X-RateLimit-Scope": "user"}
        return error
    if status >= _SERVER_ERROR:
        return server_error(status)
    answer = fault.get("answer") or {}
    return Refused(status, int(answer.get("code") or 0), "as recorded")


class _Shown(ShownMessages):
    def add(self, call: Json) -> None:
        route, last = _route_of(call), call["path"].rpartition("/")[2]
        is_message = "/messages" in route or re.fullmatch(r"POST webhooks/\*/\*", route)
        is_answer = route.endswith("/callback") and (call.get("body") or {}).get("type") == _SOURCE
        if (has_failed(call) and not is_lost(call)) or not (is_message or is_answer) or route.endswith(_THREAD):
            return
        if call["method"] == "DELETE":
            self.messages.pop(last, None)
        elif call["method"] == "PATCH":
            self._put(last, route, call)
        elif call["method"] == "POST":
            number = str((call.get("answer") or {}).get("id") or "")
            seen = _seen(call)
            for key in [key for key in self._lost if self.messages[key]["content"] == seen]:
                self._lost.remove(key)  # sent again with its nonce: one message
                del self.messages[key]
            if not number:
                number = f"lost {call['at']}"
                self._lost.append(number)
            self._put("@original" if is_answer else number, route, call)

    def _put(self, key: str, route: str, call: Json) -> None:
        before = self.messages.get(key, {}).get("content", {})
        seen = _seen(call)
        place = "interaction" if "webhooks/" in route or "interactions/" in route else "channel"
        self.messages[key] = {"place": place, "content": {**before, **seen}}


def _seen(call: Json) -> Json:
    """What is seen of a message."""
    body = call.get("body")
    if not isinstance(body, dict):
        return {}
    payload = body.get("payload") or body.get("data") or body
    kept = {name: payload[name] for name in ("content", "embeds", "components") if name in payload}
    if body.get("files"):
        kept["files"] = len(body["files"])
    found: Json = texts(kept, without=_UNSEEN)
    return found
