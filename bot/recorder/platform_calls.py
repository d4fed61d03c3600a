"""The calls of a platform, as they are kept."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from bot.ports import LOWEST_ERROR_STATUS, PlatformCall
from bot.recorder.entries import PLATFORM, Entry
from bot.recorder.redaction import RecordingRedactor

#: Fields of an answer that say what became of a call; the rest repeats what was sent.
_OUTCOME = ("ok", "error", "needed", "code", "retry_after", "ts", "id", "channel", "channel_id", "type", "viewers")
_MESSAGE = ("ts", "id", "user", "bot_id", "thread_ts", "nonce")
_MESSAGES = 100  #: of a history that are kept
_PART = re.compile(rb'name="payload_json"[^\r]*\r\n(?:[^\r\n]+\r\n)*\r\n(.*?)\r\n--', re.DOTALL)
_FILE = re.compile(rb'filename\*?=(?:"([^"]*)"|(\S+))')


#: Method, path, status, query, whether it was sent, when to try again, body and answer.
Call = tuple[str, str, int, str, bool, str, bytes, bytes]


def to_entry(call: PlatformCall) -> Entry:
    """Return a call that has ended; its answer has been read, or never will be."""
    url = call.url
    path, query = url.raw_path, url.raw_query_string
    kept = (call.method, path, call.status, query, call.is_sent, call.retry_after, call.sent, call.read_answer())
    return (call.at, call.ended, PLATFORM, call.error, kept)


def describe(call: Call, redactor: RecordingRedactor) -> list[Any]:
    """Return method, path and status of a call, and what was sent and what became of it."""
    method, path, status, query, is_sent, retry_after, sent, answer = call
    kept: dict[str, Any] = {}
    if not status:
        kept["is_sent"] = is_sent
    if retry_after:
        kept["retry_after"] = retry_after
    if query:
        kept["query"] = redactor.redact(dict(parse_qsl(query)))
    if sent:
        kept["body"] = redactor.redact(_read_body(sent))
    if answer[:1] in (b"{", b"["):
        kept["answer"] = redactor.redact(_read_outcome(answer, status))
    return [method, redactor.path(path), status, kept]


def _read_body(content: bytes) -> Any:
    if content.startswith((b"{", b"[")):
        return _parse(content)
    if content.startswith(b"--"):
        found = _PART.search(content)
        return {"files": _read_files(content), "payload": _parse(found[1]) if found else None}
    if content[:1].isalpha() and b"=" in content[:200]:
        return {name: _read_field(value) for name, value in parse_qsl(content.decode("utf-8", "replace"))}
    return len(content)


def _read_field(value: str) -> Any:
    return _parse(value.encode()) if value.startswith(("{", "[")) else value


def _read_files(content: bytes) -> list[str]:
    """Return the names of the files in a form."""
    return [(quoted or plain).decode("utf-8", "replace") for quoted, plain in _FILE.findall(content)]


def _read_outcome(answer: bytes, status: int) -> Any:
    found = _parse(answer)
    if isinstance(found, list):
        return [_only(one, _MESSAGE) for one in found[:_MESSAGES]]
    if not isinstance(found, dict) or status >= LOWEST_ERROR_STATUS:
        return found
    kept = _only(found, _OUTCOME)
    if isinstance(kept.get("channel"), dict):
        kept["channel"] = _only(kept["channel"], _OUTCOME)
    if isinstance(found.get("messages"), list):
        kept["messages"] = [_only(one, _MESSAGE) for one in found["messages"][:_MESSAGES]]
    return kept


def _only(value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value[name] for name in names if name in value} if isinstance(value, Mapping) else {}


def _parse(content: bytes) -> Any:
    """Return a JSON value, or its size."""
    try:
        return json.loads(content)
    except ValueError:
        return len(content)
