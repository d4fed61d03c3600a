"""The gateway over WebSocket, with faults on demand."""

import asyncio
import json
import time
import zlib
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from simulators.discord.components import as_sent
from simulators.discord.state import DiscordState, is_meant_for_bot
from simulators.discord.values import HIDDEN, ME, TOKEN, Json, snowflake, user

GUILD_MESSAGES, DIRECT_MESSAGES, CONTENT = 1 << 9, 1 << 12, 1 << 15
#: intents that the portal has to allow
_PRIVILEGED = CONTENT | 1 << 1 | 1 << 8

_KEPT = 1000  #: dispatched events


@dataclass(slots=True)
class Session:
    """The events of one shard, kept for as long as it can be resumed."""

    shard: int
    shards: int
    intents: int
    id: str = field(default_factory=snowflake)
    sent: list[bytes] = field(default_factory=list)  #: each event as it was told, the first with sequence number 1
    last: int = 0  #: sequence number of the last event that was not the bot's own doing
    socket: web.WebSocketResponse | None = None

    def receives(self, event: str, data: Json) -> bool:
        """Whether the shard receives the event, by guild and intents."""
        guild = int(data.get("guild_id") or (data["id"] if event.startswith("GUILD_") else 0))
        if (guild >> 22) % self.shards != self.shard:
            return False
        if event.startswith("MESSAGE_"):
            return bool(self.intents & (GUILD_MESSAGES if guild else DIRECT_MESSAGES))
        return True

    def visible_to_shard(self, event: str, data: Json) -> Json:
        """The event without the content that the shard's intents hide."""
        if self.intents & CONTENT or event not in ("MESSAGE_CREATE", "MESSAGE_UPDATE") or "guild_id" not in data:
            return data
        return data if is_meant_for_bot(data) else {**data, **HIDDEN}


@dataclass(slots=True)
class Dispatched:
    """An event that was sent to the sessions."""

    event: str
    data: Json
    is_own: bool
    at: float = field(default_factory=time.monotonic)


class Gateway:
    """Sends events to the connected shards."""

    def __init__(self, state: DiscordState) -> None:
        self._state = state
        self.heartbeat_interval = 41.25  #: seconds
        #: Seconds until a heartbeat is answered. discord.py notes the time after sending one: an answer that is there
        #: before seems late by a whole interval.
        self.latency = 0.02
        self.token = TOKEN
        self.refuses_intents = False
        self.is_stalled = False  #: events are kept to itself, heartbeats are answered
        self.is_raw = False  #: data of events is sent as it is, also where Discord would never send it
        self.is_dead = False  #: heartbeats are not answered either
        self.is_away = False  #: nobody may connect
        self.attempts = 0  #: connections that were asked for
        self.unavailable: set[str] = set()  #: guilds in an outage: none of their events are sent
        self.unloaded: set[str] = set()  #: guilds that sessions are told of only by `set_available`
        self.accepts = asyncio.Event()  #: cleared: a new connection gets no answer at all
        self.accepts.set()
        self.rewinds = 0  #: events that a resumed session tells again though they were heard
        self.heartbeats = 0
        self.compressed = 0  #: connections that asked for compression
        self.looked_up = 0  #: questions for members that were answered
        self.identified: list[Json] = []
        self.resumed = 0
        self.dispatched: deque[Dispatched] = deque(maxlen=_KEPT)  #: the newest events
        self.sockets: list[web.WebSocketResponse] = []
        self.sessions: dict[str, Session] = {}
        self._deflate: dict[web.WebSocketResponse, Any] = {}

    @property
    def is_connected(self) -> bool:
        """Whether a client with a session is connected."""
        return any(session.socket is not None for session in self.sessions.values())

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        self.attempts += 1
        await self._state.notify()
        if self.is_away:
            raise web.HTTPServiceUnavailable
        await self.accepts.wait()
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        if request.query.get("compress") == "zlib-stream":
            self._deflate[socket] = zlib.compressobj()
            self.compressed += 1
        interval = int(self.heartbeat_interval * 1000)
        await self._send(socket, {"op": 10, "d": {"heartbeat_interval": interval}, "s": None, "t": None})
        session: Session | None = None
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    session = await self._receive(socket, session, json.loads(message.data))
        finally:
            self.sockets.remove(socket)
            self._deflate.pop(socket, None)
            if session is not None and session.socket is socket:
                session.socket = None
            await self._state.notify()
        return socket

    async def _receive(self, socket: web.WebSocketResponse, session: Session | None, message: Json) -> Session | None:
        op, data = message["op"], message["d"]
        if op == 1:
            self.heartbeats += 1
            if not self.is_dead:
                await asyncio.sleep(self.latency)
                await self._send(socket, {"op": 11})
            await self._state.notify()
        elif op == 2 and session is not None:
            await socket.close(code=4005)
        elif op == 2:
            return await self._identify(socket, data)
        elif op == 6:
            return await self._resume(socket, data)
        elif session is None:
            await socket.close(code=4003)
        elif op == 8 and not self.is_stalled:
            found = [self._state.member(one) for one in data.get("user_ids", ())]
            chunk = {"guild_id": data["guild_id"], "members": found, "chunk_index": 0, "chunk_count": 1}
            await self._send_event(session, "GUILD_MEMBERS_CHUNK", {**chunk, "nonce": data.get("nonce")})
            self.looked_up += 1
            await self._state.notify()
        elif op not in (3, 4, 8):
            await socket.close(code=4001)
        return session

    async def _identify(self, socket: web.WebSocketResponse, data: Json) -> Session | None:
        self.identified.append(data)
        shard, shards = data.get("shard", (0, 1))
        code = 0
        if data["token"] != self.token:
            code = 4004
        elif not 0 <= shard < shards:
            code = 4010
        elif self.refuses_intents and data["intents"] & _PRIVILEGED:
            code = 4014
        if code:
            await self._state.notify()
            await socket.close(code=code)
            return None
        if not await self._count_session():
            return None
        session = Session(shard, shards, data["intents"], socket=socket)
        self.sessions[session.id] = session
        ours = [number for number in self._state.guilds if (int(number) >> 22) % shards == shard]
        ready = {
            "v": 10,
            "user": user(ME, "Muse", bot=True),
            "guilds": [{"id": number, "unavailable": True} for number in ours],
            "session_id": session.id,
            "resume_gateway_url": f"ws://127.0.0.1:{self._state.port}/gateway/",
            "application": {"id": ME, "flags": self._state.flags},
            "shard": [shard, shards],
        }
        await self._send_event(session, "READY", ready)
        for number in ours:
            if number not in self.unloaded:
                await self._send_guild(session, number)
        await self._state.notify()
        return session

    async def _count_session(self) -> bool:
        """Count a session; at the limit none is left, and the token is another one.

        https://docs.discord.com/developers/events/gateway#identifying
        """
        self._state.sessions_left -= 1
        if self._state.sessions_left > 0:
            return True
        self.token = f"{TOKEN}-reset"
        self.sessions.clear()
        await self.drop(code=4004)
        return False

    async def _send_guild(self, session: Session, number: str) -> None:
        # https://docs.discord.com/developers/events/gateway-events#guild-create
        if number in self.unavailable:
            await self._send_event(session, "GUILD_DELETE", {"id": number, "unavailable": True})
        else:
            await self._send_event(session, "GUILD_CREATE", self._state.guild(number))

    async def set_available(self, guild: str, *, is_available: bool) -> None:
        """Begin or end an outage of a guild."""
        (self.unavailable.discard if is_available else self.unavailable.add)(guild)
        for session in list(self.sessions.values()):
            if (int(guild) >> 22) % session.shards == session.shard:
                await self._send_guild(session, guild)

    async def _resume(self, socket: web.WebSocketResponse, data: Json) -> Session | None:
        session = self.sessions.get(data["session_id"])
        if session is None or data["token"] != self.token:
            await self._send(socket, {"op": 9, "d": False, "s": None, "t": None})
            return None
        self.resumed += 1
        session.socket = socket
        for sent in session.sent[max(0, data["seq"] - self.rewinds) :]:
            if not self.is_stalled:
                await self._send_text(socket, sent)
        await self._send_event(session, "RESUMED", {})
        await self._state.notify()
        return session

    async def dispatch(self, event: str, data: Json, *, is_own: bool = False) -> None:
        """Send an event to the sessions; `is_own` marks the bot's own actions."""
        self.dispatched.append(Dispatched(event, data, is_own))
        if data.get("guild_id") in self.unavailable:
            return
        for session in list(self.sessions.values()):
            if session.receives(event, data):
                if not is_own:
                    session.last = len(session.sent) + 1
                await self._send_event(session, event, session.visible_to_shard(event, data))

    async def replay(self) -> None:
        """Send the last event of another user once more, as happens at reconnections."""
        for session in list(self.sessions.values()):
            if session.socket is not None and session.last:
                await self._send_text(session.socket, session.sent[session.last - 1])

    async def _send_event(self, session: Session, event: str, data: Json) -> None:
        message = {"op": 0, "t": event, "s": len(session.sent) + 1, "d": data if self.is_raw else as_sent(data)}
        session.sent.append(json.dumps(message).encode())
        if session.socket is not None and not self.is_stalled:
            await self._send_text(session.socket, session.sent[-1])

    async def _send(self, socket: web.WebSocketResponse, message: Json) -> None:
        await self._send_text(socket, json.dumps(message).encode())

    async def _send_text(self, socket: web.WebSocketResponse, text: bytes) -> None:
        if socket.closed:
            return
        deflate = self._deflate.get(socket)
        with suppress(ConnectionError):  # the client has just gone; it may resume
            if deflate is None:
                await socket.send_str(text.decode())
            else:
                await socket.send_bytes(deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH))

    async def drop(self, *, code: int = 4000) -> None:
        """Close every connection; the sessions stay."""
        for socket in list(self.sockets):
            await socket.close(code=code)

    async def reconnect(self) -> None:
        """Ask all clients to reconnect and resume."""
        for socket in list(self.sockets):
            await self._send(socket, {"op": 7, "d": None, "s": None, "t": None})

    async def invalidate(self, *, is_resumable: bool = False) -> None:
        """Invalidate the sessions, and delete them unless they may be resumed."""
        if not is_resumable:
            self.sessions.clear()
        for socket in list(self.sockets):
            await self._send(socket, {"op": 9, "d": is_resumable, "s": None, "t": None})
