"""Socket Mode: WebSockets that carry envelopes, each to be acknowledged."""

import asyncio
import json
import secrets
import uuid
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from simulators.slack.delivery import Delivery
from simulators.slack.state import SlackState
from simulators.slack.values import Json

MOST = 10


@dataclass(slots=True, eq=False)
class Connection:
    """One open socket. `is_stalled`: it carries only answers to pings."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    is_stalled: bool = False
    carried: int = 0
    pending: dict[str, asyncio.Event] = field(default_factory=dict)


class Sockets:
    """The app's sockets."""

    def __init__(self, slack: SlackState) -> None:
        self.slack = slack
        self.open: list[Connection] = []
        self.most = MOST
        self.connected = 0  #: how many were opened so far
        self.counts: list[int] = []  #: of sockets that were open, as each hello told
        self.refused = 0  #: how many were too many
        self.is_stalled = False  #: new sockets, too, carry nothing
        self.answers_pings = True
        self.debug_info = "applink-1"
        self._tickets: set[str] = set()
        self._envelopes: dict[str, Delivery] = {}

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/link/", self._serve)]

    def address(self) -> str:
        """A new URL for one connection."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return f"{self.slack.url.replace('http', 'ws')}/link/?ticket={ticket}&app_id={self.slack.app_id}"

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            raise web.HTTPForbidden(text="invalid ticket")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        if len(self.open) >= self.most:
            await self._refuse(socket)
            return socket
        connection = Connection(socket, request.transport, self.is_stalled)
        hello = {
            "type": "hello",
            "num_connections": len(self.open) + 1,
            "debug_info": {"host": self.debug_info, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self.slack.app_id},
        }
        await socket.send_json(hello)
        self.open.append(connection)
        self.counts.append(len(self.open))
        self.connected += 1
        self.slack.notify()
        try:
            async for message in socket:
                if message.type is WSMsgType.PING and self.answers_pings:
                    await socket.pong(message.data)
                elif message.type is WSMsgType.TEXT:
                    self._acknowledge(connection, json.loads(message.data))
        finally:
            self.open.remove(connection)
            for gate in connection.pending.values():
                gate.set()
            self.slack.notify()
        return socket

    async def _refuse(self, socket: web.WebSocketResponse) -> None:
        """Say goodbye in place of hello, as Slack does beyond the limit: https://github.com/slackapi/bolt-js/issues/2225."""
        self.refused += 1
        self.slack.notify()
        envelope = {"type": "disconnect", "reason": "too_many_websockets", "debug_info": {"host": self.debug_info}}
        await socket.send_json(envelope)
        await socket.close()

    def _acknowledge(self, connection: Connection, envelope: Json) -> None:
        name = envelope.get("envelope_id", "")
        delivery = self._envelopes.get(name)
        if delivery is None:
            return
        delivery.acknowledge(envelope.get("payload"))
        if gate := connection.pending.pop(name, None):
            gate.set()
        self.slack.notify()

    async def deliver(self, delivery: Delivery, attempt: int, seconds: float) -> None:
        """Send an envelope as soon as a socket is open; wait for its acknowledgement or the end of the socket."""
        await self.slack.until(lambda: self.open, 3600)
        try:
            connection, name = await self.send(delivery, attempt=attempt, reason="timeout" if attempt else "")
        except (ConnectionError, LookupError):
            return
        gate = connection.pending.get(name)
        if gate is None:
            return
        try:
            async with asyncio.timeout(seconds):
                await gate.wait()
        except TimeoutError:
            connection.pending.pop(name, None)

    async def send(self, delivery: Delivery, *, attempt: int = 0, reason: str = "") -> tuple[Connection, str]:
        """Send an envelope over the least used socket. Raises `LookupError` when none is open."""
        connection = min(self.open, key=lambda one: one.carried, default=None)
        if connection is None:
            raise LookupError("no socket is open")
        name = str(uuid.uuid4())
        envelope: Json = {
            "envelope_id": name,
            "type": delivery.kind,
            "accepts_response_payload": delivery.kind != "events_api",
            "payload": delivery.body,
        }
        if delivery.kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        self._envelopes[name] = delivery
        connection.pending[name] = asyncio.Event()
        connection.carried += 1
        delivery.tries += 1
        self.slack.notify()
        if not connection.is_stalled:
            await connection.socket.send_json(envelope)
        return connection, name

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask for the replacement of every socket: "warning", "refresh_requested" or "link_disabled"."""
        for connection in list(self.open):
            envelope = {"type": "disconnect", "reason": reason, "debug_info": {"host": self.debug_info}}
            with suppress(ConnectionError):  # the client has just gone
                await connection.socket.send_json(envelope)

    async def drop(self) -> None:
        """Cut every connection."""
        for connection in list(self.open):
            if connection.transport:
                connection.transport.abort()

    def stall(self, *, is_stalled: bool = True) -> None:
        """Let open sockets answer pings and carry nothing else; new ones work."""
        for connection in self.open:
            connection.is_stalled = is_stalled

    async def close(self) -> None:
        """Close every socket."""
        for connection in list(self.open):
            await connection.socket.close()
