"""The REST API, version 10: logging, authorisation, limits and faults around each request."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

from simulators.connections import cut
from simulators.discord import files
from simulators.discord.components import as_sent
from simulators.discord.errors import Refused, refused
from simulators.discord.files import Upload
from simulators.discord.limits import Limits
from simulators.discord.spec import request_schemas
from simulators.discord.state import DiscordState
from simulators.discord.values import TOKEN

Moment = Literal["before", "after"]

_BLOCKED_TITLE = 200001


@dataclass(slots=True)
class Call:
    """One request."""

    number: int  #: from 1, in the order of arrival
    method: str
    path: str
    pattern: str
    args: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None
    uploads: list[Upload] = field(default_factory=list)
    status: int = 0  #: what it was answered with; 0: not at all
    at: float = field(default_factory=time.monotonic)
    ended: float = 0.0  #: when it was answered, or its connection cut
    answer: Any = None

    def __getitem__(self, name: str) -> str:
        return self.args[name]


@dataclass(slots=True)
class Fault:
    """Requests that fail: refused before their effect, or cut off before or after it."""

    method: str  #: "": any
    path: str
    times: int
    moment: Moment
    error: Refused | None
    where: Callable[[Call], bool] | None = None  #: only the calls for which it is true


Handler = Callable[[DiscordState, Call], Awaitable[Any]]
Route = tuple[str, str, Handler]


class Rest:
    """Answers requests and records them."""

    def __init__(self, state: DiscordState) -> None:
        self._state = state
        self.calls: list[Call] = []
        self.limits = Limits()
        self.faults: list[Fault] = []
        #: Called before and after each effect; True: the connection is lost then, and before it, the effect too.
        self.hook: Callable[[Moment, Call], Awaitable[bool]] | None = None
        self.delay = 0.0  #: seconds by which every request is late
        self._count = 0

    def fail(
        self,
        method: str,
        path: str,
        error: Refused,
        *,
        times: int = 1,
        where: Callable[[Call], bool] | None = None,
    ) -> None:
        """Answer the next requests whose path contains `path` with an error; they have no effect."""
        self.faults.append(Fault(method, path, times, "before", error, where))

    def cut(
        self,
        method: str,
        path: str,
        *,
        moment: Moment = "after",
        times: int = 1,
        where: Callable[[Call], bool] | None = None,
    ) -> None:
        """Cut the connection before, or after, the effect of the next requests whose path contains `path`."""
        self.faults.append(Fault(method, path, times, moment, None, where))

    def add(self, app: web.Application, routes: list[Route]) -> None:
        """Serve these routes."""
        for method, pattern, handler in routes:
            app.router.add_route(method, f"/api/v10/{pattern}", self._served(pattern, handler))

    def _served(self, pattern: str, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            self._count += 1
            path = request.path.removeprefix("/api/v10/")
            call = Call(self._count, request.method, path, pattern, request.match_info, request.query)
            headers: dict[str, str] = {}
            answer: Any = None
            try:
                call.body, call.uploads = await files.read(request)
                _authorise(request)
                major = "/".join(call.args.get(name, "") for name in ("channel", "guild", "application", "token"))
                if self.delay:
                    await asyncio.sleep(self.delay)
                headers = self.limits.check(call.method, path, pattern, major)
                if await self._moment("before", call):
                    return cut(request)
                request_schemas.check(call.method, pattern, call.body)
                self._state.cdn.check(call.uploads)
                self._check_words(call)
                answer = await handler(self._state, call)
                call.status = 204 if answer is None else 200
            except Refused as exc:
                call.status, answer, headers = exc.status, exc.page or exc.body, {**headers, **exc.headers}
            call.answer, call.ended = answer, time.monotonic()
            self.calls.append(call)
            is_lost = await self._moment("after", call)
            await self._state.notify()
            return cut(request) if is_lost else _answered(call.status, answer, headers)

        return serve

    def _check_words(self, call: Call) -> None:
        """Refuse a message or title with forbidden words; the content of files is not looked at."""
        text = json.dumps(call.body, ensure_ascii=False) if call.method in ("POST", "PATCH") else ""
        is_title = call.path.endswith("/threads")
        for words, code in self._state.forbidden.items():
            if words in text and is_title is (code == _BLOCKED_TITLE):
                raise refused(code)

    async def _moment(self, moment: Moment, call: Call) -> bool:
        """Run the hook and the faults of this moment; return whether to cut the connection."""
        if self.hook is not None and await self.hook(moment, call):
            return True
        for fault in self.faults:
            if fault.moment == moment and fault.method in ("", call.method) and fault.path in call.path:
                if fault.where is not None and not fault.where(call):
                    continue
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                if fault.error is not None:
                    raise fault.error
                return True
        return False


def _authorise(request: web.Request) -> None:
    """Check the bot's token; webhooks have their secret in the URL."""
    if request.headers.get("Authorization", f"Bot {TOKEN}") != f"Bot {TOKEN}":
        raise Refused(401, 0, "401: Unauthorized")


def _answered(status: int, answer: Any, headers: Mapping[str, str]) -> web.Response:
    # Without this header the library takes a 429 for a ban by the proxies in front of Discord.
    all_headers = {"Via": "1.1 google", **headers}
    if status == 204:
        return web.Response(status=204, headers=all_headers)
    if isinstance(answer, str):
        return web.Response(text=answer, status=status, content_type="text/html")
    return web.Response(
        body=json.dumps(as_sent(answer)).encode(), status=status, headers=all_headers, content_type="application/json"
    )
