"""One process of the service against two on one PostgreSQL: their alternate runs share all other load.

With the limits of the default configuration: after some questions in a conversation another person asks.
Each process has a platform at no cost. Questions are put to the processes of a group in turn, as connections of a
platform get them; whichever has a free slot answers.
"""

import asyncio
import contextlib
import json
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import psutil
from pydantic import SecretStr

from bench.aims.table import Aim, print_aims
from bench.api_server import api_server
from bench.postgres.store import Server
from bench.service import BenchAdapter, BenchDraft, question
from bot import bootstrap
from bot.models import Actor, Answer
from bot.ops import gc_tuning
from bot.ports import Confirm, always_owned
from bot.settings.core import Settings
from bot.telemetry import logs

CONVERSATIONS = 100
SLOTS = 25  #: concurrent answers of one process
EVENTS = 600  #: in one run with all conversations
ALONE = 40  #: in one run with one conversation
ROUNDS = 4
WARM_UP = 100
OF_A_PERSON = 10  #: questions to one process; the limit on requests a minute allows that in each of two
numbers = count()
_KEY = secrets.token_urlsafe(32)  #: that the processes share


# ------------------------------------------------------------------ a process


class ToldDraft(BenchDraft):
    """A draft that reports its end."""

    async def finish(self, answer: Answer) -> None:
        _report("shown", self.ref)


class ToldAdapter(BenchAdapter):
    """A platform that reports what is visible."""

    async def draft(
        self, reply_to: Mapping[str, str], *, key: str, ref: str | None, private: bool, confirm: Confirm = always_owned
    ) -> BenchDraft:
        await confirm()
        _report("sign", key)
        return ToldDraft(key, asyncio.get_running_loop().create_future())


def _report(what: str, event: str) -> None:
    sys.stdout.write(f"{what} {event}\n")
    sys.stdout.flush()


async def serve(api: str, database: str, folder: Path) -> None:
    """Run the service; each line of input is a question: its event and its conversation."""
    settings = Settings(  # type: ignore[call-arg, unused-ignore]
        _env_file=None,
        aimodels_base_url=api,
        aimodels_api_key=SecretStr("key"),
        bot_data_dir=folder,
        bot_database_url=SecretStr(database),
        bot_chat_concurrency=SLOTS,
        bot_log_level="warning",
    )
    logs.configure("warning", "json")
    adapter = ToldAdapter()
    async with bootstrap.build(settings, {adapter.name: adapter}) as core:
        gc_tuning.freeze_startup_objects()
        working = asyncio.create_task(core.worker.run())
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        _report("ready", "")
        async with asyncio.TaskGroup() as group:
            asked = Counter[str]()
            while line := await reader.readline():
                name, conversation = json.loads(line)
                actor = Actor(id=f"{conversation}/{asked[conversation] // OF_A_PERSON}", name="Ada")
                asked[conversation] += 1
                group.create_task(core.inbox.accept(replace(question(name, conversation), actor=actor)))
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await core.worker.stop()


# ------------------------------------------------------------------ who asks


@dataclass(slots=True)
class Run:
    """Measurements of one run."""

    events: int
    seconds: float = 0.0
    cpu: float = 0.0  #: of the processes
    signs: list[float] = field(default_factory=list)  #: seconds to the first visible sign


@dataclass(slots=True)
class Group:
    """The processes of one database."""

    processes: list[asyncio.subprocess.Process] = field(default_factory=list)
    waiting: dict[str, dict[str, asyncio.Future[float]]] = field(default_factory=dict)

    @property
    def cpu(self) -> float:
        """CPU time of the processes in seconds."""
        times = [psutil.Process(process.pid).cpu_times() for process in self.processes]
        return sum(one.user + one.system for one in times)

    async def read(self, process: asyncio.subprocess.Process) -> None:
        """Note what a process reports."""
        assert process.stdout is not None
        while line := await process.stdout.readline():
            what, _, event = line.decode().strip().partition(" ")
            reported = self.waiting.get(event, {}).get(what)
            if reported is not None and not reported.done():
                reported.set_result(time.perf_counter())

    async def ask(self, conversation: str, run: Run) -> None:
        """Ask the next process and wait for the answer."""
        number = next(numbers)
        name, loop = f"e{number}", asyncio.get_running_loop()
        reports = self.waiting[name] = {"sign": loop.create_future(), "shown": loop.create_future()}
        process = self.processes[number % len(self.processes)]
        assert process.stdin is not None
        began = time.perf_counter()
        process.stdin.write(json.dumps([name, conversation]).encode() + b"\n")
        async with asyncio.timeout(60):
            run.signs.append(await reports["sign"] - began)
            await reports["shown"]
        del self.waiting[name]

    async def measure(self, events: int, conversations: int) -> Run:
        """Ask `events` questions in so many conversations, each of which waits for its last answer."""
        run = Run(events)

        async def converse(name: str) -> None:
            for _ in range(events // conversations):
                await self.ask(name, run)

        cpu, began = self.cpu, time.perf_counter()
        await asyncio.gather(*(converse(f"c{number}") for number in range(conversations)))
        run.seconds = time.perf_counter() - began
        run.cpu = self.cpu - cpu
        return run


@contextlib.asynccontextmanager
async def group_of(size: int, *, api: str, database: str, folder: Path) -> AsyncIterator[Group]:
    """Run so many processes on a database."""
    group = Group()
    readers: list[asyncio.Task[None]] = []
    try:
        for number in range(size):
            own = folder / f"{size}-{number}"
            own.mkdir(parents=True)
            command = (sys.executable, "-m", "bench.postgres.processes", api, database, str(own))
            pipe, environment = asyncio.subprocess.PIPE, {**os.environ, "BOT_SECRET_KEY": _KEY}
            process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, env=environment)
            group.processes.append(process)
            assert process.stdout is not None
            await process.stdout.readline()
            readers.append(asyncio.create_task(group.read(process)))
        yield group
    finally:
        for process in group.processes:
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()
        await asyncio.gather(*readers)


async def print_table(server: Server, latency: float) -> list[Aim]:
    """Print the figures of one process and of two, at an API of this latency in seconds; returns the aims."""
    aims = []
    with api_server(latency) as api, tempfile.TemporaryDirectory() as folder:
        names = [f"processes{size}-{round(latency * 1000)}" for size in (1, 2)]
        for name in names:
            async with server.open(name):
                pass
        async with (
            group_of(1, api=api, database=server.url(names[0]), folder=Path(folder)) as one,
            group_of(2, api=api, database=server.url(names[1]), folder=Path(folder)) as two,
        ):
            runs: dict[int, list[Run]] = {1: [], 2: []}
            alone: dict[int, list[Run]] = {1: [], 2: []}
            for group in (one, two):
                await group.measure(WARM_UP, CONVERSATIONS)
            for _ in range(ROUNDS):
                for size, group in ((1, one), (2, two)):
                    if not latency:
                        alone[size].append(await group.measure(ALONE, 1))
                    runs[size].append(await group.measure(EVENTS, CONVERSATIONS))
    rows: tuple[tuple[str, dict[int, list[Run]], Callable[[Run], float]], ...] = (
        ("events/s", runs, lambda run: run.events / run.seconds),
        ("CPU ms/event", runs, lambda run: run.cpu / run.events * 1e3),
        ("first sign, one at a time, p50 ms", alone, lambda run: statistics.median(run.signs) * 1e3),
    )
    for name, measured, figure in rows if not latency else rows[:2]:
        first, second = ([figure(run) for run in measured[size]] for size in (1, 2))
        ratios = [b / a for a, b in zip(first, second, strict=True)]
        each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        a, b, ratio = statistics.median(first), statistics.median(second), statistics.median(ratios)
        print(f"| {latency * 1e3:.0f} ms | {name} | {a:.1f} | {b:.1f} | {ratio:.2f} | {each} |", flush=True)
        if name == "events/s":
            bound = 1.7 if latency else 1.0
            title = f"two processes to one, events a second at {latency * 1e3:.0f} ms"
            aims.append(Aim(title, ratio, bound, "{:.2f} ×", is_minimum=True))
        elif name == "CPU ms/event" and not latency:
            aims.append(Aim("CPU of the service for an event", a, 2.0, "{:.1f} ms"))
        elif not latency:
            aims.append(Aim("first sign, one at a time, p50", a, 8, "{:.1f} ms"))
    return aims


async def print_tables(server: Server) -> None:
    print(f"{CONVERSATIONS} conversations at once, {SLOTS} answers at a time of each process, {ROUNDS} rounds A B.\n")
    print("| API latency | figure | one process | two processes | ratio | ratio of each round |")
    print("| --- | --- | ---: | ---: | ---: | --- |")
    print_aims([aim for latency in (0.2, 0.0) for aim in await print_table(server, latency)])


def main() -> None:
    """Print the table, or the reason why it can't be measured."""
    from bench.postgres.store import with_server

    with_server(print_tables)


if __name__ == "__main__":
    if sys.argv[1:]:
        asyncio.run(serve(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
    else:
        main()
