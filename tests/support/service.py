"""The whole service in the test's event loop: the channel's platform on one side, a scripted API on the other."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp import web

from aimodels import Timing
from bot import bootstrap
from bot.bootstrap import Core, build
from bot.models import Capabilities
from bot.ops.web import WebServer
from bot.pipeline.timing import PipelineTiming
from bot.ports import Adapter
from bot.settings.core import Settings
from bot.timing import ServiceTiming
from tests.support.api import FakeApi, Step, chat_data, data, fake_api
from tests.support.channel import Channel, ChannelAdapter, Message, channel_server
from tests.support.media_files import PNG


@dataclass(slots=True)
class Echo:
    """An API that answers every prompt with itself; a prompt that contains a word of `holds` waits for its event."""

    url: str = ""
    holds: dict[str, asyncio.Event] = field(default_factory=dict)
    instead: list[Step] = field(default_factory=list)  #: what the next calls get instead
    asked: list[str] = field(default_factory=list)  #: prompts, in order of arrival
    bodies: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)  #: what it offers at its own address, by name
    left: Counter[str] = field(default_factory=Counter)  #: prompts whose caller hung up
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    running: int = 0
    most: int = 0

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if (file := self.files.get(request.path.removeprefix("/"))) is not None:
            return web.Response(body=file)
        if request.path.endswith(".png"):
            return web.Response(body=PNG, content_type="image/png")
        body = await request.json()
        prompt = body["prompt"] if "prompt" in body else body["messages"][-1]["content"]
        self.running += 1
        self.most = max(self.most, self.running)
        self.asked.append(prompt)
        self.bodies.append(body)
        await self._tell()
        try:
            if self.instead:
                return await self.instead.pop(0)(request)
            for word, event in self.holds.items():
                if word in prompt:
                    await event.wait()
        except asyncio.CancelledError:
            self.left[prompt] += 1
            await self._tell()
            raise
        finally:
            self.running -= 1
        if "prompt" in body:
            picture = {"url": f"{self.url.removesuffix('/v1')}/a.png", "width": 1, "height": 1}
            return await data({"images": [picture], "usage": {"images": 1, "cost": 0.5}})(request)
        return await data(chat_data(f"re: {prompt}"))(request)

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a call that comes or goes makes it true."""
        async with self.changed:
            await self.changed.wait_for(condition)

    def hold(self, word: str) -> asyncio.Event:
        """Let prompts with that word wait until the event is set."""
        return self.holds.setdefault(word, asyncio.Event())


def settings_of(api: FakeApi, folder: Path, **more: Any) -> Settings:
    """The core's settings in a test: nobody is made to wait, and nothing is counted."""
    chosen: dict[str, Any] = {
        "aimodels_base_url": api.url,
        "aimodels_api_key": "sk-of-the-tests",
        "bot_data_dir": folder,
        "bot_requests_per_minute": 0,
        "bot_media_per_day": 0,
        **more,
    }
    return Settings(_env_file=None, **chosen)  # type: ignore[call-arg]


#: Pauses between tries that no test waits for.
FAST = ServiceTiming(
    pipeline=PipelineTiming(delayed=0.05, shortest_pause=0.001, longest_pause=0.02), api=Timing(first_backoff=0.001)
)


@dataclass(slots=True)
class Life:
    """One run of the service in the test's event loop."""

    core: Core
    server: WebServer | None
    running: asyncio.Task[None]


@asynccontextmanager
async def life(settings: Settings, adapter: Adapter, *, timing: ServiceTiming = FAST) -> AsyncIterator[Life]:
    """Run the service with one platform until the end of the block, as until a SIGTERM. Raises what ended it."""
    stopping = asyncio.Event()
    async with build(settings, {adapter.name: adapter}, timing=timing) as core, bootstrap.web_server(core) as server:
        one = Life(core, server, asyncio.create_task(bootstrap._run_until(core, stopping)))
        try:
            yield one
        finally:
            stopping.set()
            await one.running


@dataclass(slots=True)
class Service:
    """What a test has in hand; `start` and `stop` are those of the service itself."""

    folder: Path
    api: FakeApi
    echo: Echo
    channel: Channel
    given: dict[str, Any]
    adapter: ChannelAdapter
    timing: ServiceTiming = FAST
    core: Core = field(init=False)
    running: asyncio.Task[None] = field(init=False)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self, **settings: Any) -> None:
        """Start on what an earlier run left."""
        chosen = settings_of(self.api, self.folder, **{**self.given, **settings})
        one = await self._stack.enter_async_context(life(chosen, self.adapter, timing=self.timing))
        self.core, self.running = one.core, one.running

    async def stop(self) -> None:
        """As a SIGTERM does. Raises what ended the service."""
        await self._stack.aclose()

    async def ask(self, text: str, **more: Any) -> Message:
        """Ask and return the one answer."""
        event = await self.channel.ask(text, **more)
        await self.channel.answered(event)
        return self.answer(event)

    async def begun(self, text: str, **more: Any) -> str:
        """Ask, and return once the API has been asked."""
        event = await self.channel.ask(text, **more)
        await self.echo.until(lambda: text in self.echo.asked)
        return event

    def answer(self, event: str) -> Message:
        """The one message that answers an event."""
        [message] = self.channel.answers(event)
        return message


@asynccontextmanager
async def service(
    folder: Path, *, limits: Capabilities | None = None, timing: PipelineTiming | None = None, **settings: Any
) -> AsyncIterator[Service]:
    """The service, running; `settings` are those of the core."""
    async with asyncio.timeout(120), fake_api() as api, channel_server() as channel:
        echo = Echo(api.url)
        api.play(echo)
        one = Service(
            folder,
            api,
            echo,
            channel,
            settings,
            ChannelAdapter(channel.url, limits),
            FAST if timing is None else replace(FAST, pipeline=timing),
        )
        await one.start()
        try:
            yield one
        finally:
            for event in echo.holds.values():
                event.set()
            for event in (*channel.holds.values(), *([channel.hold] if channel.hold else [])):
                event.set()
            await one.stop()
            await one.adapter.http.aclose()


@pytest.fixture
def impatient() -> Iterator[None]:
    """Nothing is spent on rendering logs."""
    with structlog.testing.capture_logs():
        yield
