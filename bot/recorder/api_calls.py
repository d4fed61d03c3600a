"""The calls of the AI API, recorded at its client's HTTP transport."""

import json
import re
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

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
_HEADERS = ("retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


@dataclass(slots=True, eq=False)
class RecordedApiCall:
    """One HTTP request to the API: a call that is tried again is several."""

    method: str
    url: httpx.URL
    at: float  #: seconds since the epoch
    body: bytes  #: empty where it is too big
    sent: int  #: bytes of the body
    status: int = 0  #: 0: no answer
    headers: dict[str, str] = field(default_factory=dict)  #: of the answer, on rate limits
    error: str = ""  #: kind of the error that ended it
    answered: float = 0.0  #: when the answer began, in seconds since the epoch
    ended: float = 0.0
    is_stream: bool = False
    is_whole: bool = False  #: the answer was read to its end
    pieces: list[bytes] = field(default_factory=list)
    size: int = 0  #: bytes of the answer
    summary: dict[str, Any] | None = None  #: of a long stream, in place of its pieces

    @property
    def has_failed(self) -> bool:
        """Whether it was refused, or its answer did not come to its end."""
        return bool(self.error) or not 0 < self.status < LOWEST_ERROR_STATUS

    @property
    def held(self) -> int:
        """Bytes in memory."""
        text = 0 if self.summary is None else len(self.summary["text"])
        return len(self.body) + text + sum(map(len, self.pieces))

    def let_go(self) -> None:
        """Keep the summary of a long stream instead of its pieces."""
        if self.is_stream and self.summary is None and self.size > _LONG_STREAM:
            self.summary, self.pieces = _summarise_stream(self), []


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
        call.is_stream = "event-stream" in response.headers.get("content-type", "")
        if call.status >= LOWEST_ERROR_STATUS:
            call.headers = {name: response.headers[name] for name in _HEADERS if name in response.headers}
        assert isinstance(response.stream, httpx.AsyncByteStream)
        is_packed = "content-encoding" in response.headers
        response.stream = _RecordedBody(response.stream, call, end, is_kept=not is_packed)
        return response

    async def aclose(self) -> None:
        """Close the inner transport."""
        await self._inner.aclose()


class _RecordedBody(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, call: RecordedApiCall, end: EndCall, *, is_kept: bool) -> None:
        self._inner = inner
        self._call = call
        self._end = end
        self._is_kept = is_kept

    async def __aiter__(self) -> AsyncIterator[bytes]:
        call = self._call
        try:
            async for piece in self._inner:
                if self._is_kept and call.size < _LARGEST_ANSWER:
                    call.pieces.append(piece)
                call.size += len(piece)
                yield piece
            call.is_whole = True
        except Exception as exc:
            call.error = type(exc).__name__
            raise

    async def aclose(self) -> None:
        if not self._call.ended:
            self._call.ended = time.time()
            self._end(self._call)
        await self._inner.aclose()


def details(call: RecordedApiCall, redactor: RecordingRedactor) -> dict[str, Any]:
    """Return what was asked, and what was answered."""
    kept: dict[str, Any] = {"bytes": call.size}
    if call.headers:
        kept["headers"] = call.headers
    if call.answered:
        kept["answered"] = int(call.answered * 1000)
    if call.sent:
        kept["body"] = redactor.redact(_own(_parse(call.body))) if call.body else call.sent
    if call.is_stream:
        found = _summarise_stream(call) if call.summary is None else call.summary
        hidden = {name: redactor.redact(found[name]) for name in ("usage", "error")}
        kept["stream"] = {**found, **hidden, "text": redactor.text(found["text"])}
    elif call.pieces:
        kept["answer"] = redactor.redact(_parse(b"".join(call.pieces)))
    return kept


def _own(body: Any) -> Any:
    """Return a request without what others said before in the conversation: that is theirs to erase."""
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list):
        return body
    return {**body, "messages": messages[-1:], "earlier_messages": max(0, len(messages) - 1)}


def _summarise_stream(call: RecordedApiCall) -> dict[str, Any]:
    answer = b"".join(call.pieces)
    pieces = [piece for piece in _PIECE.findall(answer) if piece]
    text = _parse(b'"' + b"".join(pieces) + b'"')
    reasons, usages, models = _FINISH.findall(answer), _USAGE.findall(answer), _MODEL.findall(answer)
    return {
        "text": text if isinstance(text, str) else "",
        "pieces": len(pieces),
        "finish_reason": reasons[-1].decode() if reasons else "",
        "usage": _parse(usages[-1]) if usages else None,
        "model": models[-1].decode() if models else "",
        "is_whole": b"[DONE]" in answer[-100:] or (call.is_whole and bool(reasons)),
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
