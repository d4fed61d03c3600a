"""The SQLite store counts in memory what its file says."""

import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.store.sqlite.store import SqliteStore
from tests.contract.calls_contract import CallsContract
from tests.contract.quota_contract import QuotaContract, Stores
from tests.support.database.sqlite import tables


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

    async def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        return tables(self.place / "bot.db")
