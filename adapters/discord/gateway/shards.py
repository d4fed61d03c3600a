"""The shards of this process: each is held by one process at a time, and they are spread over those that receive."""

import asyncio
from collections.abc import Collection
from contextlib import aclosing
from typing import Protocol

import structlog

from adapters.discord.gateway.client import DiscordClient
from adapters.discord.timing import Timing
from bot.ports import SharedWork

log = structlog.get_logger(__name__)

#: Values of the setting: as many as Discord recommends; the same, each in every process.
AUTO, ALL = "auto", "all"
#: Times that the library's connection is cancelled before it is left to itself.
_CANCELLATIONS = 5


class ShardListener(Protocol):
    """Receives which shards this process gets and gives away."""

    async def take_over(self, shards: Collection[int]) -> None:
        """Prepare for shards that are connected next."""

    async def let_go(self, shards: Collection[int]) -> None:
        """Save what the next process needs to know of these shards, and forget them."""


class Shards:
    """Connects the shards that are this process's. `setting`: see `DISCORD_SHARDS`."""

    def __init__(self, setting: str, services: SharedWork, listener: ShardListener, timing: Timing) -> None:
        self._setting = setting
        self._services = services
        self._listener = listener
        self._timing = timing

    async def connect(self, client: DiscordClient) -> None:
        """Keep this process's shards connected until the gateway ends the connection, or until cancelled.

        The library swallows a cancellation while it makes a new session, and waits on: it is cancelled again, and left
        to itself when that does not end it.
        """
        connection = asyncio.create_task(client.connect())
        holding = asyncio.create_task(self._run(client), name="shards of this process")
        try:
            done, _ = await asyncio.wait({connection, holding}, return_when=asyncio.FIRST_COMPLETED)
            await done.pop()
        finally:
            holding.cancel()
            await asyncio.gather(holding, return_exceptions=True)
            for _ in range(_CANCELLATIONS):
                connection.cancel()
                if connection.done() or await asyncio.wait({connection}, timeout=self._timing.cancellation):
                    break

    async def _run(self, client: DiscordClient) -> None:
        """Hold this process's shards until cancelled; then other processes, where there are any, may take them."""
        count = await client.prepare(None if self._setting in {AUTO, ALL} else int(self._setting))
        if self._setting == ALL:
            await self._hold(client, frozenset(range(count)))
            await asyncio.Event().wait()
        async with aclosing(self._services.share(f"discord/{count}", count)) as changes:
            try:
                async for held in changes:
                    await self._hold(client, held)
            finally:
                if self._services.has_peers:
                    await self._hold(client, frozenset())

    async def _hold(self, client: DiscordClient, wanted: frozenset[int]) -> None:
        before = client.wanted or frozenset()
        if gone := before - wanted:
            await client.drop(gone)
            await self._listener.let_go(gone)
        if new := wanted - before:
            await self._listener.take_over(new)
        client.want(wanted)
        log.info("shards", held=sorted(wanted), of=client.shard_count)
