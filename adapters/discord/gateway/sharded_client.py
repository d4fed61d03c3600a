"""A client of the library whose shards come and go while it runs."""

import asyncio
import time
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket

from adapters.discord.timing import Timing

if TYPE_CHECKING:
    from discord.types.gateway import SessionStartLimit

log = structlog.get_logger(__name__)

#: Sessions of a day's limit that are never begun, and how many are begun until Discord is asked again for what is left:
#: other processes begin some, too.
_SPARED_SESSIONS, _SESSIONS_AT_ONCE = 10, 20
#: Seconds to close a connection.
_CLOSE_TIMEOUT = 1.0


class ShardedClient(discord.AutoShardedClient):
    """Connects the shards that `want` names, none by itself."""

    def __init__(self, *, timing: Timing, **options: Any) -> None:
        super().__init__(**options)
        self.wanted: frozenset[int] | None = None  #: the shards of this process; None: not known yet
        self._reconnect = True
        self._gateway = DiscordWebSocket.DEFAULT_GATEWAY
        self._launching: asyncio.Task[None] | None = None
        self._identify_interval = timing.identify_interval
        self._identified_at = -timing.identify_interval
        self._sessions_left = 0  #: that may be begun without asking Discord

    async def prepare(self, setting: int | None) -> int:
        """Ask Discord where to connect; set and return the number of all shards. None: as many as it recommends."""
        count, url, limit = await self.http.get_bot_gateway()
        DiscordWebSocket.DEFAULT_GATEWAY = self._gateway = yarl.URL(url)  # else the library's, for a second session
        self.shard_count = self._connection.shard_count = setting or count
        self._count_sessions(limit)
        return self.shard_count

    def _count_sessions(self, limit: "SessionStartLimit") -> None:
        self._sessions_left = min(limit["remaining"] - _SPARED_SESSIONS, _SESSIONS_AT_ONCE)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait until a session may be begun. Where the limit is passed Discord resets the application's token.

        https://docs.discord.com/developers/events/gateway#identifying
        """
        await super().before_identify_hook(shard_id, initial=initial)
        while self._sessions_left <= 0:
            _, _, limit = await self.http.get_bot_gateway()
            self._count_sessions(limit)
            if self._sessions_left <= 0:
                seconds = limit["reset_after"] / 1000
                log.error("too many sessions were begun today", wait=seconds)
                await asyncio.sleep(seconds)
        self._sessions_left -= 1

    def want(self, shards: frozenset[int]) -> None:
        """Connect these shards, one after another; those that are connected stay so."""
        self.wanted = self._connection.shard_ids = shards  # type: ignore[assignment] # a set does
        if self._launching is None or self._launching.done():
            self._launching = asyncio.create_task(self._launch(), name="shards")

    async def launch_shards(self) -> None:
        """Launch none: `want` does."""

    async def _launch(self) -> None:
        while self.wanted and (missing := self.wanted - self.shards.keys()):
            is_first = time.monotonic() - self._identified_at >= self._identify_interval
            number = min(missing)
            await self.launch_shard(self._gateway, number, initial=is_first)
            self._identified_at = time.monotonic()
            if number not in self.wanted:  # it was given to another process meanwhile
                await self.drop({number})

    async def drop(self, shards: Collection[int]) -> None:
        """Close these shards, and forget what they told of servers. Their later events are ignored."""
        closing = set()
        for number in shards:
            shard = self._AutoShardedClient__shards.pop(number, None)  # type: ignore[attr-defined] # no public way
            if shard is not None:
                shard.reidentify = shard.reconnect = _do_nothing  # what is queued for it
                closing.add(asyncio.create_task(shard.close()))
        for guild in [guild for guild in self.guilds if guild.shard_id in shards]:
            self._connection._remove_guild(guild)  # noqa: SLF001 - no public way
        if closing:
            await asyncio.wait(closing, timeout=_CLOSE_TIMEOUT)

    async def close(self) -> None:
        """See `discord.Client.close`."""
        if self._launching is not None:
            self._launching.cancel()
        await super().close()

    @property
    def has_all_servers(self) -> bool:
        """Whether this process holds every shard, and so knows every server."""
        return self.wanted is not None and len(self.wanted) == self.shard_count

    def sockets(self) -> dict[int, DiscordWebSocket]:
        """Return the gateway connections by shard."""
        return {shard: info._parent.ws for shard, info in self.shards.items()}  # noqa: SLF001 - no public way

    def has_sessions(self) -> bool:
        """Whether every shard that is this process's is connected and has a session."""
        sockets = self.sockets()
        found = [sockets.get(shard) for shard in self.wanted] if self.wanted is not None else [None]
        return all(socket is not None and socket.open and socket.session_id for socket in found)


async def _do_nothing(*_: object) -> None:
    """Stand in for what a closed shard is not to do any more."""
