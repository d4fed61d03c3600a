"""HTTP mode: where Slack calls this service. Bolt proves that it is Slack."""

from collections.abc import Iterator
from contextlib import contextmanager

from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

#: Where events, commands and everything interactive come to.
EVENTS = "/slack/events"
#: Bytes that a call may have: nothing that Slack sends is as big.
LARGEST = 2 * 1024 * 1024
_TOO_LARGE, _NO_LENGTH, _NOT_YET = 413, 411, 503


class Door:
    """The routes. Calls that come before the app listens are told to come again, which Slack does."""

    def __init__(self) -> None:
        self._handler: AsyncSlackRequestHandler | None = None
        self.routes: list[BaseRoute] = [Route(EVENTS, self._events, methods=["POST"])]

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
