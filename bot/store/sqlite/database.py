"""A connection to the file for code that the engines share."""

from collections.abc import Mapping, Sequence
from typing import Any

import aiosqlite

from bot.values import valueclass


@valueclass(frozen=True, slots=True)
class SqliteDatabase:
    """See `bot.store.shared.sql.Database`."""

    connection: aiosqlite.Connection

    async def rows(self, sql: str, /, **parameters: object) -> list[Any]:
        """See `Database.rows`."""
        return list(await self.connection.execute_fetchall(sql, parameters))

    async def execute_many(self, sql: str, rows: Sequence[Mapping[str, object]]) -> None:
        """See `Database.execute_many`."""
        async with self.connection.executemany(sql, rows):
            pass
