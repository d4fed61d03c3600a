"""The whole service compared with a bare handler: the same API and HTTP client, but no store and no dispatcher.

Both alternate (A B A B …) in one process, so that other load affects both alike: read the ratios.
"""

import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from aimodels.transport import open_http
from bench.api_server import api_server
from bot import bootstrap
from bot.models import (
    Actor,
    Answer,
    Attachment,
    Capabilities,
    CheckResult,
    CommandSpec,
    Event,
    Location,
    PriorMessages,
    Status,
)
from bot.ops import gc_tuning
from bot.ports import AdapterServices, Confirm, NoChannels, NoDirectory, NoReactions, Sink, always_owned
from bot.settings.core import Settings
from bot.telemetry import logs

CONVERSATIONS = 50
EVENTS = 800  #: in one run with all conversations
SHORT = 10  #: exchanges of a short conversation; a long one fills the context window of each request
WINDOW = 20  #: exchanges in a context window
ROUNDS = 3
numbers = count()


@dataclass(slots=True)
class BenchDraft:
    """A draft that is shown at no cost."""

    ref: str
    shown: asyncio.Future[None]

    async def status(self, status: Status) -> None:
        return

    async def show_place(self, text: str, *, follows: bool, before_message: Callable[[], Awaitable[None]]) -> None:
        return

    async def write(self, text: str) -> None:
        return

    async def finish(self, answer: Answer) -> None:
        if answer.private or not answer.text:
            raise RuntimeError(f"not an answer: {answer}")
        self.shown.set_result(None)


class BenchAdapter(NoDirectory, NoChannels, NoReactions):
    """A platform at no cost, so that only the core is measured."""

    name = "bench"
    capabilities = Capabilities()
    routes: Sequence[Any] = ()

    def __init__(self) -> None:
        self.waiting: dict[str, asyncio.Future[None]] = {}

    def connected(self, services: AdapterServices) -> contextlib.AbstractAsyncContextManager[None]:
        return contextlib.nullcontext()

    async def run(self, sink: Sink, commands: Sequence[CommandSpec]) -> None:
        await asyncio.Event().wait()

    async def draft(
        self, reply_to: Mapping[str, str], *, key: str, ref: str | None, private: bool, confirm: Confirm = always_owned
    ) -> BenchDraft:
        return BenchDraft(key, self.waiting.pop(key))

    async def open(self, attachment: Attachment) -> AsyncIterator[bytes]:
        yield b""

    async def read_prior_messages(self, reply_to: Mapping[str, str], *, limit: int) -> PriorMessages:
        return PriorMessages()

    async def place_beside(
        self, reply_to: Mapping[str, str], *, conversation: str, channel: str = "", person: str = ""
    ) -> Mapping[str, str]:
        return reply_to

    async def place_again(
        self, reply_to: Mapping[str, str], *, conversation: str, heading: str = ""
    ) -> tuple[str, Mapping[str, str]]:
        return conversation, reply_to

    def health(self) -> str:
        return ""

    async def check(self) -> Sequence[CheckResult]:
        return ()


@dataclass(frozen=True, slots=True)
class Measure:
    """Measurements of one run."""

    seconds: float
    cpu: float
    loop: float  #: of `cpu`, the event loop's thread, with its waits for a processor that other load has
    latencies: list[float]

    @property
    def p50(self) -> float:
        return statistics.median(self.latencies)

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.latencies, n=100)[98]


Ask = Callable[[str], Awaitable[None]]  #: asks in the conversation of that name; returns when the answer is visible


async def measure(ask: Ask, events: int, conversations: int, *, exchanges: int = 0) -> Measure:
    """Ask `events` questions in `conversations` at a time, each of which waits for its last answer.

    After `exchanges` a new conversation replaces an old one; 0: conversations continue, also in the next run.
    """
    latencies: list[float] = []

    async def converse(name: str, times: int) -> None:
        for number in range(times):
            if exchanges and number % exchanges == 0:
                name = f"short{next(numbers)}"
            started = time.perf_counter()
            await ask(name)
            latencies.append(time.perf_counter() - started)

    started, cpu, loop = time.perf_counter(), time.process_time(), thread_time()
    await asyncio.gather(*(converse(f"c{n}", events // conversations) for n in range(conversations)))
    return Measure(time.perf_counter() - started, time.process_time() - cpu, thread_time() - loop, latencies)


def thread_time() -> float:
    """Return the seconds for which this thread ran or, where the system tells, waited for a processor."""
    try:
        ran, waited, _ = Path("/proc/thread-self/schedstat").read_text().split()
    except OSError:
        return time.thread_time()
    return (int(ran) + int(waited)) / 1e9


def question(name: str, conversation: str) -> Event:
    """Return an event of that id, a question in a conversation of `BenchAdapter`."""
    return Event(
        id=name,
        adapter=BenchAdapter.name,
        conversation=conversation,
        actor=Actor(id=conversation, name="Ada"),
        location=Location(channel=conversation),
        prompt="What is the capital of France?",
        received_at=datetime.now(UTC),
    )


@contextlib.asynccontextmanager
async def bare_handler(base_url: str, *, exchanges: int = 0) -> AsyncIterator[Ask]:
    """Yield a handler that calls the API and reads the answer.

    `exchanges`: number of earlier exchanges in each request, as in the context of a conversation.
    """
    question = {"role": "user", "content": "What is the capital of France?"}
    answer = {"role": "assistant", "content": "A plain answer of an everyday length, with a few sentences in it. " * 6}
    async with httpx.AsyncClient(transport=open_http(base_url), trust_env=False) as http:

        async def ask(_conversation: str) -> None:
            response = await http.post(
                f"{base_url}/chat/completions",
                json={
                    "model": "gpt-4-turbo",
                    "messages": [*(question, answer) * exchanges, question],
                    "max_tokens": 2048,
                },
                headers={"Authorization": "Bearer key"},
            )
            if not response.json()["data"]["choices"][0]["message"]["content"]:
                raise RuntimeError("no answer")

        yield ask


@contextlib.asynccontextmanager
async def service(base_url: str, folder: Path) -> AsyncIterator[Ask]:
    """Run the service on an adapter at no cost."""
    async with running(base_url, folder) as (_, ask):
        yield ask


@contextlib.asynccontextmanager
async def running(base_url: str, folder: Path, **more: Any) -> AsyncIterator[tuple[bootstrap.Core, Ask]]:
    """Run the service on an adapter at no cost; also return its parts. `more`: settings."""
    settings = Settings(  # type: ignore[call-arg, unused-ignore]
        _env_file=None,
        aimodels_base_url=base_url,
        aimodels_api_key=SecretStr("key"),
        bot_data_dir=folder,
        bot_requests_per_minute=0,
        bot_chat_concurrency=CONVERSATIONS,
        **more,
    )
    logs.configure("info", "json")  # log lines are written, as in production
    adapter = BenchAdapter()
    async with bootstrap.build(settings, {adapter.name: adapter}) as core:
        gc_tuning.freeze_startup_objects()  # affects the bare handler, too, as it runs in this process
        working = asyncio.create_task(core.worker.run())

        async def ask(conversation: str) -> None:
            event = question(f"e{next(numbers)}", conversation)
            shown = adapter.waiting[event.id] = asyncio.get_running_loop().create_future()
            await core.inbox.accept(event)
            await shown

        yield core, ask
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await core.worker.stop()


async def compare(
    base_url: str, events: int, conversations: int, *, exchanges: int = 0
) -> tuple[list[Measure], list[Measure], list[Measure]]:
    """Measure bare handler, bare handler with long requests, and service in turn; the first round warms up."""
    bare: list[Measure] = []
    same: list[Measure] = []
    whole: list[Measure] = []
    with tempfile.TemporaryDirectory() as folder:
        async with (
            bare_handler(base_url) as ask_bare,
            bare_handler(base_url, exchanges=WINDOW) as ask_same,
            service(base_url, Path(folder)) as ask_service,
        ):
            for _ in range(ROUNDS + 1):
                bare.append(await measure(ask_bare, events, conversations))
                same.append(await measure(ask_same, events, conversations))
                whole.append(await measure(ask_service, events, conversations, exchanges=exchanges))
    return bare[1:], same[1:], whole[1:]


def median(measures: list[Measure], figure: Callable[[Measure], float]) -> float:
    """Return the median of a figure over the rounds."""
    return statistics.median(figure(each) for each in measures)


def main() -> None:
    """Print the tables."""
    print("### One event at a time\n")
    print("| API latency | figure | bare handler | service | added |\n| --- | --- | --- | --- | --- |")
    for latency, events in ((0.0, 100), (0.05, 40)):
        with api_server(latency) as url:
            bare, _, whole = asyncio.run(compare(url, events, 1))
        for name, figure in (("p50", lambda m: m.p50), ("p99", lambda m: m.p99)):
            a, b = median(bare, figure) * 1e3, median(whole, figure) * 1e3
            print(f"| {latency * 1e3:.0f} ms | {name} | {a:.2f} ms | {b:.2f} ms | {b - a:.2f} ms |")
    print_concurrent_table(0, "long: each request carries a full context window")
    print_concurrent_table(SHORT, f"short: {SHORT} exchanges each")


def print_concurrent_table(exchanges: int, title: str) -> None:
    """Print the table of concurrent conversations; compare long ones also with a handler that sends as much."""
    print(f"\n### {CONVERSATIONS} conversations at once, {title}\n")
    is_long = not exchanges
    more = (" bare handler, as much sent |", " ratio |", " --- | --- |") if is_long else ("", "", "")
    print(f"| API latency | figure | bare handler |{more[0]} service | ratio |{more[1]}")
    print(f"| --- | --- | --- | --- | --- |{more[2]}")
    for latency in (0.0, 0.05):
        with api_server(latency) as url:
            bare, same, whole = asyncio.run(compare(url, EVENTS, CONVERSATIONS, exchanges=exchanges))
        for name, figure in (
            ("CPU ms per event", lambda m: m.cpu / len(m.latencies) * 1e3),
            ("events per second", lambda m: len(m.latencies) / m.seconds),
        ):
            a, b, c = median(bare, figure), median(same, figure), median(whole, figure)
            row = (a, b, c, c / a, c / b) if is_long else (a, c, c / a)
            print(f"| {latency * 1e3:.0f} ms | {name} | {' | '.join(f'{value:.2f}' for value in row)} |")


if __name__ == "__main__":
    main()
