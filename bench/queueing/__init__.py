"""The capacity of the service in events, by a queueing model that is compared with the running service."""

import asyncio
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from bench.api_server import api_server
from bench.queueing.model import Load, Result, Site, simulate
from bench.service import CONVERSATIONS, SHORT, compare, median
from bot.store.shared.writer import Operation
from bot.store.sqlite.writer import SqliteWriter

AGREEMENT = 1.2  #: of the model with the running service, at most

EVENTS = 800  #: in one measured run
CONVERSATIONS_IN_ALL = 100_000  #: of equal use, as a question in a channel begins a conversation of its own
SECONDS = 60.0  #: of a simulated run
#: CPU seconds of a message on each platform: the tables Discord and Slack of this folder's README.
DISCORD, SLACK = 0.0044, 0.0052
#: Seconds of the database for an event with 200 conversations at a time, and of a transaction for one alone: its tables
#: Store and Store on PostgreSQL.
SQLITE, SQLITE_FLUSH = 0.00037, 0.0008
POSTGRES, POSTGRES_FLUSH = 0.0011, 0.0012
#: Requests a second that Discord allows a bot (https://docs.discord.com/developers/topics/rate-limits#global-rate-limit),
#: and those of an answer that streams for two seconds: typing, thread, message and two edits.
DISCORD_REQUESTS, DISCORD_ANSWER = 50, 5
API = 2.0  #: seconds of a call, as an example of a chat model
SITES = {
    "Slack, one process, SQLite": Site(SLACK, API, database=SQLITE, transactions=(SQLITE_FLUSH,)),
    "the same, `BOT_CHAT_CONCURRENCY=500`": Site(
        SLACK, API, concurrency=500, database=SQLITE, transactions=(SQLITE_FLUSH,)
    ),
    "Discord, the same": Site(
        *(DISCORD, API),
        concurrency=500,
        platform_requests=DISCORD_ANSWER,
        platform_per_second=DISCORD_REQUESTS,
        database=SQLITE,
        transactions=(SQLITE_FLUSH,),
    ),
    "Slack, 4 processes, PostgreSQL, 250 each": Site(
        *(SLACK, API), processes=4, concurrency=250, database=POSTGRES, transactions=(POSTGRES_FLUSH,)
    ),
    "Slack, 16 processes, PostgreSQL, 250 each": Site(
        *(SLACK, API), processes=16, concurrency=250, database=POSTGRES, transactions=(POSTGRES_FLUSH,)
    ),
}


@contextmanager
def timed_transactions() -> Iterator[list[float]]:
    """Yield the seconds of each transaction of the stores on SQLite, as their event loop sees it.

    Beside a busy event loop a transaction takes several times as long as alone: its thread and the loop take turns.
    """
    found: list[float] = []
    write = SqliteWriter.write_next

    async def write_next(writer: SqliteWriter) -> Sequence[Operation[Any]]:
        began = time.perf_counter()
        try:
            return await write(writer)
        finally:
            found.append(time.perf_counter() - began)

    SqliteWriter.write_next = write_next  # type: ignore[method-assign, assignment]
    try:
        yield found
    finally:
        SqliteWriter.write_next = write  # type: ignore[method-assign]


def main() -> None:
    """Print the tables."""
    print("### The model and the running service\n")
    print(
        f"{CONVERSATIONS} conversations that ask again when answered. The model is given what was measured of each "
        "part: the event loop's time for an event, a call of the API by a bare handler alone, and a transaction of the "
        "database. The aim is that both agree within 20 %.\n"
    )
    print("| API latency | figure | running | model | model / running | met |\n| --- | --- | --- | --- | --- | --- |")
    for latency in (0.0, 0.05):
        with api_server(latency) as url:
            bare, _, _ = asyncio.run(compare(url, 100, 1))
            with timed_transactions() as transactions:
                _, _, whole = asyncio.run(compare(url, EVENTS, CONVERSATIONS, exchanges=SHORT))
        answers, seconds = sum(len(m.latencies) for m in whole), sum(m.seconds for m in whole)
        loop = sum(m.loop for m in whole) / answers
        site = Site(loop, median(bare, lambda m: m.p50), transactions=tuple(transactions))
        found = simulate(site, Load(CONVERSATIONS), seconds=20)
        for name, running, modelled in (
            ("answers per second", answers / seconds, found.per_second),
            ("answer, p50 ms", statistics.median(t for m in whole for t in m.latencies) * 1e3, found.wait(0.5) * 1e3),
        ):
            ratio = modelled / running
            is_met = "yes" if 1 / AGREEMENT <= ratio <= AGREEMENT else "no"
            print(f"| {latency * 1e3:.0f} ms | {name} | {running:.1f} | {modelled:.1f} | {ratio:.2f} | {is_met} |")
    print(f"\n### {CONVERSATIONS_IN_ALL:,} conversations\n")
    print(f"A call of the API takes {API:g} s. Waits are from the event to the whole answer.\n")
    print("| service | events a minute | answers a minute | p50 | p99 | most used |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, site in SITES.items():
        for per_minute in (10, 1_000, 10_000, 100_000):
            found = simulate(
                site, Load(CONVERSATIONS_IN_ALL, per_minute / 60), seconds=SECONDS * (10 if per_minute < 1000 else 1)
            )
            print(f"| {name} | {per_minute:,} | {found.per_second * 60:,.0f} | {waits(found)} | {use(found)} |")


def waits(found: Result) -> str:
    """The columns of waits; in an overload they grow for as long as it lasts."""
    return f"{found.wait(0.5):.1f} s | {found.wait(0.99):.1f} s"


def use(found: Result) -> str:
    """The stage that is used most, with its share."""
    return f"{found.first_limit}, {found.use[found.first_limit]:.0%}"
