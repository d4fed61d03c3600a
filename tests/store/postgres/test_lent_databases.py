"""Nothing of a test reaches the next that uses its database: see `tests/support/database/lending.py`."""

from typing import Any

import pytest

from tests.support.database.postgres import connected, lent_database, name_of, server, tables
from tests.support.database.store import answer, event

asyncpg = pytest.importorskip("asyncpg")
from bot.store.postgres.store import PostgresStore  # noqa: E402

__all__ = ["server"]
WHICH = "SELECT oid FROM pg_database WHERE datname = current_database()"


async def test_nothing_is_left_of_the_test_before(server: Any) -> None:
    """Rows, numbers, statistics and locks are gone; who was connected is not any more, and can't be again."""
    async with lent_database(server) as before:
        lock = await asyncpg.connect(before.get_secret_value())
        which = await lock.fetchval(WHICH)
        await lock.execute(
            "SELECT pg_advisory_lock(1); LISTEN news; BEGIN; INSERT INTO schedules VALUES ('a', '', '', '', 1, '')"
        )
        async with PostgresStore(before) as store:
            await answer(store, event("one"))
            await store.namespace("a").set("b", "c")
    assert lock.is_closed()
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(before.get_secret_value())
    async with lent_database(server) as after, connected(after) as connection:
        assert await connection.fetchval(WHICH) == which
        assert not any((await tables(after)).values())
        assert await connection.fetchval("SELECT pg_try_advisory_lock(1)")
        assert (
            await connection.fetchval("SELECT sum(n_tup_ins + n_tup_del + seq_tup_read) FROM pg_stat_user_tables") == 0
        )
        async with PostgresStore(after) as store:
            await answer(store, event("one"))
        assert await connection.fetchval("SELECT seq FROM events") == 1


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE events ALTER COLUMN lane SET DEFAULT 'x'",
        "CREATE INDEX another ON events (lane)",
        "DROP TRIGGER event_gone ON events",
        "CREATE TABLE another (n integer)",
        "ALTER FUNCTION tidy_queues COST 1",
        "ALTER DATABASE {name} SET default_transaction_read_only = on",
        "REVOKE CONNECT ON DATABASE {name} FROM public",
        "GRANT SELECT ON events TO pg_monitor",
        "CREATE SCHEMA another",
        "INSERT INTO schema_version VALUES (999)",
        "INSERT INTO schedules SELECT 'one', n, '', '', NULL, repeat('x', 1000) FROM generate_series(1, 1000) n",
    ],
)
async def test_one_that_was_changed_is_not_lent_again(server: Any, change: str) -> None:
    """Neither one whose schema, rights or settings differ, nor one that has become big."""
    async with lent_database(server) as before, connected(before) as connection:
        which = await connection.fetchval(WHICH)
        await connection.execute(change.format(name=name_of(before)))
    async with lent_database(server) as after, connected(after, "postgres") as connection:
        assert await connection.fetch("SELECT FROM pg_database WHERE oid = $1", which) == []
        assert name_of(after) != name_of(before)
