"""PostgreSQL databases written by versions before are carried over."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.ports import Store
from bot.store.migrations import steps
from bot.store.shared.sql import Database
from tests.contract.store_upgrade import FOLDER, UpgradeContract
from tests.support.database.postgres import connected, empty_url, server

pytest.importorskip("asyncpg")
from bot.store.postgres.store import PostgresStore

__all__ = ["empty_url", "server"]


async def restore(url: SecretStr) -> None:
    """Make the database what the version before left."""
    async with connected(url) as connection:
        await connection.execute((FOLDER / "postgres.sql").read_text())


class TestSchema3(UpgradeContract):
    summary = "They spoke  of foxes 雪."  # PostgreSQL keeps no NUL

    @pytest.fixture(autouse=True)
    def _given(self, empty_url: SecretStr) -> None:
        self.url = empty_url

    def open_previous(self, place: Path) -> AbstractAsyncContextManager[Store]:
        @asynccontextmanager
        async def opened() -> AsyncIterator[Store]:
            await restore(self.url)
            async with PostgresStore(self.url) as store:
                yield store

        return opened()

    def settings(self) -> dict[str, Any]:
        return {"bot_database_url": self.url}


async def test_two_processes_that_start_at_once_migrate_once(empty_url: SecretStr) -> None:
    """The second waits for the first and finds the work done."""
    await restore(empty_url)
    async with PostgresStore(empty_url) as one, PostgresStore(empty_url) as two:
        for store in (one, two):
            job = await store.job("channel", "full")
            assert job is not None
            assert job.event.location.channel == "C1"


async def test_a_step_that_fails_changes_nothing(empty_url: SecretStr, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the schema nor an event; the next start does it all."""

    async def fail(db: Database) -> None:
        await steps.rename_fields(db)
        raise KeyError

    await restore(empty_url)
    monkeypatch.setitem(steps.STEPS, "postgres", {"rename_fields": fail})
    with pytest.raises(KeyError):
        async with PostgresStore(empty_url):
            pass
    async with connected(empty_url) as connection:
        assert await connection.fetchval("SELECT max(version) FROM schema_version") == 3
        assert await connection.fetchval("SELECT count(*) FROM events WHERE event LIKE '%location%'") == 0
    monkeypatch.undo()
    async with PostgresStore(empty_url) as store:
        assert await store.job("channel", "full") is not None
