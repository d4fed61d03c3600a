"""A scripted AI API: echoes the token of each question, records every call, and fails on demand."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bench.torture.history import TOKEN, Call, answer_to, turn_of

_TIME_OUT = 1.0, 5.0  #: seconds, shortest and longest, until a gateway gives up with 504
_PIECE = 400  #: characters in an event of a stream


@dataclass(slots=True)
class Api:
    """The API and its record."""

    rng: random.Random
    url: str = ""
    latency: tuple[float, float] = (0.05, 0.8)  #: seconds, shortest and longest
    fault_rate: float = 0.0  #: share of calls that fail
    calls: list[Call] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    unknown: list[str] = field(default_factory=list)  #: requests that are no chat

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """Answer a chat request, whole or as a stream."""
        body = await request.json()
        messages = body["messages"]
        tokens = TOKEN.findall(str(messages[-1]["content"]))
        call = Call(tokens[-1] if tokens else "", [turn_of(one["role"], str(one["content"])) for one in messages])
        self.calls.append(call)
        try:
            return await self._answer(request, call, is_stream=bool(body.get("stream")))
        finally:
            call.ended_at = time.time()

    async def _answer(self, request: web.Request, call: Call, *, is_stream: bool) -> web.StreamResponse:
        fault = self._pick_fault() if call.token else ""
        call.is_failed = bool(fault)
        if fault == "timed out":
            await asyncio.sleep(self.rng.uniform(*_TIME_OUT))
            return _failure(504)
        if fault in ("refused", "busy"):
            return _failure(500 if fault == "refused" else 429)
        await asyncio.sleep(self.rng.uniform(*self.latency))
        text = answer_to(call.token) if call.token else "nothing"
        try:
            if is_stream:
                return await self._stream(request, text, is_cut=fault == "cut")
            if fault == "cut":
                return await _cut(request, json.dumps(_whole(text)).encode())
        except ConnectionResetError:
            call.is_interrupted = True
        call.is_interrupted |= request.transport is None or request.transport.is_closing()
        return web.json_response(_whole(text))

    async def other(self, request: web.Request) -> web.StreamResponse:
        """Refuse what is no chat."""
        self.unknown.append(request.path)
        return _failure(404)

    def _pick_fault(self) -> str:
        if self.rng.random() >= self.fault_rate:
            return ""
        fault = self.rng.choice(("refused", "busy", "cut", "timed out"))
        self.faults[f"API {fault}"] += 1
        return fault

    async def _stream(self, request: web.Request, text: str, *, is_cut: bool) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        pieces = [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]
        for number, piece in enumerate(pieces):
            if is_cut and number >= len(pieces) // 2:
                return _abort(request, response)
            choice = {"index": 0, "delta": {"content": piece}}
            await response.write(_event({"object": "chat.completion.chunk", "model": "m", "choices": [choice]}))
            await asyncio.sleep(self.latency[1] / 20)
        done = {"index": 0, "delta": {}, "finish_reason": "stop"}
        await response.write(_event({"object": "chat.completion.chunk", "model": "m", "choices": [done]}))
        await response.write(b"data: [DONE]\n\n")
        return response


def _event(chunk: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(chunk)}\n\n".encode()


def _whole(text: str) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 10, "completion_tokens": 50, "total_tokens": 60}
    data = {"id": "c", "object": "chat.completion", "created": 1700000000, "model": "gpt-4-turbo"}
    return {"success": True, "data": {**data, "choices": [choice], "usage": usage}}


def _failure(status: int) -> web.Response:
    error = {"code": "", "message": "not now", "type": "server_error"}
    headers = {"Retry-After": "1"} if status == 429 else None
    return web.json_response({"success": False, "error": error}, status=status, headers=headers)


async def _cut(request: web.Request, body: bytes) -> web.StreamResponse:
    """Send half of a body, then break the connection."""
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    return _abort(request, response)


def _abort(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return response


@asynccontextmanager
async def scripted_api(rng: random.Random) -> AsyncIterator[Api]:
    """Serve until the end of the block."""
    api = Api(rng)
    app = web.Application(client_max_size=1 << 26)
    app.router.add_post("/v1/chat/completions", api.chat)
    app.router.add_route("*", "/{path:.*}", api.other)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    api.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield api
    finally:
        await runner.cleanup()
