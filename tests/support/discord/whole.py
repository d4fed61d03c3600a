"""The whole service on the simulated Discord in the test's event loop, with an API that echoes."""

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
from simulators.discord.checks import EPHEMERAL
from simulators.discord.commands import fill_in
from simulators.discord.people.forms import fill_in_form
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import CHANNEL, DM, ME, TOKEN, Json
from tests.support.discord.interactions import PRESSED, SLASH, SUBMITTED, slash_command
from tests.support.discord.messages import buttons_of, text_of
from tests.support.scripted_api import ScriptedApi, scripted_api
from tests.support.service import FAST, EchoApi, make_settings, run_service

_MODAL = 9  # the type of a response that opens a modal


@dataclass
class Whole:
    """The running service, and what people do and see."""

    simulator: DiscordSimulator
    api: ScriptedApi
    echo: EchoApi
    folder: Path
    settings: dict[str, Any]
    timing: Timing
    core_timing: ServiceTiming = FAST
    shards: str = "auto"
    core: Core = field(init=False)
    web: WebServer | None = field(init=False)
    ops: WebServer | None = field(init=False)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self) -> None:
        """Start on what an earlier run left; return when it is connected."""
        adapter = Discord(token=SecretStr(TOKEN), api_url=self.simulator.api, shards=self.shards, timing=self.timing)
        chosen = make_settings(self.api, self.folder, **self.settings)
        one = await self._stack.enter_async_context(run_service(chosen, adapter, timing=self.core_timing))
        self.core, self.web, self.ops = one.core, one.server, one.ops
        known = len(self.simulator.gateway.identified)
        await self.simulator.until(
            lambda: len(self.simulator.gateway.identified) > known and self.simulator.gateway.is_connected
        )

    async def stop(self) -> None:
        """Stop as a SIGTERM does."""
        await self._stack.aclose()

    async def mention(self, text: str, **more: Any) -> str:
        """Mention the bot in the channel; return the thread of the answer."""
        message = await self.simulator.say(CHANNEL, f"<@{ME}> {text}", **more)
        return str(message["id"])

    async def command(self, name: str, *, channel: str = CHANNEL, told: Json | None = None, **options: Any) -> str:
        """Use a slash command, as it is registered; return the token that answers it. `_channel`: its option."""
        await self.simulator.until(lambda: self.simulator.commands)
        given = {option.removeprefix("_"): value for option, value in options.items()}
        data = fill_in(slash_command(name, **given), self.simulator.commands, self.simulator.pickable())
        made = await self.simulator.interact(SLASH, data, channel=channel, **(told or {}))
        return str(made["token"])

    async def press(self, message: Json, action: str, **told: Any) -> str:
        """Press the button of that action; return the token that answers it."""
        ids = [button["custom_id"] for button in buttons_of(message)]
        [custom_id] = [custom_id for custom_id in ids if f":{action}:" in custom_id]
        data = {"component_type": 2, "custom_id": custom_id, "id": 2}
        made = await self.simulator.interact(PRESSED, data, channel=message["channel_id"], message=message, **told)
        return str(made["token"])

    async def submit(self, message: Json, *, told: Json | None = None, **values: Any) -> None:
        """Fill in values in the modal that a button of the message opened, and submit it."""
        opened = await self.simulator.until(
            lambda: [c for c in self.simulator.called("POST", "callback") if c["type"] == _MODAL]
        )
        form = opened[-1]["data"]
        components = fill_in_form(form["components"], values, self.simulator.pickable(), upload=lambda _: [])
        data = {"custom_id": form["custom_id"], "components": components}
        await self.simulator.interact(SUBMITTED, data, channel=message["channel_id"], message=message, **(told or {}))

    async def edit(self, message: Json, text: str) -> None:
        """Edit a message that was said."""
        await self.simulator.edit(message, text)

    async def delete(self, message: Json) -> None:
        """Delete a message that was said."""
        await self.simulator.delete(message)

    async def see(self, channel: str, text: str) -> Json:
        """Wait until a message of the bot there has that text."""
        found: list[Json] = await self.simulator.until(
            lambda: [m for m in self.simulator.bot_messages(channel) if text in text_of(m)]
        )
        return found[0]

    async def see_ephemeral(self, channel: str, text: str) -> Json:
        """Wait until an ephemeral message there has that text."""
        found: list[Json] = await self.simulator.until(
            lambda: [
                m for m in self.simulator.messages.get(channel, ()) if m["flags"] & EPHEMERAL and text in text_of(m)
            ]
        )
        return found[0]

    async def idle(self) -> None:
        """Wait until everything asked so far is answered, by asking one more thing."""
        text = f"the end {len(self.echo.prompts)}"
        await self.simulator.say(DM, text)
        await self.see(DM, f"re: {text}")
        await self.core.worker.drain()


@asynccontextmanager
async def whole(
    folder: Path,
    *,
    timing: Timing | None = None,
    core_timing: ServiceTiming = FAST,
    shards: str = "auto",
    **settings: Any,
) -> AsyncIterator[Whole]:
    """Run the service; `settings` are those of the core."""
    async with asyncio.timeout(300), DiscordSimulator() as simulator, scripted_api() as api:
        echo = EchoApi(api.url)
        api.play(echo)
        one = Whole(simulator, api, echo, folder, settings, timing or Timing(), core_timing, shards)
        await one.start()
        try:
            yield one
        finally:
            for event in echo.holds.values():
                event.set()
            await one.stop()
