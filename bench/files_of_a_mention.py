"""The number of an adapter's files that one mention passes: `python -m bench.files_of_a_mention [slack] [discord]`.

The service runs in this process, on a simulated platform and with the sandbox as its API. A file is counted when one of
its functions is called between the moment of the mention and the moment when its answer, text and buttons, is whole, at
each of two mentions.
"""

import asyncio
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from pydantic import SecretStr

from bot import bootstrap
from bot.bootstrap import Core
from bot.pipeline.timing import PipelineTiming
from bot.ports import Adapter
from bot.service import run_until
from bot.settings.core import Settings
from bot.telemetry import logs
from bot.timing import ServiceTiming

ROOT = Path(__file__).parents[1]
_PREFIX = f"{ROOT}/"
QUESTION = "What is the capital of France?"

#: No status is shown, however slow this machine is: a quick answer has none.
_TIMING = ServiceTiming(pipeline=PipelineTiming(first_update=3600.0))

#: Sends a mention; returns when the answer is complete.
Mention = Callable[[], Awaitable[None]]
#: Opens a platform with the running service on it. Takes the service's folder.
Platform = Callable[[Path], AbstractAsyncContextManager[Mention]]


# ------------------------------------------------------------------ tracing


class Tracer:
    """Notes the functions of this repository that are called while `is_on`, by file. Module bodies don't count."""

    def __init__(self) -> None:
        self.called: dict[str, set[str]] = defaultdict(set)
        self.is_on = False

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Trace this thread, and those that are started in the block."""
        threading.setprofile(self._note)
        sys.setprofile(self._note)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    def _note(self, frame: FrameType, event: str, _: Any) -> None:
        if self.is_on and event == "call":
            code = frame.f_code
            if code.co_filename.startswith(_PREFIX) and code.co_name != "<module>":
                self.called[code.co_filename.removeprefix(_PREFIX)].add(code.co_qualname)


async def files_of(platform: Platform) -> Mapping[str, set[str]]:
    """Return the functions that each of two mentions calls, by file; so those of loops beside them are left out."""
    tracer, runs = Tracer(), []
    with tempfile.TemporaryDirectory() as folder, tracer.installed():
        async with platform(Path(folder)) as mention:
            for _ in range(2):
                tracer.called, tracer.is_on = defaultdict(set), True
                await mention()
                tracer.is_on = False
                runs.append(tracer.called)
    first, second = runs
    return {file: both for file, functions in first.items() if (both := functions & second[file])}


@asynccontextmanager
async def running(adapter: Adapter, folder: Path) -> AsyncIterator[Core]:
    """The service with one platform until the end of the block."""
    settings = Settings(_env_file=None, bot_data_dir=folder, bot_port=None)  # type: ignore[call-arg, unused-ignore]
    stopping = asyncio.Event()
    async with bootstrap.build(settings, {adapter.name: adapter}, timing=_TIMING) as core:
        service = asyncio.create_task(run_until(core, stopping))
        try:
            yield core
        finally:
            stopping.set()
            await service


# ------------------------------------------------------------------ platforms


@asynccontextmanager
async def slack(folder: Path) -> AsyncIterator[Mention]:
    """A workspace in Socket Mode; somebody mentions the bot in a channel."""
    from adapters.slack import Settings as SlackSettings
    from adapters.slack.adapter import Slack
    from simulators.slack import SlackSimulator

    async with SlackSimulator() as workspace:
        adapter = Slack(
            SlackSettings(  # type: ignore[call-arg, unused-ignore]
                _env_file=None,
                slack_bot_token=SecretStr(workspace.token),
                slack_app_token=SecretStr(workspace.app_token),
                slack_api_url=workspace.api_url,
            )
        )
        async with running(adapter, folder) as core:
            await workspace.until(lambda: workspace.sockets.open)
            hello = workspace.ada.mention("hello")  # what is done once, at the start, is over when this is answered
            await workspace.until(lambda: workspace.from_bot(workspace.general, thread=hello.ts))
            await core.worker.drain()
            await core.inbox.background.drain()
            await workspace.until_delivered()

            async def mention() -> None:
                question = workspace.ada.mention(QUESTION)
                await workspace.until(
                    lambda: any(
                        block["type"] == "context_actions"  # the last that an answer shows
                        for message in workspace.from_bot(workspace.general, thread=question.ts)
                        for block in message.blocks
                    )
                )
                await core.worker.drain()
                await workspace.until_delivered()

            yield mention


@asynccontextmanager
async def discord(folder: Path) -> AsyncIterator[Mention]:
    """A server; somebody mentions the bot in a channel and is answered in a thread."""
    from adapters.discord.adapter import Discord
    from simulators.discord.server import DiscordSimulator
    from simulators.discord.values import CHANNEL, ME, TOKEN

    async with DiscordSimulator() as server:
        adapter = Discord(token=SecretStr(TOKEN), api_url=server.api)
        async with running(adapter, folder) as core:
            await server.until(lambda: server.gateway.is_connected and server.called("PUT", "commands"))
            await adapter.client.wait_until_ready()  # the library waits two seconds for further servers
            # What is done once, at the start and for a place, is over when this is answered.
            hello = await server.say(CHANNEL, f"<@{ME}> hello")
            await server.until(lambda: server.bot_messages(str(hello["id"])), 60)
            await core.worker.drain()
            await core.inbox.background.drain()

            async def mention() -> None:
                question = await server.say(CHANNEL, f"<@{ME}> {QUESTION}")
                thread = str(question["id"])
                await server.until(
                    lambda: any(
                        len(row["components"]) > 1
                        for message in server.bot_messages(thread)
                        for row in message["components"]
                    ),
                    60,
                )
                await core.worker.drain()

            yield mention


PLATFORMS: dict[str, Platform] = {"slack": slack, "discord": discord}


def main() -> None:
    """Print each platform's files with the functions called in them, and how many files there are."""
    logs.configure("warning", "json")
    for name in sys.argv[1:] or PLATFORMS:
        called = asyncio.run(files_of(PLATFORMS[name]))
        print(f"| file of adapters/{name} | functions called |\n| --- | --- |")
        own = {file: functions for file, functions in called.items() if file.startswith(f"adapters/{name}/")}
        for file, functions in sorted(own.items()):
            print(f"| `{file.removeprefix(f'adapters/{name}/')}` | {len(functions)} |")
        kit = sum(file.startswith("adapters/kit/") for file in called)
        core = sum(file.startswith(("bot/", "aimodels/")) for file in called)
        others = f"{kit} of adapters/kit, {core} of the core and the API client"
        print(f"\n{name}: {len(own)} files of the adapter, {others}\n")


if __name__ == "__main__":
    main()
