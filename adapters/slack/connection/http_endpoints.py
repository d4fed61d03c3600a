"""Where Slack, and who installs the app, call this service over HTTP. Bolt proves that it is Slack."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import structlog
from slack_bolt import BoltResponse
from slack_bolt.adapter.starlette.async_handler import (
    AsyncSlackRequestHandler,
    to_async_bolt_request,
    to_starlette_response,
)
from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.request.async_request import AsyncBoltRequest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.errors import StoreError

log = structlog.get_logger(__name__)

#: Where events, commands and everything interactive come to.
EVENTS = "/slack/events"
#: Where somebody begins to install the app in a workspace, and where they come back to.
INSTALL, REDIRECT = "/slack/install", "/slack/oauth_redirect"
#: Bytes that a call may have: nothing that Slack sends is as big.
LARGEST = 2 * 1024 * 1024
_Step = Callable[[AsyncBoltRequest], Awaitable[BoltResponse]]
_TOO_LARGE, _NO_LENGTH, _NOT_YET = 413, 411, 503


class Door:
    """The routes. Calls that come before the app listens are told to come again, which Slack does."""

    def __init__(self, *, takes_events: bool, installs: bool) -> None:
        self._handler: AsyncSlackRequestHandler | None = None
        self.flow: AsyncOAuthFlow | None = None  #: set while the app can be installed
        self.routes: list[BaseRoute] = [Route(EVENTS, self._events, methods=["POST"])] if takes_events else []
        if installs:
            self.routes.append(Route(INSTALL, self._install, methods=["GET"]))
            self.routes.append(Route(REDIRECT, self._redirect, methods=["GET"]))

    @property
    def is_open(self) -> bool:
        """Whether calls are taken."""
        return self._handler is not None

    @contextmanager
    def opened(self, app: AsyncApp) -> Iterator[None]:
        """Take calls for the app."""
        self._handler = AsyncSlackRequestHandler(app)
        try:
            yield
        finally:
            self._handler = None

    async def _events(self, request: Request) -> Response:
        length = request.headers.get("content-length", "")
        if not length.isdecimal():
            return PlainTextResponse("The length is missing.\n", status_code=_NO_LENGTH)
        if int(length) > LARGEST:
            return PlainTextResponse("That is too large.\n", status_code=_TOO_LARGE)
        if self._handler is None:
            return PlainTextResponse("Not listening yet.\n", status_code=_NOT_YET, headers={"Retry-After": "5"})
        return await self._handler.handle(request)

    async def _install(self, request: Request) -> Response:
        return await self._installing(request, lambda flow: flow.handle_installation)

    async def _redirect(self, request: Request) -> Response:
        return await self._installing(request, lambda flow: flow.handle_callback)

    async def _installing(self, request: Request, step: Callable[[AsyncOAuthFlow], _Step]) -> Response:
        if self.flow is None:
            return PlainTextResponse("Not ready yet.\n", status_code=_NOT_YET)
        try:
            return to_starlette_response(await step(self.flow)(to_async_bolt_request(request, b"")))
        except StoreError as exc:
            log.warning("installation not kept", reason=str(exc))
            text = "The installation could not be written down. Please try again in a moment.\n"
            return PlainTextResponse(text, status_code=_NOT_YET)
