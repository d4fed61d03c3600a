"""ASGI middleware before the API: injected faults, the key, the rate limit, kind and size of the body."""

import asyncio
import json
from dataclasses import dataclass, field, replace

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.config import Fault, SandboxConfig
from sandbox.errors import Refusal, failure
from sandbox.rate_limits import RateLimitCounter

#: Of the one endpoint that takes a form.
TRANSCRIPTIONS = "/audio/transcriptions"
MAX_BODY = 32_000_000  #: bytes


@dataclass(slots=True)
class FaultInjector:
    """The faults still to be injected."""

    waiting: list[Fault] = field(default_factory=list)
    closing: asyncio.Event = field(default_factory=asyncio.Event)  #: set when injected hangs must end

    def take(self, path: str) -> Fault | None:
        """Remove and return the fault for a call of this path, or return None."""
        for place, fault in enumerate(self.waiting):
            if path.endswith(fault.path):
                if fault.times > 1:
                    self.waiting[place] = replace(fault, times=fault.times - 1)
                else:
                    del self.waiting[place]
                return fault
        return None


async def answer(send: Send, status: int, body: bytes, headers: dict[str, str], *, length: int | None = None) -> None:
    """Send a JSON body; a `length` beyond it leaves the answer unfinished."""
    fields = {"content-type": "application/json", "content-length": str(length or len(body)), **headers}
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.lower().encode(), value.encode()) for name, value in fields.items()],
        }
    )
    await send({"type": "http.response.body", "body": body, "more_body": length is not None})


async def refuse(send: Send, refusal: Refusal) -> None:
    """Send an error envelope."""
    body = json.dumps(failure(refusal.status, refusal.message, refusal.code), ensure_ascii=False).encode()
    await answer(send, refusal.status, body, refusal.headers)


class ApiMiddleware:
    """Authenticates, limits and checks every call of the API, and injects faults."""

    def __init__(self, app: ASGIApp, *, config: SandboxConfig, faults: FaultInjector) -> None:
        self._app = app
        self._keys = config.keys
        self._limit = RateLimitCounter(config.requests_per_minute)
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, refuse it, or inject a fault."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scheme, _, key = headers.get("authorization", "").partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or key not in self._keys:
            limits = self._limit.untouched()
            message = "API密鑰無效或已過期 (the API key is wrong or missing: send Authorization: Bearer KEY)"
            await refuse(send, Refusal(401, message, headers=limits))
            return
        allowed, limits = self._limit.take(key)

        async def send_limits(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(limits)
            await send(message)

        if not allowed:
            message = f"more than {limits['X-RateLimit-Limit']} requests a minute; try again at X-RateLimit-Reset"
            await refuse(send_limits, Refusal(429, message))
            return
        fault = self._faults.take(scope["path"])
        if fault:
            await self._play(fault, receive, send_limits)
        elif problem := _problem(scope, headers):
            await refuse(send_limits, Refusal(400, problem))
        else:
            scope["sandbox_key"] = key
            await self._app(scope, receive, send_limits)

    async def _play(self, fault: Fault, receive: Receive, send: Send) -> None:
        if fault.kind == "status":
            await refuse(send, Refusal(fault.status, f"a failure with status {fault.status}, as configured"))
            return
        if fault.kind == "hang":
            await _left(receive, self._faults.closing)
        # An answer that announces more than it sends makes the server cut the connection.
        await answer(send, 200, b'{"success": tr', {}, length=1000)


def _problem(scope: Scope, headers: Headers) -> str:
    if scope["method"] != "POST":
        return ""
    expected = "multipart/form-data" if scope["path"].endswith(TRANSCRIPTIONS) else "application/json"
    if headers.get("content-type", "").partition(";")[0].strip().lower() != expected:
        return f"Content-Type must be {expected}"
    if int(headers.get("content-length") or 0) > MAX_BODY:
        return f"the body may have at most {MAX_BODY} bytes"
    return ""


async def _left(receive: Receive, closing: asyncio.Event) -> None:
    """Return when the client has disconnected or the server is closing."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    tasks = [asyncio.create_task(gone()), asyncio.create_task(closing.wait())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
