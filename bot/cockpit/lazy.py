"""The pages as a route that costs nothing until somebody opens one."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from bot.sign_in.links import ROOT

if TYPE_CHECKING:
    from bot.cockpit.app import Cockpit


class LazyCockpit:
    """Makes the pages at the first request for one."""

    def __init__(self, make: "Callable[[], Cockpit]") -> None:
        self._make = make
        self._cockpit: Cockpit | None = None
        self._making = asyncio.Lock()

    @property
    def route(self) -> BaseRoute:
        """The route of all pages."""
        return _Pages(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        async with self._making:
            if self._cockpit is None:
                self._cockpit = await asyncio.to_thread(self._make)
        await self._cockpit.app(scope, receive, send)

    def close(self) -> None:
        """See `Cockpit.close`."""
        if self._cockpit is not None:
            self._cockpit.close()


class _Pages(BaseRoute):
    """Every path of the pages, which see the whole path."""

    def __init__(self, app: LazyCockpit) -> None:
        self._app = app

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        is_page = scope["type"] == "http" and f"{scope['path']}/".startswith(f"{ROOT}/")
        return (Match.FULL, {"endpoint": self._app}) if is_page else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
