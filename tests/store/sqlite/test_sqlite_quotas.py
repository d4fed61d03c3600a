"""The SQLite store counts in memory what its file says."""

import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.limits import Limit, Measure, Period, Subject
from bot.store.sqlite.store import SqliteStore
from tests.contract.calls_contract import CallsContract
from tests.contract.quota_contract import QuotaContract, Stores, within
from tests.support.database.sqlite import tables
from tests.support.database.store import event, make_quota


class TestSqliteQuotas(CallsContract, QuotaContract):
    """One process."""

    @pytest.fixture(autouse=True)
    def _given(self) -> None:
        self.passed = 0.0

    async def connect(self, stack: AsyncExitStack) -> Stores:
        store = SqliteStore(self.place / "bot.db", now=lambda: time.time() + self.passed)
        await stack.enter_async_context(store)
        return store, store

    async def pass_time(self, seconds: float) -> None:
        self.passed += seconds

    async def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self.passed, UTC)

    async def test_a_clock_that_is_set_back_locks_nobody_out(self, stores: Stores) -> None:
        """Requests of a minute that has not come yet count against none, nor do they after a restart."""
        picture = Limit(Subject.CHANNEL, Measure.PICTURES, Period.MINUTE, 1)
        quota = make_quota("image", 1, requests_per_minute=1, more=[picture])
        for again in (False, True):
            await self.pass_time(3600)
            assert await within(stores[0], event(f"before {again}"), quota) is None
            assert await within(stores[0], event(f"too soon {again}"), quota)
            await self.pass_time(-3600)
            if again:
                stores = await self.restart()
            assert await within(stores[0], event(f"after {again}"), quota) is None
            await self.pass_time(61)

    async def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        return tables(self.place / "bot.db")
