"""Cost of a claim on PostgreSQL at 10, 1,000 and 100,000 waiting events, in many lanes and in few.

Databases take turns, so that other load affects all alike: read the ratios. Pages are counted by the server.
"""

import contextlib
import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.postgres.store import Server, with_server
from bench.store import ADAPTERS, LANES, event, process_events
from bot.models import Lane
from bot.ports import Store
from bot.store.postgres import statements
from bot.store.postgres.connection import BY_INDEX
from bot.store.shared.sql import to_numbered

WAITING = (10, 1_000, 100_000)
FEW = 7  #: lanes
ROUNDS, CLAIMS = 6, 50
_FILL = """
INSERT INTO events (
    adapter, id, conversation, lane, lane_key, command, actor, channel, replaces, received_at, event)
SELECT adapter, 'w' || n, key, 'conversation', key, command, 'U' || n % 500, channel, replaces, received_at, event
FROM (SELECT n, 'C' || n % $2::integer AS key FROM generate_series(1, $1::integer) AS n) AS new,
    (SELECT * FROM events LIMIT 1) AS one
"""


@dataclass(slots=True)
class Case:
    """A database in which so many events wait."""

    waiting: int
    store: Store
    pages: int = 0
    times: list[float] = field(default_factory=list)  #: median seconds of each round

    async def measure(self, number: int) -> None:
        """Claim and complete events, and record as many."""
        spent = []
        for n in range(CLAIMS):
            await self.store.record(event(10**6 * (number + 1) + n, 10**6 + n), lane=Lane.CONVERSATION)
            began = time.perf_counter()
            job = await self.store.claim(LANES, ADAPTERS)
            spent.append(time.perf_counter() - began)
            assert job is not None
            await self.store.complete(job)
        self.times.append(statistics.median(spent))


async def count_pages(server: Server, name: str) -> int:
    """Return the median number of pages that a claim reads."""
    text, names = to_numbered(statements.CLAIM)
    given = {
        "owner": 1,
        "numbers": [1],
        "now": 1.0,
        "bound": 300.0,
        "lanes": list(LANES),
        "slots": [2] * len(LANES),
        "most": 1,
        "occupied": [],
    }
    given |= {"adapters": list(ADAPTERS), "channel": "bench"}
    async with server.connected(name) as db:
        for setting, value in BY_INDEX.items():
            await db.execute(f"SET {setting} = {value}")
        found = []
        for _ in range(7):
            plan = await db.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {text}", *[given[name] for name in names])
            found.append(int(re.findall(r"shared hit=(\d+)", "\n".join(line for (line,) in plan))[0]))
    return int(statistics.median(found))


async def open_case(server: Server, waiting: int, lanes: int, stack: contextlib.AsyncExitStack) -> Case:
    """Make a database in which events wait, and sort them in."""
    name = f"claims{waiting}-{lanes}"
    store = await stack.enter_async_context(server.open(name))
    await process_events(store, 1, 1, 0)
    async with server.connected(name) as db:
        await db.execute(_FILL, waiting, lanes)
        while await db.fetchval("SELECT EXISTS (SELECT FROM arrivals)"):
            await store.claim((), ADAPTERS)
        await db.execute("VACUUM ANALYZE")  # as autovacuum does after a while
    return Case(waiting, store, await count_pages(server, name))


async def print_table(server: Server) -> None:
    """Print the cost of claims."""
    print("| waiting events | lanes | pages read | ratio | claim µs | ratio (median of rounds) |")
    print("| ---: | --- | ---: | ---: | ---: | ---: |")
    for title in ("one each", f"{FEW}"):
        async with contextlib.AsyncExitStack() as stack:
            cases = [
                await open_case(server, waiting, FEW if title == f"{FEW}" else waiting, stack) for waiting in WAITING
            ]
            for number in range(ROUNDS):
                for case in cases:
                    await case.measure(number)
        _print_rows(title, cases)


def _print_rows(title: str, cases: Sequence[Case]) -> None:
    first = cases[0]
    for case in cases:
        ratio = statistics.median(a / b for a, b in zip(case.times, first.times, strict=True))
        figures = f"{case.pages} | {case.pages / first.pages:.2f} | {statistics.median(case.times) * 1e6:.0f}"
        print(f"| {case.waiting:,} | {title} | {figures} | {ratio:.2f} |", flush=True)


def main() -> None:
    """Print the table, or the reason why it can't be measured."""
    with_server(print_table)


if __name__ == "__main__":
    main()
