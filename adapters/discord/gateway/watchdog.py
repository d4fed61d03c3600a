"""A watchdog that reconnects a stalled gateway: one that is connected but delivers no events.

Acknowledged heartbeats prove little: they may come while no event does. Every event of a shard increases its sequence
number. When that stands still for long, the watchdog probes the shard: it requests a member list, which has to arrive
as an event.
"""

import asyncio
from dataclasses import dataclass

import structlog
from discord.gateway import DiscordWebSocket

from adapters.discord.gateway.client import DiscordClient
from adapters.discord.timing import Timing

log = structlog.get_logger(__name__)

_RESUMABLE = 4000  # closing with this code lets the library resume the session


@dataclass(slots=True)
class ShardActivity:
    """The last sign of life of one shard. Times are those of the event loop's clock."""

    sequence: int | None = None
    changed_at: float = 0.0  #: last change of the sequence number
    probed_at: float = 0.0  #: 0: no probe is pending
    failures: int = 0  #: probes in a row without an answer


class GatewayWatchdog:
    """Checks every shard periodically; `stalled` has those that deliver nothing."""

    def __init__(self, client: DiscordClient, *, stalled_after: float, timing: Timing) -> None:
        self._client = client
        self._stalled_after = stalled_after
        self._timing = timing
        self._activity: dict[int, ShardActivity] = {}

    @property
    def stalled(self) -> list[int]:
        """Shards that did not answer the last probe and have delivered no event since."""
        return sorted(shard for shard, activity in self._activity.items() if activity.failures)

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await asyncio.sleep(min(self._timing.probe_timeout, self._stalled_after) / 4)
            now = asyncio.get_running_loop().time()
            for shard, socket in self._client.sockets().items():
                await self._check(shard, socket, now)

    async def _check(self, shard: int, socket: DiscordWebSocket, now: float) -> None:
        activity = self._activity.setdefault(shard, ShardActivity(changed_at=now))
        if socket.sequence != activity.sequence:
            self._activity[shard] = ShardActivity(socket.sequence, now)
        elif not socket.open:
            activity.probed_at = 0.0
        elif activity.probed_at and now - activity.probed_at > self._timing.probe_timeout:
            activity.failures += 1
            activity.probed_at, activity.changed_at = 0.0, now
            log.error("gateway stalled: reconnecting", shard=shard, failures=activity.failures)
            await socket.close(_RESUMABLE)
        elif not activity.probed_at and now - activity.changed_at > self._stalled_after:
            await self._probe(shard, socket, activity, now)

    async def _probe(self, shard: int, socket: DiscordWebSocket, activity: ShardActivity, now: float) -> None:
        """Request the bot's own member; in no server the shard can receive nothing but direct messages."""
        guild = next((guild for guild in self._client.guilds if guild.shard_id == shard), None)
        user = self._client.user
        if guild is not None and user is not None:
            activity.probed_at = now
            await socket.request_chunks(guild.id, user_ids=[user.id], limit=1, nonce="watch")
