"""Checks and migrations of a database file when it is opened."""

import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiosqlite

from bot.store.migrations.scripts import find_pending
from bot.store.sqlite.database import SqliteDatabase
from bot.store.sqlite.errors import damaged, translate

#: A file up to this size is checked whole at each start; a bigger one where it is read.
CHECKED_BYTES = 32_000_000

_SETUP = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
-- Each answer changes some twenty pages, many of them again and again: copied to the database every few hundred
-- answers instead of every fifty, they are copied less often, and fewer answers wait for it.
PRAGMA wal_autocheckpoint = 4000;
PRAGMA foreign_keys = ON;
-- What is erased is overwritten, whatever this build of SQLite does by itself.
PRAGMA secure_delete = ON;
PRAGMA journal_size_limit = 67108864;
"""

BeforeMigration = Callable[[int], Awaitable[None]]  #: is called with the version that the database has


async def prepare(
    db: aiosqlite.Connection, path: Path, *, busy_timeout: float, before_migration: BeforeMigration | None = None
) -> None:
    """Set the connection up for writing, check the file and bring its schema up to date.

    Raises `StoreCorrupt`, `SchemaTooNew`, `StoreUnavailable`.
    """
    try:
        await db.executescript(f"PRAGMA busy_timeout = {int(busy_timeout * 1000)}; {_SETUP}")
        await _check(db, path)
        await _migrate(db, path, before_migration)
    except sqlite3.Error as exc:
        raise translate(exc, path) from exc


async def _check(db: aiosqlite.Connection, path: Path) -> None:
    (pages,) = await db.execute_fetchall("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
    if pages[0] > CHECKED_BYTES:
        return
    (found,) = await db.execute_fetchall("PRAGMA quick_check(1)")
    if found[0] != "ok":
        raise damaged(path, str(found[0]))


async def _migrate(db: aiosqlite.Connection, path: Path, before: BeforeMigration | None) -> None:
    (row,) = await db.execute_fetchall("PRAGMA user_version")
    version = int(row[0])
    pending = find_pending("sqlite", version, path)
    if pending and before is not None:
        await before(version)
    for migration in pending:
        try:
            await db.executescript(f"BEGIN IMMEDIATE;\n{migration.script}")
            if migration.step is not None:
                await migration.step(SqliteDatabase(db))
            await db.execute_fetchall(f"PRAGMA user_version = {migration.number}")
            await db.execute_fetchall("COMMIT")
        except BaseException:
            if db.in_transaction:
                await db.rollback()
            raise
