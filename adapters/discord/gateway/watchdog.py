"""A watchdog that reconnects a stalled gateway: one that is connected but delivers no events.

Acknowledged heartbeats prove little: they may come while no event does. Every event of a shard increases its sequence
number. When that stands still for long, the watchdog probes the shard: it requests a member list, which has to arrive
as an event.
"""

import asyncio

import structlog
from discord.gateway import DiscordWebSocket

from adapters.discord.gateway.client import DiscordClient
from adapters.discord.timing import Timing
from adapters.kit.connection.watchdog import Watchdog, interval

log = structlog.get_logger(__name__)

_RESUMABLE = 4000  # closing with this code lets the library resume the session


class GatewayWatchdog:
    """Checks every shard periodically; `stalled` has those that deliver nothing."""

    def __init__(self, client: DiscordClient, *, stalled_after: float, timing: Timing) -> None:
        self._client = client
        self._stalled_after = stalled_after
        self._timing = timing
        self._shards: dict[int, Watchdog] = {}

    @property
    def stalled(self) -> list[int]:
        """Shards that did not answer the last probe and have delivered no event since."""
        return sorted(shard for shard, watchdog in self._shards.items() if watchdog.failures)

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await asyncio.sleep(interval(self._stalled_after, at_most=self._timing.probe_timeout))
            now = asyncio.get_running_loop().time()
            sockets = self._client.sockets()
            self._shards = {shard: one for shard, one in self._shards.items() if shard in sockets}
            for shard, socket in sockets.items():
                await self._check(shard, socket, now)

    async def _check(self, shard: int, socket: DiscordWebSocket, now: float) -> None:
        watchdog = self._shards.get(shard)
        if watchdog is None:
            probe_timeout = self._timing.probe_timeout
            watchdog = Watchdog(stalled_after=self._stalled_after, probe_timeout=probe_timeout, now=now)
            self._shards[shard] = watchdog
        watchdog.observe(socket.sequence, now)
        if not socket.open:
            watchdog.suspend()
            return
        verdict = watchdog.check(now)
        if verdict == "stalled":
            log.error("gateway stalled: reconnecting", shard=shard, failures=watchdog.failures)
            await socket.close(_RESUMABLE)
        elif verdict == "probe" and await self._probe(shard, socket):
            watchdog.probed(now)

    async def _probe(self, shard: int, socket: DiscordWebSocket) -> bool:
        """Request the bot's own member. Return False in no server, where only direct messages can arrive."""
        guild = next((guild for guild in self._client.guilds if guild.shard_id == shard), None)
        user = self._client.user
        if guild is None or user is None:
            return False
        await socket.request_chunks(guild.id, user_ids=[user.id], limit=1, nonce="watch")
        return True
