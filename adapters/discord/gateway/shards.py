"""The shards of this process: each is held by one process at a time, and they are spread over those that receive."""

import asyncio
from contextlib import aclosing

import structlog
import yarl

from adapters.discord.gateway.client import DiscordClient, use_gateway_url
from adapters.discord.inbound.catch_up import CatchUp
from adapters.discord.timing import Timing
from bot.ports import AdapterServices

log = structlog.get_logger(__name__)

#: Values of the setting: as many as Discord recommends; the same, each in every process.
AUTO, ALL = "auto", "all"


class Shards:
    """Connects the shards that are this process's. `setting`: see `DISCORD_SHARDS`."""

    def __init__(self, setting: str, services: AdapterServices, catch_up: CatchUp, timing: Timing) -> None:
        self._setting = setting
        self._services = services
        self._catch_up = catch_up
        self._timing = timing

    async def run(self, client: DiscordClient) -> None:
        """Hold this process's shards until cancelled; then other processes, where there are any, may take them."""
        recommended, url, _ = await client.http.get_bot_gateway()
        count = recommended if self._setting in {AUTO, ALL} else int(self._setting)
        use_gateway_url(url)
        client.prepare(count, yarl.URL(url))
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
            await self._catch_up.let_go(gone)
        if new := wanted - before:
            await self._catch_up.take_over(new)
        client.want(wanted)
        log.info("shards", held=sorted(wanted), of=client.shard_count)
