"""The library's own client on the simulator, without the adapter."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from simulators.discord.server import DiscordSimulator
from simulators.discord.values import TOKEN


class Bot(discord.AutoShardedClient):
    """A client that keeps the messages and interactions it receives."""

    def __init__(self, **options: Any) -> None:
        intents = discord.Intents(guilds=True, messages=True, message_content=True)
        options = {"guild_ready_timeout": 0.05, "chunk_guilds_at_startup": False, "max_ratelimit_timeout": 30} | options
        super().__init__(intents=intents, **options)
        self.heard: list[discord.Message] = []
        self.interactions: list[discord.Interaction] = []
        self.changed = asyncio.Condition()

    async def on_message(self, message: discord.Message) -> None:
        self.heard.append(message)
        await self._tell()

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        self.interactions.append(interaction)
        await self._tell()

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until(self, condition: Any) -> Any:
        async with asyncio.timeout(120), self.changed:
            await self.changed.wait_for(condition)
        return condition()


@asynccontextmanager
async def bot(simulator: DiscordSimulator, *, connects: bool = True, **options: Any) -> AsyncIterator[Bot]:
    """A client that is logged in and, by default, connected."""
    Route.BASE = simulator.api
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(f"ws://127.0.0.1:{simulator.port}/gateway/")
    async with Bot(**options) as client:
        await client.login(TOKEN)
        running = asyncio.create_task(client.connect()) if connects else None
        try:
            if running is not None:
                await client.wait_until_ready()
            yield client
        finally:
            if running is not None:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
