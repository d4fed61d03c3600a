"""The whole service in the test's event loop, between the test platform and a scripted API."""

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
from bot import web_servers
from bot.bootstrap import Core, build
from bot.models import Capabilities
from bot.ops.web import WebServer
from bot.pipeline.timing import PipelineTiming
from bot.places.timing import PlaceTiming
from bot.ports import Adapter
from bot.scheduler.timing import ScheduleTiming
from bot.schedules.clock import Clock
from bot.service import run_until
from bot.settings.core import Settings
from bot.store.timing import StoreTiming
from bot.timing import ServiceTiming
from bot.waiting.timing import WaitingTiming
from tests.support.channel.adapter import Channel, ChannelAdapter, Message, channel_server
from tests.support.media_files import PNG
from tests.support.scripted_api import ScriptedApi, Step, chat_data, data, failure, scripted_api


@dataclass(slots=True)
class EchoApi:
    """An API that echoes every prompt; a prompt that contains a word of `holds` waits for its event."""

    url: str = ""
    holds: dict[str, asyncio.Event] = field(default_factory=dict)
    instead: list[Step] = field(default_factory=list)  #: steps that replace the next responses
    cut: set[str] = field(default_factory=set)  #: the answer to a prompt that contains one of these words is cut short
    broken: set[str] = field(default_factory=set)  #: a prompt that contains one of these words fails with 503
    prompts: list[str] = field(default_factory=list)  #: in order of arrival
    bodies: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)  #: files that it serves, by name
    left: Counter[str] = field(default_factory=Counter)  #: prompts whose caller closed the connection
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    running: int = 0
    most: int = 0

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        file = self.files.get(request.path.removeprefix("/"), PNG if request.path.endswith(".png") else None)
        if file is not None:
            return web.Response(body=file, content_type="image/png" if file is PNG else "application/octet-stream")
        body = await request.json()
        if body.get("messages") == []:  # the check of a key
            refusal = failure(400, "invalid_request", "messages: at least one")
            return await (self.instead.pop(0) if self.instead else refusal)(request)
        prompt = body["prompt"] if "prompt" in body else body["messages"][-1]["content"]
        self.running += 1
        self.most = max(self.most, self.running)
        self.prompts.append(prompt)
        self.bodies.append(body)
        await self._tell()
        try:
            if self.instead:
                return await self.instead.pop(0)(request)
            if any(word in prompt for word in self.broken):
                return await failure(503)(request)
            for word, event in self.holds.items():
                if word in prompt:
                    await event.wait()
        except asyncio.CancelledError:
            self.left[prompt] += 1
            await self._tell()
            raise
        finally:
            self.running -= 1
        return await data(self._content(request.path, prompt, has_prompt="prompt" in body))(request)

    def _content(self, path: str, prompt: str, *, has_prompt: bool) -> dict[str, Any]:
        """Return the content of an answer."""
        if path.endswith("/code/completions"):
            return {"code": f"re: {prompt}"}
        if has_prompt:
            picture = {"url": f"{self.url.removesuffix('/v1')}/a.png", "width": 1, "height": 1}
            return {"images": [picture], "usage": {"images": 1, "cost": 0.5}}
        return chat_data(f"re: {prompt}", is_cut=any(word in prompt for word in self.cut))

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition is true; checked at the start and the end of each call."""
        async with self.changed:
            await self.changed.wait_for(condition)

    def hold(self, word: str) -> asyncio.Event:
        """Let prompts with `word` wait until the returned event is set."""
        return self.holds.setdefault(word, asyncio.Event())


def make_settings(api: ScriptedApi, folder: Path, **more: Any) -> Settings:
    """Make the core's settings for a test: without limits on requests and media, without patience with the API."""
    chosen: dict[str, Any] = {
        "aimodels_base_url": api.url,
        "aimodels_api_key": "sk-of-the-tests",
        "bot_data_dir": folder,
        "bot_requests_per_minute": 0,
        "bot_media_per_day": 0,
        "bot_patience": 0,
        "bot_links": "off",  # nothing is fetched from the internet
        **more,
    }
    return Settings(_env_file=None, **chosen)  # type: ignore[call-arg]


#: Pauses between tries that no test waits for.
FAST = ServiceTiming(
    pipeline=PipelineTiming(delayed=0.05, shortest_pause=0.001, longest_pause=0.02, outage_pause=0.02),
    waiting=WaitingTiming(look=3600.0),
    store=StoreTiming(write_check=0.0),
    api=Timing(first_backoff=0.001, first_poll=0.01),
    places=PlaceTiming(pause=0.0),
    erasure_look=0.1,
)


@dataclass(slots=True)
class RunningService:
    """The running service."""

    core: Core
    server: WebServer | None
    ops: WebServer | None
    running: asyncio.Task[None]


@asynccontextmanager
async def run_service(
    settings: Settings, adapter: Adapter, *, timing: ServiceTiming = FAST
) -> AsyncIterator[RunningService]:
    """Run the service with one platform until the end of the block. Raises the error that ended it."""
    stopping = asyncio.Event()
    async with (
        build(settings, {adapter.name: adapter}, timing=timing) as core,
        web_servers.web_server(core) as server,
        web_servers.ops_server(core) as ops,
    ):
        one = RunningService(core, server, ops, asyncio.create_task(run_until(core, stopping)))
        try:
            yield one
        finally:
            stopping.set()
            await one.running


@dataclass(slots=True)
class Service:
    """The service with its test platform and API; it can be stopped and started again."""

    folder: Path
    api: ScriptedApi
    echo: EchoApi
    channel: Channel
    given: dict[str, Any]
    adapter: ChannelAdapter
    timing: ServiceTiming = FAST
    core: Core = field(init=False)
    server: WebServer | None = field(init=False)
    running: asyncio.Task[None] = field(init=False)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self, **settings: Any) -> None:
        """Start on the data of earlier runs."""
        chosen = make_settings(self.api, self.folder, **{**self.given, **settings})
        one = await self._stack.enter_async_context(run_service(chosen, self.adapter, timing=self.timing))
        self.core, self.server, self.running = one.core, one.server, one.running

    async def stop(self) -> None:
        """Stop as on SIGTERM. Raises the error that ended the service."""
        await self._stack.aclose()

    async def ask(self, text: str, **more: Any) -> Message:
        """Ask; return the one answer once it is complete."""
        event = await self.channel.ask(text, **more)
        await self.channel.wait_for_answers(event)
        return self.answer(event)

    async def start_asking(self, text: str, **more: Any) -> str:
        """Ask; return the event's id once the prompt has reached the API."""
        event = await self.channel.ask(text, **more)
        await self.echo.until(lambda: text in self.echo.prompts)
        return event

    def answer(self, event: str) -> Message:
        """Return the one message that answers an event."""
        [message] = self.channel.answers(event)
        return message


@asynccontextmanager
async def service(
    folder: Path,
    *,
    limits: Capabilities | None = None,
    timing: PipelineTiming | None = None,
    waiting: WaitingTiming | None = None,
    clock: Clock | None = None,
    **settings: Any,
) -> AsyncIterator[Service]:
    """Run the service; `settings`: of the core; `clock`: of schedules."""
    async with asyncio.timeout(300), scripted_api() as api, channel_server() as channel:
        echo = EchoApi(api.url)
        api.play(echo)
        one = Service(
            folder,
            api,
            echo,
            channel,
            settings,
            ChannelAdapter(channel.url, limits),
            replace(
                FAST,
                pipeline=FAST.pipeline if timing is None else timing,
                waiting=FAST.waiting if waiting is None else waiting,
                schedules=FAST.schedules if clock is None else ScheduleTiming(clock=clock),
            ),
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


@asynccontextmanager
async def another(one: Service, *, timing: ServiceTiming = FAST, **settings: Any) -> AsyncIterator[Service]:
    """Run a second service on the same database, platform and API, with a data folder of its own."""
    folder, given = one.folder.parent / "another", {**one.given, **settings}
    two = Service(folder, one.api, one.echo, one.channel, given, ChannelAdapter(one.channel.url), timing)
    await two.start()
    try:
        yield two
    finally:
        await two.stop()
        await two.adapter.http.aclose()


@pytest.fixture
def quiet_logs() -> Iterator[None]:
    """Capture log records instead of rendering them, which is slow."""
    with structlog.testing.capture_logs():
        yield
