"""The calls of the AI API, recorded at its client's HTTP transport."""

import json
import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Protocol
from urllib.parse import unquote

import httpx

from bot.ports import LOWEST_ERROR_STATUS
from bot.recorder.redaction import RecordingRedactor

#: Bytes of a request and of an answer that are kept.
_LARGEST_BODY, _LARGEST_ANSWER = 65_536, 1_000_000
_LONG_STREAM = 16_384  #: bytes of a stream from which its summary alone stays in memory
_PIECE = re.compile(rb'"content"\s*:\s*"((?:[^"\\]|\\.)*)"')
_FINISH = re.compile(rb'"finish_reason"\s*:\s*"(\w+)"')
_USAGE = re.compile(rb'"usage"\s*:\s*(\{[^{}]*\})')
_MODEL = re.compile(rb'"model"\s*:\s*"([^"\\]{1,100})"')
#: How an answer begins that is JSON, or a stream of events; a file's own bytes are not kept.
_JSON, _EVENTS = (b"{", b"[", b'"'), (b"data:", b"event:", b"id:", b"retry:", b":")
#: The files in a question, which are its last part. See `bot.conversation.attachments.code_block`.
_ATTACHED = re.compile(r"^(`[^`\n]+`:)\n(```.*)", re.DOTALL | re.MULTILINE)
_LIMITS = ("retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


#: Method, path, status (0: no answer), headers of an error, when the answer began, sizes of the body and of the answer,
#: whether that came to its end, the content of the body, and that of the answer or a long stream's summary.
Call = tuple[str, bytes, int, Sequence[tuple[bytes, bytes]], float, int, int, bool, bytes, bytes | dict[str, Any]]


class CallLog(Protocol):
    """The log of one request's calls."""

    def add_api_call(self, at: float, error: str, call: Call) -> None:
        """Add a call that ends now. `at`: when it began; `error`: kind of the error that ended it."""


class RecordedTransport(httpx.AsyncBaseTransport):
    """A transport that records. `find_log` returns where a call belongs; None: it is not recorded."""

    def __init__(self, inner: httpx.AsyncBaseTransport, find_log: Callable[[], CallLog | None]) -> None:
        self._inner = inner
        self._find_log = find_log

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.AsyncBaseTransport`."""
        log = self._find_log()
        if log is None:
            return await self._inner.handle_async_request(request)
        at = time.time()
        try:
            response = await self._inner.handle_async_request(request)
        except BaseException as exc:
            log.add_api_call(at, type(exc).__name__, _call(request, 0, (), 0.0, 0, False, b""))
            raise
        response.stream = _RecordedBody(response, request, at, log)
        return response

    async def aclose(self) -> None:
        """Close the inner transport."""
        await self._inner.aclose()


class _RecordedBody(httpx.AsyncByteStream):
    """The body of an answer: an iterator, and no generator, of which the event loop would keep a list."""

    def __init__(self, response: httpx.Response, request: httpx.Request, at: float, log: CallLog) -> None:
        assert isinstance(response.stream, httpx.AsyncByteStream)
        self._inner = response.stream
        self._iterator = aiter(self._inner)
        self._request = request
        self._status = response.status_code
        self._headers = response.headers.raw if self._status >= LOWEST_ERROR_STATUS else ()
        self._at = at
        self._answered = time.time()
        self._log: CallLog | None = log  # None: the call was added
        self._pieces: list[bytes] = []
        self._size = 0
        self._is_whole = False
        self._error = ""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            piece = await anext(self._iterator)
        except StopAsyncIteration:
            self._is_whole = True
            raise
        except Exception as exc:  # only named, and raised again
            self._error = type(exc).__name__
            raise
        if self._size < _LARGEST_ANSWER and (self._pieces or self._headers or _is_text(piece)):
            self._pieces.append(piece)
        self._size += len(piece)
        return piece

    async def aclose(self) -> None:
        log, self._log = self._log, None
        if log is not None:
            answer, size, is_whole = b"".join(self._pieces), self._size, self._is_whole
            call = _call(self._request, self._status, self._headers, self._answered, size, is_whole, answer)
            log.add_api_call(self._at, self._error, call)
        await self._inner.aclose()


def _call(
    request: httpx.Request,
    status: int,
    headers: Sequence[tuple[bytes, bytes]],
    answered: float,
    size: int,
    is_whole: bool,
    answer: bytes,
) -> Call:
    """Return a call that has ended; of a long stream the summary alone is kept."""
    body = request.read() if isinstance(request.stream, httpx.ByteStream) else b""
    is_long = size > _LONG_STREAM and _is_stream(answer)
    return (
        *(request.method, request.url.raw_path, status, headers, answered, len(body), size, is_whole),
        body if len(body) <= _LARGEST_BODY else b"",
        _summarise_stream(answer, is_whole=is_whole) if is_long else answer,
    )


def describe(call: Call, redactor: RecordingRedactor) -> list[Any]:
    """Return method, path and status of a call, and what was asked and answered."""
    method, raw_path, status, raw_headers, answered, sent, size, is_whole, body, answer = call
    kept: dict[str, Any] = {"bytes": size}
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw_headers}
    if not headers.keys().isdisjoint(_LIMITS):
        kept["headers"] = {name: headers[name] for name in _LIMITS if name in headers}
    if answered:
        kept["answered"] = int(answered * 1000)
    if sent:
        kept["body"] = redactor.redact(_read_request(body)) if body.startswith(_JSON) else sent
    if isinstance(answer, bytes):
        if _is_stream(answer):
            answer = _summarise_stream(answer, is_whole=is_whole)
        elif size:
            kept["answer"] = redactor.redact("" if "content-encoding" in headers else _parse(answer))
    if isinstance(answer, dict):
        hidden = {name: redactor.redact(answer[name]) for name in ("usage", "error")}
        kept["stream"] = {**answer, **hidden, "text": redactor.text(answer["text"])}
    path = unquote(raw_path.partition(b"?")[0].decode("ascii"))
    return [method, redactor.path(path), status, kept]


def _is_text(start: bytes) -> bool:
    return start.lstrip().startswith((*_JSON, *_EVENTS))


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
