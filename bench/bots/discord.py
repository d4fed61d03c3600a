"""Bots for the Discord simulator: the service, and bare discord.py bots that call the API and answer.

The bare bots keep nothing: no store, no order, no history. They are as fast as the libraries allow: no caches, no
middleware, aiohttp for the API, requests without the library's models.
"""

import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
import uvloop
from discord.http import Route

from bench.bots.common import Bot, ask_api, run_bot
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import TOKEN

Json = dict[str, Any]

_TYPING_SECONDS = 8.0  #: how long a typing indicator is not repeated, as in the service


@asynccontextmanager
async def start_bot(
    name: str, simulator: DiscordSimulator, api: str, *, profile: str = "", **settings: str
) -> AsyncIterator[Bot]:
    """Start the "service", or a bare bot with the "same calls" or the "fewest calls".

    Yields it once it is connected.
    """
    environment = {"DISCORD_TOKEN": TOKEN, "DISCORD_API_URL": simulator.api, **settings}
    module = ("bot", "run") if name == "service" else ("bench.bots.discord", name)
    async with run_bot(name, *module, api=api, environment=environment, profile=profile) as one:
        await simulator.until(lambda: simulator.gateway.is_connected, 60)
        yield one


class BareBot(discord.AutoShardedClient):
    """Answers mentions with one API call.

    `same_calls`: it makes the calls that the service makes for such an answer (typing indicator, thread, message with
    buttons), else a single one, which posts the text where the question is.
    """

    def __init__(self, api: aiohttp.ClientSession, *, same_calls: bool) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, message_content=True)
        super().__init__(
            intents=intents,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
        )
        self._api = api
        self._answer = self._answer_with_same_calls if same_calls else self._post
        self._typing: dict[int, float] = {}
        # The library searches all rate limits for expired ones at each new channel: a thread is one.
        self.http._try_clear_expired_ratelimits = lambda: None  # type: ignore[method-assign] # noqa: SLF001

    async def on_message(self, message: discord.Message) -> None:
        """Answer a mention."""
        if self.user is not None and message.author.id != self.user.id and self.user in message.mentions:
            await self._answer(message)

    async def _post(self, message: discord.Message) -> None:
        text = await ask_api(self._api, message.content)
        await self._request("messages", message.channel.id, {"content": text})

    async def _answer_with_same_calls(self, message: discord.Message) -> None:
        channel, now = message.channel.id, time.monotonic()
        if now - self._typing.get(channel, -_TYPING_SECONDS) >= _TYPING_SECONDS:
            self._typing[channel] = now
            await self._request("typing", channel, None)
        text = await ask_api(self._api, message.content)
        name = {"name": message.content[:90], "auto_archive_duration": 1440}
        thread = await self._request(f"messages/{message.id}/threads", channel, name)
        body = {
            "content": text,
            "components": [{"type": 1, "components": _buttons(message.id)}],
            "nonce": str(message.id),
            "enforce_nonce": True,
            "allowed_mentions": {"parse": []},
        }
        await self._request("messages", int(thread["id"]), body)

    async def _request(self, path: str, channel: int, body: Json | None) -> Json:
        route = Route("POST", "/channels/{channel_id}/" + path, channel_id=channel)
        answer: Json = await (self.http.request(route) if body is None else self.http.request(route, json=body))
        return answer


def _buttons(message: int) -> list[Json]:
    looks = {"again": ("🔄", "Again"), "continue": ("▶️", "Continue"), "good": ("👍", ""), "bad": ("👎", "")}
    buttons: list[Json] = []
    for name, (emoji, label) in looks.items():
        button = {"type": 2, "style": 2, "custom_id": f"{name}:{message}", "emoji": {"name": emoji}}
        buttons.append({**button, "label": label} if label else button)
    return buttons


async def run_bare_bot(kind: str) -> None:
    """Run a bare bot."""
    Route.BASE = os.environ["DISCORD_API_URL"]
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as api,
        BareBot(api, same_calls=kind == "same calls") as client,
    ):
        await client.start(os.environ["DISCORD_TOKEN"])


if __name__ == "__main__":
    uvloop.run(run_bare_bot(sys.argv[1]))
