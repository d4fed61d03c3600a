"""A connection of its own for reading: reads never wait behind what is being written."""

import sqlite3
from pathlib import Path
from typing import Any

import aiosqlite

from bot.models import Job
from bot.store.shared import codec
from bot.store.shared.rows import JOB, job_of
from bot.store.sqlite.errors import translate


class SqliteReader:
    """Questions to the database."""

    def __init__(self, db: aiosqlite.Connection, path: Path) -> None:
        self._db = db
        self._path = path

    async def rows(self, sql: str, /, **parameters: object) -> list[Any]:
        """The rows of a query whose parameters are written `:name`. Raises `StoreError`."""
        try:
            return list(await self._db.execute_fetchall(sql, parameters))
        except sqlite3.Error as exc:
            raise translate(exc, self._path) from exc

    async def job_of_seq(self, seq: int) -> Job | None:
        """An event by its sequence number; None when it was erased."""
        return job_of(await self.rows(f"SELECT {JOB} FROM events WHERE seq = :seq AND event IS NOT NULL", seq=seq))  # noqa: S608

    async def state(self, adapter: str, event_id: str) -> tuple[int, str, str, str, str, int] | None:
        """Sequence number, conversation, command, lane, kind and items of an event that was not forgotten.

        Kind and items are those of its reservation; "" and 0 where nothing was reserved.
        """
        sql = (
            "SELECT seq, conversation, command, lane, coalesce(kind, ''), coalesce(items, 0)"
            " FROM events LEFT JOIN reservations ON event_seq = seq"
            " WHERE adapter = :adapter AND id = :id AND event IS NOT NULL"
        )
        rows = await self.rows(sql, adapter=codec.key(adapter), id=codec.key(event_id))
        return tuple(rows[0]) if rows else None

    async def is_known(self, adapter: str, event_id: str) -> bool:
        """Whether an event was recorded, be it forgotten or not."""
        sql = "SELECT 1 FROM events WHERE adapter = :adapter AND id = :id"
        return bool(await self.rows(sql, adapter=codec.key(adapter), id=codec.key(event_id)))
