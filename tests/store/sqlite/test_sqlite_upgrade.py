"""SQLite files written by versions before are carried over; new ones have the same schema."""

import re
import shutil
import sqlite3
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path

import pytest

from bot.ports import Store
from bot.store.migrations import steps
from bot.store.migrations.scripts import migrations
from bot.store.shared.sql import Database
from bot.store.sqlite.store import SqliteStore
from tests.contract.store_upgrade import FOLDER, UpgradeContract

PREVIOUS = FOLDER / "sqlite.db"


class TestSchema2(UpgradeContract):
    def open_previous(self, place: Path) -> AbstractAsyncContextManager[Store]:
        shutil.copyfile(PREVIOUS, place / "bot.db")
        return SqliteStore(place / "bot.db")


class TestSchema1(UpgradeContract):
    """What schema 1 had of it: no feedback yet."""

    feedback = (0, 0)

    def open_previous(self, place: Path) -> AbstractAsyncContextManager[Store]:
        with closing(sqlite3.connect(place / "bot.db")) as db:
            db.executescript(migrations("sqlite")[0].script)
            db.execute("PRAGMA user_version = 1")
            db.execute("ATTACH ? AS previous", (PREVIOUS.as_uri() + "?mode=ro",))
            for table in ("events", "turns", "usage", "settings", "contexts"):
                names = ", ".join(row[1] for row in db.execute(f"PRAGMA main.table_info({table})"))
                db.execute(f"INSERT OR REPLACE INTO {table} ({names}) SELECT {names} FROM previous.{table}")
            db.commit()
        return SqliteStore(place / "bot.db")


def schema(path: Path) -> dict[str, str]:
    """Return the definition of everything in a database, without comments and white space."""
    with closing(sqlite3.connect(path)) as db:
        found = db.execute("SELECT name, sql FROM sqlite_schema").fetchall()
    return {name: re.sub(r"--.*|(?<=\W)\s+|\s+(?=\W)", "", sql or "") for name, sql in found}


async def test_a_new_database_has_the_schema_that_migrations_lead_to(tmp_path: Path) -> None:
    """Change `schema.sql` together with a new migration."""
    new, migrated = tmp_path / "new.db", tmp_path / "migrated.db"
    async with SqliteStore(new):
        pass
    with closing(sqlite3.connect(migrated)) as db:
        for migration in migrations("sqlite"):
            db.executescript(migration.script)
    assert schema(new) == schema(migrated)
    with closing(sqlite3.connect(new)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (migration.number,)


def contents(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


async def test_a_step_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the schema nor an event; the next start does it all."""
    path = tmp_path / "bot.db"
    shutil.copyfile(PREVIOUS, path)
    before = contents(path)

    async def fail(db: Database) -> None:
        await steps.rename_fields(db)
        raise KeyError

    monkeypatch.setitem(steps.STEPS, "sqlite", {"rename_fields": fail})
    with pytest.raises(KeyError):
        async with SqliteStore(path):
            pass
    assert contents(path) == before
    monkeypatch.undo()
    async with SqliteStore(path) as store:
        assert await store.job("channel", "full") is not None
