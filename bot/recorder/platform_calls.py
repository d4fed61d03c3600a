"""The calls of a platform, as they are kept."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from bot.ports import LOWEST_ERROR_STATUS, PlatformCall
from bot.recorder.redaction import RecordingRedactor
from bot.recorder.wire import Wire

_MESSAGES = 100  #: of a history that are kept
_FILE = re.compile(rb'filename\*?=(?:"([^"]*)"|(\S+))')


def describe(call: PlatformCall, redactor: RecordingRedactor) -> list[Any]:
    """Return method, path and status of a call, and what was sent and what became of it."""
    method, target, status, is_sent, retry_after, sent, answer = call
    path, _, query = target.partition("?")
    kept: dict[str, Any] = {}
    if not status:
        kept["is_sent"] = is_sent
    if retry_after:
        kept["retry_after"] = retry_after
    if query:
        kept["query"] = redactor.redact(dict(parse_qsl(query)))
    if sent:
        kept["body"] = redactor.redact(_read_body(sent, redactor.wire))
    if answer[:1] in (b"{", b"["):
        kept["answer"] = redactor.redact(_read_outcome(answer, status, redactor.wire))
    return [method, redactor.path(path), status, kept]


def _read_body(content: bytes, wire: Wire) -> Any:
    if content.startswith((b"{", b"[")):
        return _parse(content)
    if content.startswith(b"--"):
        found = wire.form_part.search(content)
        return {"files": _read_files(content), "payload": _parse(found[1]) if found else None}
    if content[:1].isalpha() and b"=" in content[:200]:
        return {name: _read_field(value) for name, value in parse_qsl(content.decode("utf-8", "replace"))}
    return len(content)


def _read_field(value: str) -> Any:
    return _parse(value.encode()) if value.startswith(("{", "[")) else value


def _read_files(content: bytes) -> list[str]:
    """Return the names of the files in a form."""
    return [(quoted or plain).decode("utf-8", "replace") for quoted, plain in _FILE.findall(content)]


def _read_outcome(answer: bytes, status: int, wire: Wire) -> Any:
    """Return what became of a call; the rest of an answer repeats what was sent."""
    found = _parse(answer)
    if isinstance(found, list):
        return [_only(one, wire.message) for one in found[:_MESSAGES]]
    if not isinstance(found, dict) or status >= LOWEST_ERROR_STATUS:
        return found
    kept = _only(found, wire.outcome)
    for name, value in kept.items():
        if isinstance(value, dict):
            kept[name] = _only(value, wire.outcome)
        elif isinstance(value, list):
            kept[name] = [_only(one, wire.message) for one in value[:_MESSAGES]]
    return kept


def _only(value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value[name] for name in names if name in value} if isinstance(value, Mapping) else {}


def _parse(content: bytes) -> Any:
    """Return a JSON value, or its size."""
    try:
        return json.loads(content)
    except ValueError:
        return len(content)
