"""Groups of writes: what several processes write at once."""

import asyncio

import pytest
from pydantic import SecretStr

from bot.models import Lane
from bot.ports import Store
from tests.support.database.postgres import connected, server, url
from tests.support.database.store import claim, event

pytest.importorskip("asyncpg")
from bot.store.postgres.store import PostgresStore

__all__ = ["server", "url"]
NAMES = "dbac"  #: of events, in the order in which they come
HOLD = """
INSERT INTO events (adapter, id, conversation, lane, command, actor, channel, replaces, received_at)
VALUES ('one', 'b', '', 'free', '', '', '', '', 0)
"""
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


async def test_processes_that_record_the_same_events_do_not_deadlock(url: SecretStr) -> None:
    """A platform may deliver events to two processes, to each in another order; each waits in order of receipt."""

    async def record(store: Store, names: str) -> list[bool]:
        return await asyncio.gather(*(store.record(event(name), lane=Lane.CONVERSATION) for name in names))

    async with connected(url) as db, asyncio.timeout(60):
        async with PostgresStore(url) as one, PostgresStore(url) as two:
            held = db.transaction()
            await held.start()
            await db.execute(HOLD)  # so that each process has begun when the other one goes on
            recording = [asyncio.create_task(record(one, NAMES)), asyncio.create_task(record(two, NAMES[::-1]))]
            while await db.fetchval(WAITING) < len(recording):  # noqa: ASYNC110 - only the server tells
                await asyncio.sleep(0.01)
            await held.rollback()
            by_one, by_two = await asyncio.gather(*recording)
            assert sorted(by_one + by_two) == [False] * 4 + [True] * 4
            order = []
            for _ in NAMES:
                job = await claim(one)
                await one.complete(job)
                order.append(job.event.id)
            assert order == [*(NAMES if by_one[0] else NAMES[::-1])]
        while await db.fetchval(OTHERS):  # noqa: ASYNC110 - they tell of deadlocks at their end
            await asyncio.sleep(0.01)
        assert await db.fetchval(DEADLOCKS) == 0
