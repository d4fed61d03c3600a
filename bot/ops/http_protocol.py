"""HTTP/1.1 connections with limits that uvicorn does not have: their number, and time for requests and answers.

A request whose length is given twice, by `Content-Length` and by `Transfer-Encoding`, is refused (RFC 9112, 6.1): a
check of one of them says nothing about the body.
"""

import asyncio
from typing import Any

import h11
import structlog
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.ops.timing import OpsTiming

log = structlog.get_logger(__name__)

#: Connections at the same time; a further one is closed at once. Others of the service keep their file descriptors.
MAX_CONNECTIONS = 400


class LimitedProtocol(H11Protocol):
    """One connection, with time limits.

    It is closed when a request's head or body takes too long to arrive, however it trickles in, and when the client
    reads nothing of an answer for too long.

    `timing` is set by `limited_protocol`.
    """

    timing = OpsTiming()

    _deadline: asyncio.TimerHandle | None = None
    _is_body = False  #: whether the deadline is that of a body
    _unread: asyncio.TimerHandle | None = None  #: set while a part of an answer waits for the client

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept the connection unless there are too many."""
        if len(self.connections) >= MAX_CONNECTIONS:
            transport.abort()
            self.transport = transport
            log.debug("connection closed", reason="too many")
            return
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)  # writing pauses whenever anything waits, also once it is closing
        self._set_deadline(self.timing.request_head)

    def data_received(self, data: bytes) -> None:
        """Read what came; the time for a part starts with the part and is not prolonged by its pieces."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """After an answer the next request's time has not begun; uvicorn's own time-out of idle connections has."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Release the connection."""
        self._clear_deadline()
        self._clear_unread()
        if self.flow is not None:  # else it was refused
            super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait for the client to read what was written."""
        super().pause_writing()
        self._await_reader()

    def resume_writing(self) -> None:
        """Go on: the client has read it."""
        super().resume_writing()
        self._clear_unread()

    def _watch(self) -> None:
        state = self.conn.their_state
        if state is h11.SEND_BODY:
            if not self._is_body:
                self._set_deadline(self.timing.request_body, is_body=True)
        elif state is h11.IDLE and self.conn.trailing_data[0]:
            if self._deadline is None or self._is_body:
                self._set_deadline(self.timing.request_head)
        else:
            self._clear_deadline()

    def _set_deadline(self, seconds: float, *, is_body: bool = False) -> None:
        self._clear_deadline()
        self._is_body = is_body
        self._deadline = self.loop.call_later(seconds, self._expire)

    def _clear_deadline(self) -> None:
        self._is_body = False
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _await_reader(self) -> None:
        waiting = self.transport.get_write_buffer_size()
        self._unread = self.loop.call_later(self.timing.response_unread, self._check_reader, waiting)

    def _check_reader(self, before: int) -> None:
        if self.transport.get_write_buffer_size() < before:
            self._await_reader()
        else:
            log.debug("connection closed", reason="an answer was not read")
            self.transport.abort()

    def _clear_unread(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _expire(self) -> None:
        self._deadline = None
        log.debug("connection closed", reason="a request took too long to arrive")
        self.transport.abort()


def limited_protocol(timing: OpsTiming) -> type[LimitedProtocol]:
    """Return the protocol class for these time limits, as uvicorn creates the instances itself."""
    members: dict[str, Any] = {"timing": timing}
    return type("LimitedProtocol", (LimitedProtocol,), members)


def reject_two_lengths(app: ASGIApp) -> ASGIApp:
    """Wrap an app so that it never gets a request whose length is given twice."""

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        names = {name for name, _ in scope.get("headers", ())}
        if {b"content-length", b"transfer-encoding"} <= names:
            headers = {"Connection": "close"}
            app_of_request: ASGIApp = PlainTextResponse("Give the length once.\n", status_code=400, headers=headers)
        else:
            app_of_request = app
        await app_of_request(scope, receive, send)

    return checked
