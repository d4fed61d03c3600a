"""On PostgreSQL quotas hold over all processes, and after a restart."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from bot.limits import Limit, Measure, Period, Subject
from bot.store.migrations.scripts import migrations
from tests.contract.calls_contract import CALL, PRICE, CallsContract
from tests.contract.quota_contract import QuotaContract, Stores, within
from tests.support.database.postgres import connected, empty_url, server, tables, url
from tests.support.database.store import LANES, answer, event, files_today, make_quota, outcome

pytest.importorskip("asyncpg")
from bot.store.postgres.store import PostgresStore

__all__ = ["empty_url", "server", "url"]


#: How many connections wait for a lock.
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


class TestPostgresQuotas(CallsContract, QuotaContract):
    """Two processes."""

    @pytest.fixture(autouse=True)
    def _given(self, url: SecretStr) -> None:
        self.url = url

    async def connect(self, stack: AsyncExitStack) -> Stores:
        one, two = [await stack.enter_async_context(PostgresStore(self.url)) for _ in range(2)]
        return one, two

    async def pass_time(self, seconds: float) -> None:
        hours = int(seconds // 3600)
        async with connected(self.url) as connection:
            recent = "UPDATE allowances SET recent = ARRAY(SELECT at - $1::float8 FROM unnest(recent) AS at)"
            await connection.execute(recent, seconds)
            await connection.execute("UPDATE events SET received_at = received_at - $1", seconds)
            await connection.execute("UPDATE calls SET at = at - $1", seconds)
            for statement in (
                "UPDATE carried SET hour = hour - $1",
                "UPDATE spent SET hour = hour - $1",
                "UPDATE usage SET hour = hour - $1",
            ):
                await connection.execute(statement, hours)

    async def now(self) -> datetime:
        return datetime.now(UTC)

    async def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        return await tables(self.url)


async def test_three_processes_let_ten_of_a_hundred_in(url: SecretStr) -> None:
    """To the cent of a budget, and to the request of a limit, in the same instant."""
    limit = Limit(Subject.SERVICE, Measure.REQUESTS, Period.MONTH, 10)
    quota = make_quota("image", 1, budget_per_day=0.3, micros=29_999, more=[limit])
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(PostgresStore(url)) for _ in range(3)]
        asked = [within(stores[n % 3], event(f"{n}", actor=f"p{n}"), quota) for n in range(100)]
        assert (await asyncio.gather(*asked)).count(None) == 10


async def test_requests_of_a_minute_are_counted_by_the_statement_that_records(url: SecretStr) -> None:
    """Those of many people are one statement, in which only what is let in counts against any limit."""
    of_all = Limit(Subject.SERVICE, Measure.REQUESTS, Period.MINUTE, 31)
    quota = make_quota("chat", requests_per_minute=1, more=[of_all])
    statements = "SELECT count(DISTINCT (xmin::text, cmin::text)) FROM events"
    async with PostgresStore(url) as store, connected(url) as db, connected(url) as observer, asyncio.timeout(200):
        async with db.transaction():
            await db.execute("LOCK TABLE allowances IN EXCLUSIVE MODE")
            first = asyncio.create_task(within(store, event("first", actor="p"), quota))
            while not await observer.fetchval(WAITING):  # noqa: ASYNC110 - only the server knows
                await asyncio.sleep(0.01)
            asked = [event(f"{n}", actor=f"p{n // 2}") for n in range(80)]  # everybody asks twice
            others = asyncio.gather(*(within(store, one, quota) for one in asked))
            await asyncio.sleep(0)
        refused = [None if over is None else over.limit for over in await others]
        assert await first is None
        assert refused == [None, quota.limits[0]] * 30 + [of_all] * 20
        assert await db.fetchval(statements) == 2


async def test_two_processes_count_a_lost_call_once(url: SecretStr) -> None:
    """Each finds it at its start; both are held up right before they count it."""
    spent = Limit(Subject.SERVICE, Measure.MONEY, Period.MONTH, 1)
    async with AsyncExitStack() as stack, asyncio.timeout(120):
        one, two = [await stack.enter_async_context(PostgresStore(url)) for _ in range(2)]
        db, observer = [await stack.enter_async_context(connected(url)) for _ in range(2)]
        job = await answer(one, event("e"), outcome(usage=()))
        await one.begin_call(job, CALL, PRICE, is_afterwards=True)
        async with db.transaction():
            await db.execute("LOCK TABLE usage, spent IN EXCLUSIVE MODE")
            settling = [asyncio.create_task(store.settle_lost_calls(job)) for store in (one, two)]
            while await observer.fetchval(WAITING) < len(settling):  # noqa: ASYNC110 - only the server knows
                await asyncio.sleep(0.01)
        assert sorted(await asyncio.gather(*settling)) == [False, True]
        assert await one.used("one", "ann", job.event.location, [spent]) == [PRICE]


async def test_a_lost_call_and_a_new_request_are_counted_one_after_the_other(url: SecretStr) -> None:
    """Else a request is admitted on the sum before, and another try of the lost call without that request."""
    quota = make_quota("image", 1, budget_per_day=3, micros=1_000_000)
    (limit,) = quota.limits
    async with AsyncExitStack() as stack, asyncio.timeout(120):
        one, two = [await stack.enter_async_context(PostgresStore(url)) for _ in range(2)]
        db, observer = [await stack.enter_async_context(connected(url)) for _ in range(2)]
        assert await within(one, event("lost"), quota) is None
        job = await one.claim(LANES, ["one"])
        assert job is not None
        await one.begin_call(job, CALL, 1_000_000)
        async with db.transaction():
            await db.execute("LOCK TABLE events IN SHARE MODE")  # may be read: what is held up is the insert
            admitted = asyncio.create_task(within(two, event("new"), quota))
            while not await observer.fetchval(WAITING):  # noqa: ASYNC110 - only the server knows
                await asyncio.sleep(0.01)
            settled = asyncio.create_task(one.settle_lost_calls(job))
            while await observer.fetchval(WAITING) < 2 and not settled.done():  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)
            assert not settled.done()
        assert await admitted is None
        assert await settled
        assert await one.used("one", "ann", job.event.location, [limit]) == [3_000_000]


async def test_an_older_database_knows_what_was_spent(empty_url: SecretStr) -> None:
    """What was used before limits were counted in the database counts, and so do its prices."""
    async with connected(empty_url) as connection:
        await connection.execute(migrations("postgres")[0].script)
        await connection.execute("CREATE TABLE schema_version (version integer); INSERT INTO schema_version VALUES (1)")
        hour = int(datetime.now(UTC).timestamp() // 3600)
        row = "INSERT INTO usage VALUES ($1, 'one', 'ann', 'room', 'image', 'm', 2, 0, 0, 4, 1.0)"
        await connection.execute(row, hour)
    async with PostgresStore(empty_url) as store:
        quota = make_quota("image", 1, budget_per_day=1.2)
        over = await within(store, event("e"), quota)
        assert over is not None
        assert over.limit.measure == "money"
        assert await within(store, event("e"), make_quota("image", 1, budget_per_day=1.25)) is None
        assert await files_today(store, "ann") == 5
