"""The AI API of a replay: it answers as it is recorded, call by call."""

import asyncio
import base64
import json
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Any, Self

from aiohttp import web

from simulators.connections import cut
from simulators.replay.recording import Json, Recording
from simulators.replay.stand_ins import FileFacts, answer_file

_PATIENCE = 2.0  #: seconds that an answer is awaited in a replay, at most
_KEY = "the-key-of-the-replay"
_BAD = 400  #: status from which a call has failed


class RecordedApi:
    """An async context manager that listens on a free port. `unexpected`: calls without a recorded answer."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._answers: dict[str, deque[Json]] = defaultdict(deque)
        for one in filter(None, (recording.before, recording)):
            made = _Files(one.made)
            for call in one.calls("api call"):
                began = one.received_at + call["at"]
                self._answers[_key(call["method"], call["path"])].append({**call, "began": began, "made": made})
        self._served: dict[str, tuple[str, bytes]] = {}  #: files to be fetched, by name
        self.unexpected: list[str] = []
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_get(r"/{name:file\d+\.\w+}", self._serve_file)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @property
    def environment(self) -> dict[str, str]:
        """Settings that connect a service to it."""
        streaming = str(self._recording.is_streamed).lower()
        return {"AIMODELS_BASE_URL": f"{self.url}/v1", "AIMODELS_API_KEY": _KEY, "AIMODELS_STREAMING": streaming}

    async def _serve_file(self, request: web.Request) -> web.Response:
        kind, content = self._served[request.match_info["name"]]
        return web.Response(body=content, content_type=kind)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        waiting = self._answers[_key(request.method, request.path)]
        if not waiting:
            self.unexpected.append(f"{request.method} {request.path}")
            return web.json_response({"success": False, "error": {"code": "NOT_RECORDED"}}, status=400)
        call = waiting.popleft()
        began = call["began"]
        await asyncio.sleep(min(max(0, call.get("answered", began) - began) / 1000, _PATIENCE))
        if not call["status"]:
            return cut(request)
        if "stream" in call:
            return await self._stream(request, call)
        headers, answer = self._headers(call), call.get("answer", {})
        if isinstance(answer, str) and call["status"] < _BAD:  # the file itself
            kind, content = call["made"].next(_file_of(call["path"]))
            return web.Response(body=content, status=call["status"], headers=headers, content_type=kind)
        body = json.dumps(self._with_files(answer, _file_of(call["path"]), call["made"])).encode()
        return web.Response(body=body, status=call["status"], headers=headers, content_type="application/json")

    async def _stream(self, request: web.Request, call: Json) -> web.StreamResponse:
        found = call["stream"]
        text, number = found["text"], max(1, found["pieces"])
        size = max(1, -(-len(text) // number))
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        spent = call.get("answered", 0) - call["began"]
        pause = min(max(0, call.get("took", 0) - spent) / 1000, _PATIENCE) / max(1, len(pieces))
        response = web.StreamResponse(status=call["status"], headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in pieces:
            await response.write(_event(found, {"content": piece}))
            await asyncio.sleep(pause)
        if found.get("error"):
            await response.write(f"data: {json.dumps(found['error'])}\n\n".encode())
        elif not found["is_whole"]:
            return cut(request)
        else:
            await response.write(_event(found, {}, reason=found["finish_reason"] or "stop", usage=found.get("usage")))
            await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response

    def _with_files(self, value: Any, name: str, made: "_Files") -> Any:
        """Return an answer whose files can be fetched. `name`: of a file of their kind."""
        if isinstance(value, list):
            return [self._with_files(item, name, made) for item in value]
        if not isinstance(value, dict):
            return value
        found = {key: self._with_files(item, name, made) for key, item in value.items()}
        if isinstance(found.get("url"), str):
            served = name.replace(".", f"{len(self._served)}.")
            self._served[served] = made.next(name)
            found["url"] = f"{self.url}/{served}"
        if isinstance(found.get("b64_json"), str):
            found["b64_json"] = base64.b64encode(made.next(name)[1]).decode()
        return found

    def _headers(self, call: Json) -> dict[str, str]:
        """Return the headers on rate limits; the time of a reset is moved, and at most some seconds away."""
        headers = dict(call.get("headers", {}))
        if "retry-after" in headers:
            headers["retry-after"] = str(min(_number(headers["retry-after"]), _PATIENCE))
        if "x-ratelimit-reset" in headers:
            away = min(max(0.0, _number(headers["x-ratelimit-reset"]) - call["began"] / 1000), _PATIENCE)
            headers["x-ratelimit-reset"] = str(time.time() + away)
        return headers


class _Files:
    """The files that the API made for a request, in their order; after the last one, others of its kind."""

    def __init__(self, facts: Sequence[FileFacts]) -> None:
        self._left = deque(facts)

    def next(self, name: str) -> tuple[str, bytes]:
        """Return the MIME type and the contents of the next one. `name`: of a file of its kind, if nothing is known."""
        facts = None
        if self._left:
            facts = self._left.popleft() if len(self._left) > 1 else self._left[0]
        return answer_file(name, facts)


def _key(method: str, path: str) -> str:
    """The common key of calls of which the n-th answer is the n-th recorded one."""
    return method if method == "GET" else f"{method} {'/'.join(path.split('/')[-2:])}"


def _file_of(path: str) -> str:
    """Return the name of a file of the kind that a call makes."""
    return "file.mp4" if "video" in path else "file.wav" if "audio" in path else "file.png"


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _event(found: Json, delta: Json, *, reason: str | None = None, usage: Any = None) -> bytes:
    chunk: Json = {"object": "chat.completion.chunk", "model": found["model"]}
    chunk["choices"] = [{"index": 0, "delta": delta, "finish_reason": reason}]
    if usage:
        chunk["usage"] = usage
    return f"data: {json.dumps(chunk)}\n\n".encode()
