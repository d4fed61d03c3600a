"""The whole service on the fake Discord in the test's event loop, with an API that echoes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from adapters.discord.adapter import Discord
from adapters.discord.timing import Timing
from bot.bootstrap import Core
from bot.ops.web import WebServer
from bot.timing import ServiceTiming
from simulators.discord.components import texts
from simulators.discord.server import Wire
from simulators.discord.values import CHANNEL, DM, ME, TOKEN, Json
from tests.support.api import FakeApi, fake_api
from tests.support.discord.interactions import slash
from tests.support.service import FAST, Echo, life, settings_of


@dataclass
class Whole:
    """What a test has in hand."""

    wire: Wire
    api: FakeApi
    echo: Echo
    folder: Path
    settings: dict[str, Any]
    timing: Timing
    core_timing: ServiceTiming = FAST
    core: Core = field(init=False)
    web: WebServer | None = field(init=False)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self) -> None:
        """Start on what an earlier run left, and wait until it hears."""
        adapter = Discord(token=SecretStr(TOKEN), api_url=self.wire.api, timing=self.timing)
        chosen = settings_of(self.api, self.folder, **self.settings)
        one = await self._stack.enter_async_context(life(chosen, adapter, timing=self.core_timing))
        self.core, self.web = one.core, one.server
        known = len(self.wire.gateway.identified)
        await self.wire.until(lambda: len(self.wire.gateway.identified) > known and self.wire.gateway.is_heard)

    async def stop(self) -> None:
        """As a SIGTERM does."""
        await self._stack.aclose()

    async def mention(self, text: str, **more: Any) -> str:
        """Ask in the channel; the thread where it is answered."""
        said = await self.wire.say(CHANNEL, f"<@{ME}> {text}", **more)
        return str(said["id"])

    async def command(self, name: str, *, channel: str = CHANNEL, told: Json | None = None, **options: Any) -> str:
        """Use a command; the token that answers it."""
        made = await self.wire.interact(2, slash(name, **options), channel=channel, **(told or {}))
        return str(made["token"])

    async def shown(self, place: str, text: str) -> Json:
        """Wait until a message of the bot there has that text."""
        found: list[Json] = await self.wire.until(lambda: [m for m in self.wire.said(place) if text in text_of(m)])
        return found[0]

    async def quiet(self) -> None:
        """Wait until everything asked so far is answered, by asking one more thing."""
        text = f"the end {len(self.echo.asked)}"
        await self.wire.say(DM, text)
        await self.shown(DM, f"re: {text}")
        await self.core.worker.drain()


def text_of(message: Json) -> str:
    """All that a message says."""
    return "\n".join([message["content"], *texts(message["components"])])


@asynccontextmanager
async def whole(
    folder: Path, *, timing: Timing | None = None, core_timing: ServiceTiming = FAST, **settings: Any
) -> AsyncIterator[Whole]:
    """The service, running; `settings` are those of the core."""
    async with asyncio.timeout(120), Wire() as wire, fake_api() as api:
        echo = Echo(api.url)
        api.play(echo)
        one = Whole(wire, api, echo, folder, settings, timing or Timing(), core_timing)
        await one.start()
        try:
            yield one
        finally:
            for event in echo.holds.values():
                event.set()
            await one.stop()
