"""Opening a database: checks, migrations."""

import re
import sqlite3
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import aiosqlite

from bot.errors import SchemaTooNew
from bot.store.sqlite.errors import damaged, translate

#: A file up to this size is checked whole at each start; a bigger one where it is read.
CHECKED_BYTES = 32_000_000


def migrations(engine: str) -> Sequence[tuple[int, str]]:
    """Number and text of the engine's migrations, oldest first."""
    folder = files("bot") / "store" / "migrations" / engine
    found = {
        int(match[1]): item.read_text(encoding="utf-8")
        for item in folder.iterdir()
        if (match := re.fullmatch(r"(\d+)_\w+\.sql", item.name))
    }
    return sorted(found.items())


async def prepare(db: aiosqlite.Connection, path: Path, *, busy_timeout: float) -> None:
    """Set the connection up for writing, check the file and bring its schema up to date.

    Raises `StoreCorrupt`, `SchemaTooNew`, `StoreUnavailable`.
    """
    try:
        await db.execute_fetchall(f"PRAGMA busy_timeout = {int(busy_timeout * 1000)}")
        await db.execute_fetchall("PRAGMA journal_mode = WAL")
        await db.execute_fetchall("PRAGMA synchronous = FULL")
        # Each answer changes some twenty pages, many of them again and again: copied to the database every few
        # hundred answers instead of every fifty, they are copied less often, and fewer answers wait for it.
        await db.execute_fetchall("PRAGMA wal_autocheckpoint = 4000")
        await db.execute_fetchall("PRAGMA foreign_keys = ON")
        await db.execute_fetchall("PRAGMA journal_size_limit = 67108864")
        await _check(db, path)
        await _migrate(db, path)
    except sqlite3.Error as exc:
        raise translate(exc, path) from exc


async def _check(db: aiosqlite.Connection, path: Path) -> None:
    (pages,) = await db.execute_fetchall("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
    if pages[0] > CHECKED_BYTES:
        return
    (found,) = await db.execute_fetchall("PRAGMA quick_check(1)")
    if found[0] != "ok":
        raise damaged(path, str(found[0]))


async def _migrate(db: aiosqlite.Connection, path: Path) -> None:
    (row,) = await db.execute_fetchall("PRAGMA user_version")
    version = int(row[0])
    steps = migrations("sqlite")
    newest = steps[-1][0]
    if version > newest:
        raise SchemaTooNew(
            f"The database {path} was written by a newer version of this service (schema {version}, this one knows "
            f"{newest}); update the service or restore a backup made before."
        )
    for number, script in steps:
        if number > version:
            try:
                await db.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
            except sqlite3.Error:
                if db.in_transaction:
                    await db.rollback()
                raise
