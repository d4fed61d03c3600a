"""Bots for the Discord simulator: the service, and a bare discord.py bot that calls the API and answers."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord
import httpx
from discord.http import Route

from aimodels.transport import open_http
from bench.bots.common import Bot, run_bot
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import TOKEN


@asynccontextmanager
async def start_bot(
    name: str, simulator: DiscordSimulator, api: str, *, profile: str = "", **settings: str
) -> AsyncIterator[Bot]:
    """Start the "service" or the "bare" bot; yields it once it is connected."""
    environment = {"DISCORD_TOKEN": TOKEN, "DISCORD_API_URL": simulator.api, **settings}
    module = ("bot", "run") if name == "service" else ("bench.bots.discord",)
    async with run_bot(name, *module, api=api, environment=environment, profile=profile) as one:
        await simulator.until(lambda: simulator.gateway.is_connected, 60)
        yield one


class BareBot(discord.AutoShardedClient):
    """Answers mentions in a thread with one API call and one message; no store, no ordering, no status but typing."""

    def __init__(self, api: httpx.AsyncClient, url: str) -> None:
        intents = discord.Intents(guilds=True, messages=True, message_content=True)
        super().__init__(intents=intents, chunk_guilds_at_startup=False)
        self._api = api
        self._url = url

    async def on_message(self, message: discord.Message) -> None:
        """Answer a mention."""
        if self.user is None or message.author == self.user or self.user not in message.mentions:
            return
        await message.channel.typing()
        response = await self._api.post(
            f"{self._url}/chat/completions",
            json={
                "model": "gpt-4-turbo",
                "messages": [{"role": "user", "content": message.content}],
                "max_tokens": 2048,
            },
            headers={"Authorization": "Bearer key"},
        )
        text = response.json()["data"]["choices"][0]["message"]["content"]
        thread = await message.create_thread(name=message.content[:90])
        await thread.send(text)


async def run_bare_bot() -> None:
    """Run the bare bot."""
    Route.BASE = os.environ["DISCORD_API_URL"]
    url = os.environ["AIMODELS_BASE_URL"]
    async with httpx.AsyncClient(transport=open_http(url), trust_env=False) as api, BareBot(api, url) as client:
        await client.start(os.environ["DISCORD_TOKEN"])


if __name__ == "__main__":
    asyncio.run(run_bare_bot())
