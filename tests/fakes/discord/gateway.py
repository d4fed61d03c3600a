"""The gateway over WebSocket; it can be told to misbehave."""

import json
import zlib
from typing import Any

from aiohttp import WSMsgType, web

from tests.fakes.discord.values import GUILD, ME, Json, snowflake, user
from tests.fakes.discord.world import World


class Gateway:
    """Tells events to whoever is connected."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.refuses_intents = False
        self.is_deaf = False  #: events are kept to itself, heartbeats are answered
        self.identified: list[Json] = []
        self.resumed = 0
        self.sockets: list[web.WebSocketResponse] = []
        self._sent: list[Json] = []  #: dispatches of the session
        self._deflate: dict[web.WebSocketResponse, Any] = {}

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        if request.query.get("compress") == "zlib-stream":
            self._deflate[socket] = zlib.compressobj()
        await self._send(socket, {"op": 10, "d": {"heartbeat_interval": 41250}, "s": None, "t": None})
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._hear(socket, json.loads(message.data))
        finally:
            self.sockets.remove(socket)
            await self._world.tell()
        return socket

    async def _hear(self, socket: web.WebSocketResponse, told: Json) -> None:
        op, data = told["op"], told["d"]
        if op == 1:
            await self._send(socket, {"op": 11})
        elif op == 8 and not self.is_deaf:
            chunk = {"guild_id": GUILD, "members": [], "chunk_index": 0, "chunk_count": 1, "nonce": data.get("nonce")}
            await self.dispatch("GUILD_MEMBERS_CHUNK", chunk)
        elif op == 2:
            self.identified.append(data)
            if self.refuses_intents and data["intents"] & (1 << 15):
                await socket.close(code=4014)
                return
            self._sent = []
            ready = {
                "v": 10,
                "user": user(ME, "Muse", bot=True),
                "guilds": [{"id": GUILD, "unavailable": True}],
                "session_id": snowflake(),
                "resume_gateway_url": f"ws://127.0.0.1:{self._world.port}/gateway/",
                "application": {"id": ME, "flags": self._world.flags},
                "shard": data.get("shard", [0, 1]),
            }
            await self.dispatch("READY", ready)
            await self.dispatch("GUILD_CREATE", self._world.guild())
            await self._world.tell()
        elif op == 6:
            self.resumed += 1
            for sent in list(self._sent):
                if sent["s"] > data["seq"] and not self.is_deaf:
                    await self._send(socket, sent)
            await self.dispatch("RESUMED", {})
            await self._world.tell()

    async def dispatch(self, event: str, data: Any) -> None:
        """An event for whoever listens."""
        told = {"op": 0, "t": event, "s": len(self._sent) + 1, "d": data}
        self._sent.append(told)
        if not self.is_deaf:
            for socket in list(self.sockets):
                await self._send(socket, told)

    async def replay(self) -> None:
        """The last event once more, as reconnections do."""
        for socket in list(self.sockets):
            await self._send(socket, self._sent[-1])

    async def _send(self, socket: web.WebSocketResponse, told: Json) -> None:
        text = json.dumps(told).encode()
        deflate = self._deflate.get(socket)
        if deflate is None:
            await socket.send_str(text.decode())
        else:
            await socket.send_bytes(deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH))

    async def drop(self, *, code: int = 4000) -> None:
        """Lose every connection; the session stays."""
        for socket in list(self.sockets):
            await socket.close(code=code)

    async def invalidate(self) -> None:
        """Forget the session."""
        for socket in list(self.sockets):
            await self._send(socket, {"op": 9, "d": False, "s": None, "t": None})
