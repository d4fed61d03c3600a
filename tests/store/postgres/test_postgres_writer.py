"""Groups of writes: what several processes write at once."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
from pydantic import SecretStr

from bot.models import Job, Lane, Usage
from bot.ports import Store
from tests.support.database.postgres import connected, server, url
from tests.support.database.store import claim, event, outcome

pytest.importorskip("asyncpg")
from bot.store.postgres.store import PostgresStore

__all__ = ["server", "url"]
T = TypeVar("T")
NAMES = "dbac"  #: of events, in the order in which they come
EVENT = """
INSERT INTO events (adapter, id, conversation, lane, command, actor, channel, replaces, received_at)
VALUES ('one', 'b', '', 'free', '', '', '', '', 0)
"""
USAGE = """
INSERT INTO usage (
    hour, adapter, actor, channel, kind, model, requests, prompt_tokens, completion_tokens, items, milliseconds, micros)
SELECT hour, 'one', 'b', 'room', 'chat', 'm', 0, 0, 0, 0, 0, 0 FROM unnest($1::bigint[]) AS hour
"""
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


async def at_once(db: Any, held: str, parameters: list[Any], *processes: Awaitable[T]) -> list[T]:
    """Let processes write; as `held` is inserted for a while, each has begun when another one goes on."""
    holding = db.transaction()
    await holding.start()
    await db.execute(held, *parameters)
    writing = [asyncio.ensure_future(one) for one in processes]
    while await db.fetchval(WAITING) < len(writing):  # noqa: ASYNC110 - only the server tells
        await asyncio.sleep(0.01)
    await holding.rollback()
    return await asyncio.gather(*writing)


@asynccontextmanager
async def no_deadlocks(db: Any, url: SecretStr) -> AsyncIterator[tuple[Store, Store]]:
    """Two processes between which there was none."""
    async with PostgresStore(url) as one, PostgresStore(url) as two:
        yield one, two
    while await db.fetchval(OTHERS):  # noqa: ASYNC110 - they tell of deadlocks at their end
        await asyncio.sleep(0.01)
    assert await db.fetchval(DEADLOCKS) == 0


async def test_processes_that_write_the_same_rows_do_not_deadlock(url: SecretStr) -> None:
    """A platform may deliver events to two processes, to each in another order, and each may answer the same people."""

    async def record(store: Store, names: str) -> list[bool]:
        events = [event(name, conversation=name, actor=name) for name in names]
        return await asyncio.gather(*(store.record(one, lane=Lane.FREE) for one in events))

    async def commit(store: Store, jobs: dict[str, Job], names: str) -> list[bool]:
        used = Usage(kind="chat", model="m", prompt_tokens=2)
        return await asyncio.gather(*(store.commit(jobs[name], outcome(name, usage=[used])) for name in names))

    async with connected(url) as db, asyncio.timeout(200), no_deadlocks(db, url) as (one, two):
        by_one, by_two = await at_once(db, EVENT, [], record(one, NAMES), record(two, NAMES[::-1]))
        assert sorted(by_one + by_two) == [False] * 4 + [True] * 4
        jobs = [await claim(one) for _ in NAMES]
        assert [job.event.id for job in jobs] == [*(NAMES if by_one[0] else NAMES[::-1])]
        for name in NAMES:
            await two.record(event(f"again {name}", actor=name), lane=Lane.FREE)
        others = [await claim(two) for _ in NAMES]
        hour = int(time.time() // 3600)
        of_one, of_two = ({job.event.actor.id: job for job in some} for some in (jobs, others))
        await at_once(db, USAGE, [[hour, hour + 1]], commit(one, of_one, NAMES), commit(two, of_two, NAMES[::-1]))
        tokens = {row["actor"]: row["prompt_tokens"] for row in await db.fetch("SELECT * FROM usage")}
        assert tokens == dict.fromkeys(NAMES, 4)


async def test_recording_waits_for_no_other_write(url: SecretStr) -> None:
    """An event is recorded, and acknowledged to its platform, while other writes of the process wait for a lock."""
    async with connected(url) as db, asyncio.timeout(60), PostgresStore(url) as store:
        await store.record(event("a", actor="a"), lane=Lane.FREE)
        async with db.transaction():
            await db.execute("LOCK TABLE usage IN ACCESS EXCLUSIVE MODE")
            forgetting = asyncio.ensure_future(store.forget("one", "a"))
            assert await store.record(event("b", actor="b"), lane=Lane.FREE)
            assert not forgetting.done()
        await forgetting
