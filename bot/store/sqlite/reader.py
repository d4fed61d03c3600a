"""The connection that reads; it does not wait for the writer's."""

import sqlite3
from pathlib import Path
from typing import Any

import aiosqlite

from bot.models import Job
from bot.store.shared import codec
from bot.store.shared.rows import JOB, parse_job
from bot.store.sqlite.errors import translate


class SqliteReader:
    """Queries of the engine's own."""

    def __init__(self, db: aiosqlite.Connection, path: Path) -> None:
        self._db = db
        self._path = path

    async def rows(self, sql: str, /, **parameters: object) -> list[Any]:
        """Return the rows of a query whose parameters are written `:name`. Raises `StoreError`."""
        try:
            return list(await self._db.execute_fetchall(sql, parameters))
        except sqlite3.Error as exc:
            raise translate(exc, self._path) from exc

    async def job_of_seq(self, seq: int) -> Job | None:
        """Return an event by its sequence number; None: it was erased."""
        return parse_job(await self.rows(f"SELECT {JOB} FROM events WHERE seq = :seq AND event IS NOT NULL", seq=seq))  # noqa: S608

    async def state(self, adapter: str, event_id: str) -> tuple[int, str, str, str, str, int] | None:
        """Return sequence number, conversation, command, lane, kind and items of an event that was not erased.

        Kind and items are those of its reservation; "" and 0 without one.
        """
        sql = (
            "SELECT seq, conversation, command, lane, coalesce(kind, ''), coalesce(items, 0)"
            " FROM events LEFT JOIN reservations ON event_seq = seq"
            " WHERE adapter = :adapter AND id = :id AND event IS NOT NULL"
        )
        rows = await self.rows(sql, adapter=codec.to_key(adapter), id=codec.to_key(event_id))
        return tuple(rows[0]) if rows else None

    async def is_known(self, adapter: str, event_id: str) -> bool:
        """Return whether an event was recorded, erased ones included."""
        sql = "SELECT 1 FROM events WHERE adapter = :adapter AND id = :id"
        return bool(await self.rows(sql, adapter=codec.to_key(adapter), id=codec.to_key(event_id)))
