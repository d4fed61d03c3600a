"""An API server that plays scripted responses in order and records the requests."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import MultipartReader, web
from aiohttp.streams import StreamReader
from aiohttp.test_utils import make_mocked_request

from aimodels import Timing

#: Short pauses; but a stalled machine must not look like a server that never ends its answer.
QUICK = Timing(first_backoff=0.01, drain=10.0, first_poll=0.01)


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A received request."""

    method: str
    path: str
    headers: Mapping[str, str]
    raw: bytes
    peer: object = None  #: address of the client

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    async def form(self) -> dict[str, tuple[str | None, str, bytes]]:
        """The fields of a form as aiohttp reads them: file name, type and content."""
        stream = StreamReader(make_mocked_request("POST", "/").protocol, 2**16)
        stream.feed_data(self.raw)
        stream.feed_eof()
        fields = {}
        async for part in MultipartReader(self.headers, stream):
            assert part is not None
            assert not isinstance(part, MultipartReader)
            fields[part.name or ""] = (part.filename, part.headers.get("Content-Type", ""), bytes(await part.read()))
        return fields


#: Answers one request; aborting the transport breaks the connection.
Step = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class ScriptedApi:
    """The script and the received requests; the last step is repeated. `url`: the base URL."""

    url: str = ""
    steps: list[Step] = field(default_factory=list)
    requests: list[ReceivedRequest] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)  #: set when a request has arrived
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)  #: set when a client has left before its response

    def play(self, *steps: Step) -> None:
        self.steps = list(steps)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        peer = request.transport.get_extra_info("peername") if request.transport else None
        self.requests.append(
            ReceivedRequest(request.method, request.path, request.headers.copy(), await request.read(), peer)
        )
        self.arrived.set()
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        try:
            return await step(request)
        except asyncio.CancelledError:
            self.hung_up.set()
            raise
        except ConnectionResetError:
            self.hung_up.set()
            return web.Response()


@asynccontextmanager
async def scripted_api() -> AsyncIterator[ScriptedApi]:
    """Serve until the end of the block."""
    fake = ScriptedApi()
    app = web.Application(client_max_size=1 << 26)
    app.router.add_route("*", "/{path:.*}", fake.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield fake
    finally:
        await runner.cleanup()


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Step:
    """Send JSON."""

    async def step(_request: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status, headers=headers)

    return step


def data(body: Any, **headers: str) -> Step:
    """Send JSON in the envelope of a success."""
    return answer({"success": True, "data": body}, headers={k.replace("_", "-"): v for k, v in headers.items()})


def chat(text: str = "hi", **headers: str) -> Step:
    """Send a chat response."""
    return data(chat_data(text), **headers)


def chat_data(text: str, *, is_cut: bool = False) -> dict[str, Any]:
    reason = "length" if is_cut else "stop"
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1677652288,
        "model": "gpt-4-turbo",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 50, "total_tokens": 60},
    }


def failure(status: int, code: str = "", text: str = "nope", headers: Mapping[str, str] | None = None) -> Step:
    """Send an error in the documented envelope."""
    error = {"code": code, "message": text, "type": "some_error"}
    return answer({"success": False, "error": error, "timestamp": "2024-01-15T10:30:00Z"}, status, headers)


def raw(body: bytes, content_type: str = "application/json", status: int = 200) -> Step:
    """Send bytes."""

    async def step(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type=content_type, status=status)

    return step


async def hang_up(request: web.Request) -> web.StreamResponse:
    """Break the connection without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def silence(_request: web.Request) -> web.StreamResponse:
    """Never answer."""
    await asyncio.Event().wait()
    raise AssertionError


async def half(request: web.Request) -> web.StreamResponse:
    """Promise more bytes than are sent, then break the connection."""
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"success": true,')
    assert request.transport is not None
    request.transport.abort()
    return response


async def gibberish(request: web.Request) -> web.StreamResponse:
    """Answer with something that is not HTTP."""
    assert request.transport is not None
    request.transport.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
    request.transport.close()
    return web.Response()


def events(*pieces: Any, end: bool = True, wait: asyncio.Event | None = None, abort: bool = False) -> Step:
    """Send server-sent events: dicts as JSON, strings unchanged; then wait for `wait` and send [DONE]."""

    async def step(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        for piece in pieces:
            text = piece if isinstance(piece, str) else f"data: {json.dumps(piece, ensure_ascii=False)}\n\n"
            await response.write(text.encode())
        if wait:
            await wait.wait()
        if abort:
            assert request.transport is not None
            request.transport.abort()
        elif end:
            await response.write(b"data: [DONE]\n\n")
            await asyncio.sleep(0.01)  # the end of the body follows by itself, as it may on a network
        return response

    return step


def piece(text: str = "", finish: str | None = None, usage: Mapping[str, int] | None = None) -> dict[str, Any]:
    """A chat.completion.chunk."""
    chunk: dict[str, Any] = {
        "object": "chat.completion.chunk",
        "model": "gpt-4-turbo",
        "choices": [{"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}],
    }
    return {**chunk, "usage": dict(usage)} if usage else chunk
