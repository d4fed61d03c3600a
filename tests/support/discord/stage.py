"""The adapter alone, running on the simulated Discord with a core that records."""

import asyncio
from collections.abc import Sequence
from typing import Any, Self

from pydantic import SecretStr

from adapters.discord.adapter import Discord
from adapters.discord.outbound.draft import DiscordDraft
from bot.models import CommandSpec, Event
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import CHANNEL, DM, TOKEN
from tests.support.core import COMMANDS, RecordingCore
from tests.support.discord.interactions import SLASH, slash_command

__all__ = ["COMMANDS", "RecordingCore", "Service"]


class Service:
    """The adapter, running."""

    def __init__(self, simulator: DiscordSimulator, core: RecordingCore, **settings: Any) -> None:
        self.simulator = simulator
        self.core = core
        self.commands: Sequence[CommandSpec] = COMMANDS
        self.adapter = Discord(token=SecretStr(TOKEN), api_url=simulator.api, **settings)

    async def __aenter__(self) -> Self:
        self._connected = self.adapter.connected(self.core)
        await self._connected.__aenter__()
        self.running = asyncio.create_task(self.adapter.run(self.core.sink, self.commands))
        before = len(self.simulator.gateway.identified)
        await self.simulator.until(lambda: len(self.simulator.gateway.identified) > before or self.running.done())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        await self._connected.__aexit__(None, None, None)

    async def say(self, channel: str = DM, text: str = "hello", **more: Any) -> Event:
        """Say something to the bot; return the event that comes of it."""
        known = len(self.core.events)
        message = await self.simulator.say(channel, text, **more)
        events = await self.core.wait_for_events(known + 1)
        return next(event for event in events if event.id == message["id"])

    async def use_command(self, channel: str = CHANNEL, **more: Any) -> Event:
        """Use the slash command `/chat`; return its event, once it is acknowledged."""
        known = len(self.core.events)
        made = await self.simulator.interact(SLASH, slash_command("chat", prompt="hello"), channel=channel, **more)
        events = await self.core.wait_for_events(known + 1)
        await self.simulator.until(lambda: made["token"] in self.simulator.originals)
        return next(event for event in events if event.id == made["id"])

    async def open_draft(self, event: Event, *, ref: str | None = None) -> DiscordDraft:
        """Open the draft of an event's answer."""
        return await self.adapter.draft(event.reply_to, key=event.id, ref=ref, private=False)
