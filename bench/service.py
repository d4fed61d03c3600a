"""The whole service against a bare handler: the same API, the same HTTP client, no store and no dispatcher.

Measured in one process, A B A B, so that a noisy machine is equally noisy for both; read the ratios.
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
from bot.ops import gc_tuning, logs
from bot.ports import AdapterServices, Sink
from bot.settings.core import Settings

CONVERSATIONS = 50
EVENTS = 800  #: of one run with all the conversations
SHORT = 10  #: exchanges of a short conversation; a long one fills the context window, and each request carries it
WINDOW = 20  #: exchanges in a context window
ROUNDS = 3
numbers = count()


@dataclass(slots=True)
class BenchDraft:
    """An answer that is shown in no time."""

    ref: str
    shown: asyncio.Future[None]

    async def status(self, status: Status) -> None:
        return

    async def write(self, text: str) -> None:
        return

    async def finish(self, answer: Answer) -> None:
        if answer.private or not answer.text:
            raise RuntimeError(f"not an answer: {answer}")
        self.shown.set_result(None)


class BenchAdapter:
    """A platform that costs nothing, so that what is measured is the core."""

    name = "bench"
    capabilities = Capabilities(shows_partial_text=False)
    routes: Sequence[Any] = ()

    def __init__(self) -> None:
        self.waiting: dict[str, asyncio.Future[None]] = {}

    def connected(self, desk: AdapterServices) -> contextlib.AbstractAsyncContextManager[None]:
        return contextlib.nullcontext()

    async def run(self, sink: Sink, commands: Sequence[CommandSpec]) -> None:
        await asyncio.Event().wait()

    async def draft(self, reply_to: Mapping[str, str], *, key: str, ref: str | None, private: bool) -> BenchDraft:
        return BenchDraft(key, self.waiting.pop(key))

    async def open(self, attachment: Attachment) -> AsyncIterator[bytes]:
        yield b""

    async def earlier(self, reply_to: Mapping[str, str], *, limit: int) -> PriorMessages:
        return PriorMessages()

    def health(self) -> str:
        return ""

    async def check(self) -> Sequence[CheckResult]:
        return ()


@dataclass(frozen=True, slots=True)
class Measure:
    """One run of one handler."""

    seconds: float
    cpu: float
    latencies: list[float]

    @property
    def p50(self) -> float:
        return statistics.median(self.latencies)

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.latencies, n=100)[98]


Ask = Callable[[str], Awaitable[None]]  #: returns when the answer is visible


async def measure(ask: Ask, events: int, conversations: int, *, exchanges: int = 0) -> Measure:
    """Each conversation asks its next question when the last is answered.

    After that many `exchanges` a new conversation takes its place; 0: they go on, also in the next run.
    """
    latencies: list[float] = []

    async def talk(name: str, times: int) -> None:
        for number in range(times):
            if exchanges and number % exchanges == 0:
                name = f"short{next(numbers)}"
            started = time.perf_counter()
            await ask(name)
            latencies.append(time.perf_counter() - started)

    started, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(talk(f"c{n}", events // conversations) for n in range(conversations)))
    return Measure(time.perf_counter() - started, time.process_time() - cpu, latencies)


@contextlib.asynccontextmanager
async def bare_handler(base_url: str, *, exchanges: int = 0) -> AsyncIterator[Ask]:
    """Call the API, read the answer: what a handler without promises does.

    `exchanges`: so many, always the same, go before the question, as when a service sends a conversation along.
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
    """The service as it is started, on an adapter that costs nothing."""
    settings = Settings(  # type: ignore[call-arg, unused-ignore]
        _env_file=None,
        aimodels_base_url=base_url,
        aimodels_api_key=SecretStr("key"),
        bot_data_dir=folder,
        bot_requests_per_minute=0,
        bot_chat_concurrency=CONVERSATIONS,
    )
    logs.configure("info", "json")  # written, as in production, to wherever stderr goes
    adapter = BenchAdapter()
    async with bootstrap.build(settings, {adapter.name: adapter}) as core:
        gc_tuning.freeze_startup_objects()  # in this process, so for the bare handler too
        working = asyncio.create_task(core.worker.run())

        async def ask(conversation: str) -> None:
            event = Event(
                id=f"e{next(numbers)}",
                adapter=adapter.name,
                conversation=conversation,
                actor=Actor(id=conversation, name="Ada"),
                location=Location(channel=conversation),
                prompt="What is the capital of France?",
                received_at=datetime.now(UTC),
            )
            shown = adapter.waiting[event.id] = asyncio.get_running_loop().create_future()
            await core.inbox.accept(event)
            await shown

        yield ask
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await core.worker.stop()


async def compare(
    base_url: str, events: int, conversations: int, *, exchanges: int = 0
) -> tuple[list[Measure], list[Measure], list[Measure]]:
    """Bare handler, one that sends as much as a long conversation, and service in turn; the first round warms up."""
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
    """The median of a figure over the rounds."""
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
    many(0, "long: each request carries a full context window")
    many(SHORT, f"short: {SHORT} exchanges each")


def many(exchanges: int, title: str) -> None:
    """Print the table of many conversations at once; of long ones also against a bare handler that sends as much."""
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
