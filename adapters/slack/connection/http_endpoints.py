"""The HTTP endpoints that Slack, and a person who installs the app, call. Bolt proves that it is Slack."""

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

#: Path of events, commands and everything interactive.
EVENTS = "/slack/events"
#: Paths of the installation: where it starts, and where Slack redirects to.
INSTALL, REDIRECT = "/slack/install", "/slack/oauth_redirect"
#: Bytes of a request; Slack sends none as big.
MAX_REQUEST = 2 * 1024 * 1024
_Step = Callable[[AsyncBoltRequest], Awaitable[BoltResponse]]
_LENGTH_REQUIRED, _TOO_LARGE, _UNAVAILABLE = 411, 413, 503


class HttpEndpoints:
    """The routes. A request that comes before the app is ready gets a 503, which Slack repeats.

    `receives_events`: HTTP mode; `has_oauth`: many workspaces, each with an installation of its own.
    """

    def __init__(self, *, receives_events: bool, has_oauth: bool) -> None:
        self._handler: AsyncSlackRequestHandler | None = None
        self.oauth: AsyncOAuthFlow | None = None  #: set while the app can be installed
        self.routes: list[BaseRoute] = [Route(EVENTS, self._events, methods=["POST"])] if receives_events else []
        if has_oauth:
            self.routes.append(Route(INSTALL, self._install, methods=["GET"]))
            self.routes.append(Route(REDIRECT, self._redirect, methods=["GET"]))

    @property
    def is_accepting(self) -> bool:
        """Whether events are accepted."""
        return self._handler is not None

    @contextmanager
    def accepting(self, app: AsyncApp) -> Iterator[None]:
        """Accept events for the app in the block."""
        self._handler = AsyncSlackRequestHandler(app)
        try:
            yield
        finally:
            self._handler = None

    async def _events(self, request: Request) -> Response:
        length = request.headers.get("content-length", "")
        if not length.isdecimal():
            return PlainTextResponse("The length is missing.\n", status_code=_LENGTH_REQUIRED)
        if int(length) > MAX_REQUEST:
            return PlainTextResponse("That is too large.\n", status_code=_TOO_LARGE)
        if self._handler is None:
            return PlainTextResponse("Not listening yet.\n", status_code=_UNAVAILABLE, headers={"Retry-After": "5"})
        return await self._handler.handle(request)

    async def _install(self, request: Request) -> Response:
        return await self._run_oauth(request, lambda oauth: oauth.handle_installation)

    async def _redirect(self, request: Request) -> Response:
        return await self._run_oauth(request, lambda oauth: oauth.handle_callback)

    async def _run_oauth(self, request: Request, step: Callable[[AsyncOAuthFlow], _Step]) -> Response:
        if self.oauth is None:
            return PlainTextResponse("Not ready yet.\n", status_code=_UNAVAILABLE)
        try:
            return to_starlette_response(await step(self.oauth)(to_async_bolt_request(request, b"")))
        except StoreError as exc:
            log.warning("installation not stored", reason=str(exc))
            text = "The installation could not be written down. Please try again in a moment.\n"
            return PlainTextResponse(text, status_code=_UNAVAILABLE)
