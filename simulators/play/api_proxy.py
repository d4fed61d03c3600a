"""A proxy in front of the AI API: it lists the calls on the wire, and answers 429 on demand."""

import asyncio
import contextlib
import math
import re
import time
from collections.abc import Callable, Mapping

import aiohttp
from aiohttp import web

from simulators.play.errors import PlayError
from simulators.play.wire import Entry, Wire

#: Headers that belong to one connection.
_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}
_ID = re.compile(r"[0-9a-f]{12,}")
_STARTS = 20.0  #: seconds within which the API listens


class ApiProxy:
    """Passes calls on to `target`, streams included."""

    def __init__(self, wire: Wire, changed: Callable[[], None]) -> None:
        self._wire = wire
        self._changed = changed
        self.target = ""  #: such as http://127.0.0.1:4321
        self.url = ""
        self._pause = 0.03
        self._pause_changed = asyncio.Event()
        self.refuses_until = 0.0  #: time of day until which calls are answered with 429

    @property
    def pause(self) -> float:
        """Seconds after each event of a stream; a change also ends the pause that lasts."""
        return self._pause

    @pause.setter
    def pause(self, seconds: float) -> None:
        self._pause = seconds
        self._pause_changed.set()
        self._pause_changed = asyncio.Event()

    async def start(self) -> None:
        """Listen on a free port of the loopback interface."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._session = aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(total=None))
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close every connection."""
        await self._runner.cleanup()  # first, so that no request is passed on any more
        await self._session.close()

    async def ask(self, path: str, body: Mapping[str, object], *, key: str) -> bytes:
        """Return what the API answers to the page itself; it is not listed. Raises `PlayError`."""
        headers = {"Authorization": f"Bearer {key}"}
        try:
            async with self._session.post(self.target + path, json=body, headers=headers) as answer:
                if answer.status != web.HTTPOk.status_code:
                    raise PlayError("The sandbox can't speak now: it answered {status}.", status=str(answer.status))
                return await answer.read()
        except aiohttp.ClientError as exc:
            raise PlayError("The sandbox can't speak now: it answered {status}.", status=type(exc).__name__) from exc

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        text = body.decode(errors="replace")
        entry = Entry(
            platform="api",
            kind="api",
            title=f"{request.method} {_ID.sub('…', request.path)}",
            at=time.monotonic(),
            detail=lambda: {"request": text[:20_000]},
        )
        self._wire.add(entry)
        self._changed()
        try:
            response = await self._answer(request, body)
            entry.status, entry.is_wrong = str(response.status), response.status >= 400
        except aiohttp.ClientError as exc:
            entry.status, entry.is_wrong = type(exc).__name__, True
            response = web.json_response({"success": False}, status=502)
        finally:
            entry.ended = time.monotonic()
            self._wire.touch(entry)
            self._changed()
        return response

    async def _answer(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if time.time() < self.refuses_until and request.path.startswith("/v1/"):
            return self._refusal()
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
        async with await self._asked(request, body, headers) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP}
            response = web.StreamResponse(status=answer.status, headers=kept)
            if answer.content_length is not None:
                response.content_length = answer.content_length
            await response.prepare(request)
            if answer.content_type == "text/event-stream":
                await self._stream(answer, response)
            else:
                async for piece in answer.content.iter_any():
                    await response.write(piece)
            await response.write_eof()
            return response

    async def _stream(self, answer: aiohttp.ClientResponse, response: web.StreamResponse) -> None:
        """Pass on server-sent events as slowly as a model writes, so that answers are seen to grow."""
        async for line in answer.content:
            await response.write(line)
            if line.startswith(b"data:"):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._pause):
                        await self._pause_changed.wait()

    async def _asked(self, request: web.Request, body: bytes, headers: dict[str, str]) -> aiohttp.ClientResponse:
        """Ask the API, as soon as it listens. Raises `aiohttp.ClientError`."""
        ends, url = time.monotonic() + _STARTS, self.target + request.path_qs
        while True:
            try:
                return await self._session.request(request.method, url, data=body, headers=headers)
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.1)
                if time.monotonic() > ends or self._session.closed:
                    raise

    def _refusal(self) -> web.Response:
        """The answer of an API whose limit is used up: https://api.aimodels.com documents these headers."""
        error = {"code": "RATE_LIMITED", "message": "too many requests; try again at X-RateLimit-Reset"}
        headers = {
            "X-RateLimit-Limit": "60",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(math.ceil(self.refuses_until)),
        }
        return web.json_response({"success": False, "error": error}, status=429, headers=headers)
