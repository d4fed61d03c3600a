"""The whole service on a simulated Slack, in the test's event loop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapters.slack.adapter import Slack
from adapters.slack.timing import Timing
from bot.bootstrap import Core
from bot.timing import ServiceTiming
from simulators.slack import Message, Person, SlackSimulator
from tests.support.scripted_api import ScriptedApi, scripted_api
from tests.support.service import FAST as CORE_FAST
from tests.support.service import EchoApi, make_settings, quiet_logs, run_service
from tests.support.slack.adapter import settings as slack_settings

#: Pauses between edits are short, and a status is set at once.
FAST = Timing(edit_interval=0.05, announce_delay=0.0, late_messages=0.1)


@dataclass(slots=True)
class Service:
    """The whole service in the test's event loop, with an API that answers `re: …`."""

    slack: SlackSimulator
    api: ScriptedApi
    echo: EchoApi
    folder: Path
    http: bool
    given: dict[str, Any]
    timing: Timing
    core_timing: ServiceTiming = CORE_FAST
    core: Core = field(init=False)
    adapter: Slack = field(init=False)
    port: int = 0
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self) -> None:
        """Start with the data of an earlier run; return when Slack can reach it."""
        chosen = {name: value for name, value in self.given.items() if not name.startswith("slack_")}
        own = {name: value for name, value in self.given.items() if name.startswith("slack_")}
        adapter = self.adapter = Slack(slack_settings(self.slack, http=self.http, **own), timing=self.timing)
        settings = make_settings(self.api, self.folder, bot_port=0 if self.http else None, **chosen)
        before = self.slack.sockets.connected
        one = await self._stack.enter_async_context(run_service(settings, adapter, timing=self.core_timing))
        self.core = one.core
        if one.server is not None:
            self.port = one.server.port
            self.slack.sender.url = f"http://127.0.0.1:{self.port}/slack/events"
            while adapter.health():  # noqa: ASYNC110 - the adapter tells of no change
                await asyncio.sleep(0)
        else:
            await self.slack.until(lambda: self.slack.sockets.connected > before or one.running.done())
        if one.running.done():
            one.running.result()

    async def stop(self) -> None:
        """Stop as on SIGTERM. Raises the error that ended the service."""
        await self._stack.aclose()

    async def restart(self) -> None:
        """Stop and start, as another process with the same data."""
        await self.stop()
        await self.start()

    async def answers(self, question: Message, count: int = 1) -> list[Message]:
        """Return the complete answers in the thread of a message, at least `count`, once no job runs."""
        channel = self.slack.teams[question.team].channels[question.channel]
        await self.slack.until(lambda: len(self.slack.from_bot(channel, thread=question.root)) >= count)
        await self.idle()
        return self.slack.from_bot(channel, thread=question.root)

    async def see(self, person: Person, words: str) -> Message:
        """Return the newest message with these words that a person sees, once there is one."""
        found = await self.slack.until(lambda: [m for m in person.sees() if words in m.content])
        return found[-1]  # type: ignore[no-any-return]

    async def ask(self, person: Person, text: str, words: str) -> str:
        """Use a slash command; return the answer that has these words."""
        before = sum(words in m.content for m in person.sees())
        command, _, rest = text.partition(" ")
        person.slash(command, rest)
        try:
            await self.slack.until(lambda: sum(words in m.content for m in person.sees()) > before)
        except TimeoutError:
            raise AssertionError([m.content for m in person.sees()][-3:]) from None
        return (await self.see(person, words)).content

    async def idle(self) -> None:
        """Wait until every event is answered."""
        await self.slack.until_delivered()
        async with asyncio.timeout(120):
            while (counts := await self.core.store.counts())["waiting"] or counts["running"]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@asynccontextmanager
async def service(
    slack: SlackSimulator,
    folder: Path,
    *,
    http: bool = False,
    timing: Timing | None = None,
    core_timing: ServiceTiming = CORE_FAST,
    **settings: Any,
) -> AsyncIterator[Service]:
    """The service, running; `settings` are the core's and, with the prefix `slack_`, the adapter's."""
    async with asyncio.timeout(300), scripted_api() as api:
        echo = EchoApi(api.url)
        api.play(echo)
        one = Service(slack, api, echo, folder, http, settings, timing or Timing(), core_timing)
        await one.start()
        try:
            yield one
        finally:
            for event in echo.holds.values():
                event.set()
            slack.faults.clear()
            with contextlib.suppress(asyncio.CancelledError):
                await one.stop()


__all__ = ["FAST", "Service", "quiet_logs", "service"]
