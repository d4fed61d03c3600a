"""One process of the service against two on Slack and one PostgreSQL: their alternate runs share all other load.

The processes of a group have a Slack simulator and a database of their own; Slack sends each event over the Socket Mode
connection that has carried the fewest. Simulators and measurements run in this process.
"""

import secrets
import statistics
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from bench.aims.table import Aim, print_aims
from bench.api_server import api_server
from bench.bots.common import Bot
from bench.bots.comparison import Measure
from bench.bots.slack import start_bot
from bench.postgres.store import Server, with_server
from bench.slack import ALONE, Questions, get_channels, measure_run
from simulators.slack import SlackSimulator

ROUNDS = 4
SLOTS = 25  #: concurrent answers of one process
GROUPS = (1, 2)
_KEY = secrets.token_urlsafe(32)  #: that the processes share


@dataclass(frozen=True, slots=True)
class Processes:
    """The processes of a group; see `Bot`."""

    questions: Questions
    bots: list[Bot]

    @property
    def cpu(self) -> float:
        """CPU time of all so far in seconds."""
        return sum(one.cpu for one in self.bots)


@dataclass(slots=True)
class Run:
    """Measurements of one run."""

    measure: Measure
    server: float  #: CPU seconds of the database

    @property
    def cpu(self) -> float:
        """CPU milliseconds of the service for a message."""
        return self.measure.cpu_per_message


@asynccontextmanager
async def processes(server: Server, size: int, api: str, name: str) -> AsyncIterator[Processes]:
    """Run so many processes on a database of that name."""
    async with server.open(name):
        pass
    start = partial(start_bot, BOT_DATABASE_URL=server.url(name), BOT_SECRET_KEY=_KEY, BOT_CHAT_CONCURRENCY=f"{SLOTS}")
    async with SlackSimulator() as slack, AsyncExitStack() as stack:
        bots = [await stack.enter_async_context(start("service", slack, api)) for _ in range(size)]
        yield Processes(Questions(slack), bots)


async def print_table(server: Server, latency: float) -> list[Aim]:
    """Print the figures of one process and of two, at an API of this latency in seconds; returns the aims."""
    aims = []
    runs: dict[tuple[int, bool], list[Run]] = {(size, together): [] for size in GROUPS for together in (True, False)}
    with api_server(latency) as api:
        async with AsyncExitStack() as stack:
            groups = [
                await stack.enter_async_context(processes(server, size, api, f"slack{size}-{latency * 1e3:.0f}"))
                for size in GROUPS
            ]
            for number in range(ROUNDS + 1):  # the first warms up
                for size, group in zip(GROUPS, groups, strict=True):
                    channels = get_channels(group.questions.slack)
                    for together in (True, False):
                        cpu = server.cpu()
                        some = channels if together else channels[:ALONE]
                        measure = await measure_run(group.questions, group, some, at_once=together)
                        if number:
                            runs[size, together].append(Run(measure, server.cpu() - cpu))
    rows: tuple[tuple[str, bool, Callable[[Run], float]], ...] = (
        ("messages/s", True, lambda run: run.measure.rate),
        ("CPU ms/message", True, lambda run: run.cpu),
        ("CPU ms/message of the server", True, lambda run: run.server / len(run.measure.answers) * 1e3),
        ("first sign, one at a time, p50 ms", False, lambda run: statistics.median(run.measure.signs) * 1e3),
    )
    for name, together, figure in rows:
        first, second = ([figure(run) for run in runs[size, together]] for size in GROUPS)
        ratios = [b / a for a, b in zip(first, second, strict=True)]
        each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        a, b, ratio = statistics.median(first), statistics.median(second), statistics.median(ratios)
        print(f"| {latency * 1e3:.0f} ms | {name} | {a:.1f} | {b:.1f} | {ratio:.2f} | {each} |", flush=True)
        if name == "messages/s":
            title = f"two processes to one, messages a second at {latency * 1e3:.0f} ms"
            aims.append(Aim(title, ratio, 1.0, "{:.2f} ×", is_minimum=True))
        elif name.startswith("first sign") and not latency:
            aims.append(Aim("first sign, one at a time, p50", a, 8, "{:.1f} ms"))
    return aims


async def print_tables(server: Server) -> None:
    print("| API latency | figure | one process | two processes | ratio | ratio of each round |")
    print("| --- | --- | ---: | ---: | ---: | --- |")
    print_aims([aim for latency in (0.2, 0.0) for aim in await print_table(server, latency)])


def main() -> None:
    """Print the table, or the reason why it can't be measured."""
    with_server(print_tables)


if __name__ == "__main__":
    main()
