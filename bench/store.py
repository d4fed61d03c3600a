"""Cost of the store's operations on SQLite."""

import asyncio
import sqlite3
import tempfile
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

from bot.limits import QuotaRequest
from bot.models import Actor, Answer, Event, Job, Lane, Location, Outcome, Turn, Usage
from bot.ports import Store
from bot.store.sqlite.store import SqliteStore

LANES = tuple(Lane)
SLOTS = dict.fromkeys(Lane, 32)  #: free slots of each kind of lane
ADAPTERS = ("bench",)
_OF_A_PERSON = 15  #: events where requests a minute are limited

#: Opens the store of a name.
Open = Callable[[str], AbstractAsyncContextManager[Store]]
#: Multiplies the finished events of the store of a name.
Fill = Callable[[str, int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Measurement:
    """CPU and wall time in seconds of a number of events."""

    events: int
    cpu: float
    wall: float

    @property
    def row(self) -> str:
        cpu, wall = self.cpu / self.events * 1000, self.wall / self.events * 1000
        return f"{cpu:.2f} | {wall:.2f} | {self.events / self.wall:,.0f}"


def event(n: int, conversation: int, *, actor: int | None = None) -> Event:
    return Event(
        id=f"1700000000.{n:09}",
        adapter="bench",
        conversation=f"C{conversation:06}/1700000000.000000",
        actor=Actor(id=f"U{conversation if actor is None else actor:06}", name="Somebody", locale="en-GB"),
        location=Location(workspace="T1", channel=f"C{conversation:06}", thread="1700000000.000000"),
        prompt="Could you explain how a hash map resolves collisions, with a short example? " * 3,
        reply_to={"channel": f"C{conversation:06}", "thread_ts": "1700000000.000000"},
        received_at=datetime.now(UTC),
    )


def outcome(asked: Event) -> Outcome:
    text = "A hash map puts each key into a bucket; keys that meet in one bucket are chained or probed. " * 12
    return Outcome(
        answer=Answer(text=text),
        turns=(Turn(role="user", content=asked.prompt), Turn(role="assistant", content=text)),
        usage=(Usage(kind="chat", model="gpt-4-turbo", prompt_tokens=120, completion_tokens=300, cost=0.01),),
    )


class Claims:
    """Claimed events. As in the worker one claims for all, as many as there are, and waits when there is nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._claiming = asyncio.Lock()
        self._jobs: deque[Job] = deque()

    async def take(self) -> Job:
        """Return an event that is claimed."""
        async with self._claiming:
            while not self._jobs:
                self._jobs += await self._store.claim_some(SLOTS, ADAPTERS)
                if not self._jobs:
                    await self._store.wait()
            return self._jobs.popleft()


async def process_event(store: Store, asked: Event, claims: Claims, quota: QuotaRequest | None = None) -> None:
    """Record, claim, save the draft, commit and complete; claims any waiting event. A `quota` is counted."""
    await store.record(asked, lane=Lane.CONVERSATION, quota=quota)
    job = await claims.take()
    await store.save_draft(job, "1700000001.000000")
    await store.commit(job, outcome(job.event))
    await store.complete(job)


async def measure(work: Awaitable[None], events: int) -> Measurement:
    cpu, wall = time.process_time(), time.perf_counter()
    await work
    return Measurement(events, time.process_time() - cpu, time.perf_counter() - wall)


async def process_events(
    store: Store, concurrent: int, each: int, start: int, quota: QuotaRequest | None = None
) -> None:
    """Process `each` events in each of so many conversations at once; with a quota some are of each person."""
    claims = Claims(store)

    async def conversation(number: int) -> None:
        for n in range(each):
            actor = None if quota is None else start + 1000 * (n // _OF_A_PERSON) + number
            await process_event(store, event(start + number * each + n, number, actor=actor), claims, quota)

    await asyncio.gather(*(conversation(number) for number in range(concurrent)))


async def print_events_table(open_store: Open, times: int = 5) -> None:
    print("| concurrent conversations | CPU ms/event | wall ms/event | events/s |\n| ---: | ---: | ---: | ---: |")
    for concurrent, each in ((1, 120 * times), (10, 40 * times), (50, 20 * times), (200, 5 * times)):
        async with open_store(f"events{concurrent}") as store:
            await process_events(store, concurrent, 5, 0)
            best = min(
                [
                    await measure(process_events(store, concurrent, each, 10**6 * (run + 1)), concurrent * each)
                    for run in range(2)
                ],
                key=lambda one: one.cpu,
            )
            print(f"| {concurrent} | {best.row} |")


async def median_time(step: Callable[[], Awaitable[object]], times: int) -> float:
    """Return the median wall time of a step in microseconds."""
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        await step()
        spent.append(time.perf_counter() - start)
    return median(spent) * 1e6


async def print_claim_table(open_store: Open, fill: Fill) -> None:
    print("\n| finished events | waiting events | claim µs |\n| ---: | ---: | ---: |")
    results = []
    for finished, waiting in ((0, 1), (0, 1000), (100_000, 1000)):
        name = f"claim{finished}-{waiting}"
        async with open_store(name) as store:
            await process_events(store, 1, 1, 0)
        if finished:
            await fill(name, finished)
        async with open_store(name) as store:
            await asyncio.gather(
                *(store.record(event(10 + n, n // 2, actor=n % 50), lane=Lane.CONVERSATION) for n in range(waiting))
            )

            async def claim_only(store: Store = store) -> float:
                start = time.perf_counter()
                job = await store.claim(LANES, ADAPTERS)
                spent = time.perf_counter() - start
                assert job is not None
                await store.complete(job)
                await store.record(event(int(time.perf_counter_ns()), 7), lane=Lane.CONVERSATION)
                return spent

            spent = [await claim_only() for _ in range(300)]
            results.append(median(spent) * 1e6)
            print(f"| {finished:,} | {waiting:,} | {results[-1]:.0f} |")
    print(f"\nRatio of the last two rows: {results[2] / results[1]:.2f}.")


def fill_finished(path: Path, events: int) -> None:
    """Insert copies of a finished event into a database."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO events (adapter, id, conversation, lane, command, actor, channel, replaces, received_at,"
            " event, answer, done) SELECT adapter, id || '/' || i, conversation || '/' || (i % 500), lane, command,"
            " actor, channel, replaces, received_at, event, answer, 1"
            " FROM n, (SELECT * FROM events WHERE done = 1 LIMIT 1)",
            (events,),
        )


def fill_turns(path: Path, turns: int) -> None:
    """Insert live turns into the one conversation of a database."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN")
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO turns (event_seq, n, adapter, conversation, data, live)"
            " SELECT event_seq, i, adapter, conversation, data, live FROM n, (SELECT * FROM turns LIMIT 1)",
            (turns + 7,),
        )
        db.execute("COMMIT")


async def print_context_table(folder: Path) -> None:
    print(
        "\n| stored turns in the conversation | read from the table, µs | held in memory, µs |\n| ---: | ---: | ---: |"
    )
    results = []
    asked = event(0, 0)
    for turns in (1_000, 1_000_000):
        path = folder / f"memory{turns}.db"
        async with SqliteStore(path) as store:
            await process_events(store, 1, 1, 0)
        fill_turns(path, turns)
        async with SqliteStore(path) as store:
            memory = await store.context("bench", asked.conversation, limit=40)
            assert (len(memory.turns), memory.total) == (40, turns)

            async def read(exclude_event: str, store: SqliteStore = store) -> None:
                await store.context("bench", asked.conversation, limit=40, exclude_event=exclude_event)

            # With `exclude_event` the table is read; without it, the newest turns come from memory.
            figures = [await median_time(partial(read, without), 300) for without in ("nothing", "")]
            results.append(figures[0])
            print(f"| {turns:,} | {figures[0]:.0f} | {figures[1]:.0f} |")
    print(f"\nRatio of the reads: {results[1] / results[0]:.2f}.")


async def print_tables() -> None:
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as name:
        folder = Path(name)

        async def fill(store: str, events: int) -> None:
            fill_finished(folder / store, events)

        print("Full durability (`synchronous=FULL`): record, claim, save_draft, commit (two turns, usage), complete.\n")
        await print_events_table(lambda store: SqliteStore(folder / store))
        await print_claim_table(lambda store: SqliteStore(folder / store), fill)
        await print_context_table(folder)


def main() -> None:
    """Print the tables."""
    asyncio.run(print_tables())


if __name__ == "__main__":
    main()
