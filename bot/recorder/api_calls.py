"""The calls of the AI API, recorded at its client's HTTP transport."""

import json
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
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
_LIMITS = ("retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


@dataclass(slots=True, eq=False)
class RecordedApiCall:
    """One HTTP request to the API: a call that is tried again is several."""

    method: str
    url: httpx.URL
    at: float  #: seconds since the epoch
    body: bytes  #: empty where it is too big
    sent: int  #: bytes of the body
    status: int = 0  #: 0: no answer
    headers: Sequence[tuple[bytes, bytes]] = ()  #: of the answer
    error: str = ""  #: kind of the error that ended it
    answered: float = 0.0  #: when the answer began, in seconds since the epoch
    ended: float = 0.0
    is_whole: bool = False  #: the answer was read to its end
    pieces: list[bytes] = field(default_factory=list)
    size: int = 0  #: bytes of the answer

    @property
    def has_failed(self) -> bool:
        """Whether it was refused, or its answer did not come to its end."""
        return bool(self.error) or not 0 < self.status < LOWEST_ERROR_STATUS


#: Records a call that has ended.
EndCall = Callable[[RecordedApiCall], None]


class RecordedTransport(httpx.AsyncBaseTransport):
    """A transport that records. `begin` returns what to do at a call's end; None: the call is not recorded."""

    def __init__(self, inner: httpx.AsyncBaseTransport, begin: Callable[[], EndCall | None]) -> None:
        self._inner = inner
        self._begin = begin

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.AsyncBaseTransport`."""
        end = self._begin()
        if end is None:
            return await self._inner.handle_async_request(request)
        body = request.content if isinstance(request.stream, httpx.ByteStream) else b""
        kept = body if len(body) <= _LARGEST_BODY else b""
        call = RecordedApiCall(request.method, request.url, time.time(), kept, len(body))
        try:
            response = await self._inner.handle_async_request(request)
        except BaseException as exc:
            call.error, call.ended = type(exc).__name__, time.time()
            end(call)
            raise
        call.status, call.answered = response.status_code, time.time()
        call.headers = response.headers.raw
        response.stream = _RecordedBody(response.stream, call, end)  # type: ignore[arg-type]
        return response

    async def aclose(self) -> None:
        """Close the inner transport."""
        await self._inner.aclose()


class _RecordedBody(httpx.AsyncByteStream):
    """An iterator, and no generator, of which the event loop would keep a list."""

    def __init__(self, inner: httpx.AsyncByteStream, call: RecordedApiCall, end: EndCall) -> None:
        self._inner = inner
        self._pieces = aiter(inner)
        self._call = call
        self._end = end

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        call = self._call
        try:
            piece = await anext(self._pieces)
        except StopAsyncIteration:
            call.is_whole = True
            raise
        except Exception as exc:
            call.error = type(exc).__name__
            raise
        if call.size < _LARGEST_ANSWER:
            call.pieces.append(piece)
        call.size += len(piece)
        return piece

    async def aclose(self) -> None:
        if not self._call.ended:
            self._call.ended = time.time()
            self._end(self._call)
        await self._inner.aclose()


#: Method, path, status, headers, when the answer began, size and content of the body, size of the answer, whether it
#: came to its end, and its content or a long stream's summary.
PlainCall = tuple[str, bytes, int, Sequence[tuple[bytes, bytes]], float, int, bytes, int, bool, bytes | dict[str, Any]]


def to_plain(call: RecordedApiCall) -> PlainCall:
    """Return a call that has ended as plain values; of a long stream the summary alone stays in memory."""
    content = b"".join(call.pieces)
    answer: bytes | dict[str, Any] = content
    if call.size > _LONG_STREAM and _is_stream(headers := _read_headers(call.headers)):
        answer = _summarise_stream(_unpacked(content, headers), is_whole=call.is_whole)
    return (
        *(call.method, call.url.raw_path, call.status, call.headers, call.answered),
        *(call.sent, call.body, call.size, call.is_whole, answer),
    )


def describe(call: PlainCall, redactor: RecordingRedactor) -> list[Any]:
    """Return method, path and status of a call, and what was asked and answered."""
    method, raw_path, status, raw_headers, answered, sent, body, size, is_whole, answer = call
    kept: dict[str, Any] = {"bytes": size}
    headers = _read_headers(raw_headers)
    if status >= LOWEST_ERROR_STATUS and not headers.keys().isdisjoint(_LIMITS):
        kept["headers"] = {name: headers[name] for name in _LIMITS if name in headers}
    if answered:
        kept["answered"] = int(answered * 1000)
    if sent:
        kept["body"] = redactor.redact(_own(_parse(body))) if body else sent
    if isinstance(answer, bytes):
        answer = _unpacked(answer, headers)
        if _is_stream(headers):
            answer = _summarise_stream(answer, is_whole=is_whole)
        elif answer:
            kept["answer"] = redactor.redact(_parse(answer))
    if isinstance(answer, dict):
        hidden = {name: redactor.redact(answer[name]) for name in ("usage", "error")}
        kept["stream"] = {**answer, **hidden, "text": redactor.text(answer["text"])}
    path = unquote(raw_path.partition(b"?")[0].decode("ascii"))
    return [method, redactor.path(path), status, kept]


def _read_headers(raw: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}


def _is_stream(headers: Mapping[str, str]) -> bool:
    return "event-stream" in headers.get("content-type", "")


def _unpacked(answer: bytes, headers: Mapping[str, str]) -> bytes:
    """Return an answer; nothing of one that is compressed."""
    return b"" if "content-encoding" in headers else answer


def _own(body: Any) -> Any:
    """Return a request without what others said before in the conversation: that is theirs to erase."""
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list):
        return body
    return {**body, "messages": messages[-1:], "earlier_messages": max(0, len(messages) - 1)}


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
