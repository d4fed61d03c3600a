"""The connection that reads; it does not wait for the writer's."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiosqlite

from bot.limits import Amounts
from bot.models import Job
from bot.store.shared import codec
from bot.store.shared.rows import JOB, parse_job
from bot.store.sqlite.errors import translate

#: The columns of a reservation.
RESERVED = "kind, items, tokens, milliseconds, micros, own"
#: Requests that were counted since a time: refused and cancelled ones are in the free lane. One for each index.
RECENT = tuple(
    f"SELECT adapter, actor, workspace, channel, received_at FROM events"  # noqa: S608 - constants
    f" WHERE done = {done} AND received_at > :since AND lane <> 'free'"
    for done in (0, 1)
)


def to_amounts(reserved: Sequence[Any]) -> Amounts:
    """Return what an event may use by the columns of `RESERVED`, which are NULL where there is no reservation."""
    kind, items, tokens, milliseconds, micros, own = reserved
    if not kind:
        return Amounts()
    sums = {"items": items, "tokens": tokens, "milliseconds": milliseconds, "micros": micros}
    return Amounts(kind=kind, requests=1, is_own=bool(own), **sums)


class SqliteReader:
    """Reads rows on a connection of its own, which does not wait for the writer's."""

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

    async def state(self, adapter: str, event_id: str) -> tuple[int, str, str, str, Amounts] | None:
        """Return sequence number, conversation, command, lane and reservation of an event that was not erased."""
        sql = (
            f"SELECT seq, conversation, command, lane, {RESERVED}"  # noqa: S608 - a constant
            " FROM events LEFT JOIN reservations ON event_seq = seq"
            " WHERE adapter = :adapter AND id = :id AND event IS NOT NULL"
        )
        rows = await self.rows(sql, adapter=codec.to_key(adapter), id=codec.to_key(event_id))
        if not rows:
            return None
        seq, conversation, command, lane, *reserved = rows[0]
        return seq, conversation, command, lane, to_amounts(reserved)

    async def is_known(self, adapter: str, event_id: str) -> bool:
        """Return whether an event was recorded, erased ones included."""
        sql = "SELECT 1 FROM events WHERE adapter = :adapter AND id = :id"
        return bool(await self.rows(sql, adapter=codec.to_key(adapter), id=codec.to_key(event_id)))
