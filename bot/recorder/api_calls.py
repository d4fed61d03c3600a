"""The calls of the AI API, as its client reports them."""

import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from aimodels.exchange import Exchange
from bot.ports import LOWEST_ERROR_STATUS
from bot.recorder.redaction import RecordingRedactor

_LARGEST_BODY = 65_536  #: bytes of a request that are kept
_LONG_STREAM = 16_384  #: bytes of a stream from which its summary alone stays in memory
_PIECE = re.compile(rb'"content"\s*:\s*"((?:[^"\\]|\\.)*)"')
_FINISH = re.compile(rb'"finish_reason"\s*:\s*"(\w+)"')
_USAGE = re.compile(rb'"usage"\s*:\s*(\{[^{}]*\})')
_MODEL = re.compile(rb'"model"\s*:\s*"([^"\\]{1,100})"')
#: How an answer begins that is JSON, or a stream of events; a file's own bytes are not kept.
_JSON, _EVENTS = (b"{", b"[", b'"'), (b"data:", b"event:", b"id:", b"retry:", b":")
_is_text = re.compile(rb"\s*(?:" + b"|".join(map(re.escape, (*_JSON, *_EVENTS))) + b")").match
#: The files in a question, which are its last part. See `bot.conversation.attachments.code_block`.
_ATTACHED = re.compile(r"^(`[^`\n]+`:)\n(```.*)", re.DOTALL | re.MULTILINE)
_LIMITS = ("retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


#: Method, address, status (0: no answer), headers of an error, when the answer began, sizes of the body and of the
#: answer, whether that came to its end, the content of the body, and that of the answer or, as JSON, a long stream's
#: summary.
Call = tuple[str, str, int, Sequence[tuple[bytes, bytes]], float, int, int, bool, bytes, bytes | str]


def to_call(exchange: Exchange) -> Call:
    """Return a call that has ended; of a long stream the summary alone is kept, and none of the bytes of a file."""
    status, sent, size, is_whole = exchange.status, exchange.sent, exchange.size, exchange.is_whole
    is_error, body_size, answer = status >= LOWEST_ERROR_STATUS, len(sent), b"".join(exchange.pieces)
    if not (is_error or _is_text(answer)):
        answer = b""
    is_long = size > _LONG_STREAM and _is_stream(answer)
    return (
        *(exchange.method, exchange.url, status, exchange.headers if is_error else (), exchange.answered),
        *(body_size, size, is_whole, sent if body_size <= _LARGEST_BODY else b""),
        json.dumps(_summarise_stream(answer, is_whole=is_whole)) if is_long else answer,
    )


def describe(call: Call, redactor: RecordingRedactor) -> list[Any]:
    """Return method, path and status of a call, and what was asked and answered."""
    method, url, status, raw_headers, answered, sent, size, is_whole, body, answer = call
    kept: dict[str, Any] = {"bytes": size}
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw_headers}
    if not headers.keys().isdisjoint(_LIMITS):
        kept["headers"] = {name: headers[name] for name in _LIMITS if name in headers}
    if answered:
        kept["answered"] = int(answered * 1000)
    if sent:
        kept["body"] = redactor.redact(_read_request(body)) if body.startswith(_JSON) else sent
    if isinstance(answer, str) or _is_stream(answer):
        stream = json.loads(answer) if isinstance(answer, str) else _summarise_stream(answer, is_whole=is_whole)
        hidden = {name: redactor.redact(stream[name]) for name in ("usage", "error")}
        kept["stream"] = {**stream, **hidden, "text": redactor.text(stream["text"])}
    elif size:
        kept["answer"] = redactor.redact("" if "content-encoding" in headers else _parse(answer))
    path = unquote(urlsplit(url).path)
    return [method, redactor.path(path), status, kept]


def _is_stream(answer: bytes) -> bool:
    return answer.lstrip().startswith(_EVENTS)


def _read_request(content: bytes) -> Any:
    """Return a request without texts of files, and without what others said before: that is theirs to erase."""
    body = _parse(content)
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list):
        return body
    own = [_without_files(message) for message in messages[-1:]]
    return {**body, "messages": own, "earlier_messages": max(0, len(messages) - 1)}


def _without_files(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_files(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_files(item) for item in value]
    if not isinstance(value, str):
        return value
    return _ATTACHED.sub(lambda match: f"{match[1]} {len(match[2])} characters of files", value)


def _summarise_stream(answer: bytes, *, is_whole: bool) -> dict[str, Any]:
    pieces = [piece for piece in _PIECE.findall(answer) if piece]
    text = _parse(b'"' + b"".join(pieces) + b'"')
    reasons, usages, models = _FINISH.findall(answer), _USAGE.findall(answer), _MODEL.findall(answer)
    return {
        "text": text if isinstance(text, str) else "",
        "pieces": len(pieces),
        "finish_reason": reasons[-1].decode() if reasons else "",
        "usage": _parse(usages[-1]) if usages else None,
        "model": models[-1].decode() if models else "",
        "is_whole": b"[DONE]" in answer[-100:] or (is_whole and bool(reasons)),
        "error": _find_error(answer),
    }


def _find_error(answer: bytes) -> Any:
    """Return an error that the API sent within a stream, if there is one."""
    if b'"error"' not in answer:
        return None
    lines = [line[5:].strip() for line in answer.splitlines() if line.startswith(b"data:") and b'"error"' in line]
    return _parse(lines[-1]) if lines else None


def _parse(content: bytes) -> Any:
    """Return a JSON value, or its text."""
    try:
        return json.loads(content)
    except ValueError:
        return content.decode("utf-8", "replace")
