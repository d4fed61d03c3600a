"""The tables that are moved from SQLite to PostgreSQL, and how their rows change."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.models import Lane
from bot.store.postgres.events import lane_key
from bot.values import valueclass

Row = tuple[Any, ...]

#: Columns of reservations in SQLite that events have in PostgreSQL, for as long as they have no answer.
_EVENTS = """
SELECT events.*, coalesce(r.kind, '') AS kind, coalesce(r.items, 0) AS items, coalesce(r.tokens, 0) AS tokens,
    coalesce(r.milliseconds, 0) AS milliseconds, iif(r.event_seq IS NULL, 0, r.micros) AS micros,
    coalesce(r.own, 0) AS own
FROM events LEFT JOIN reservations AS r ON r.event_seq = events.seq AND events.answer IS NULL AND NOT events.done
"""
_SPENT = """
SELECT hour, kind, 0 AS owner, adapter, workspace, sum(requests) AS requests, sum(prompt_tokens) AS prompt_tokens,
    sum(completion_tokens) AS completion_tokens, sum(items) AS items, sum(milliseconds) AS milliseconds,
    sum(micros) AS micros, max(price) AS price, sum(own_micros) AS own_micros
FROM usage GROUP BY hour, kind, adapter, workspace
"""


@valueclass(frozen=True, slots=True, kw_only=True)
class MovedTable:
    """A table of PostgreSQL and the rows of SQLite that it gets."""

    name: str
    source: str  #: a query, or the name of a table
    key: str  #: columns by which its rows are in order
    after: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict  #: makes a row of the target of one of the source
    fresh: bool = False  #: triggers on the tables before have filled it: it is emptied first


def _event(row: Mapping[str, Any]) -> Mapping[str, Any]:
    waits = row["answer"] is None and not row["done"]
    keys = (row["adapter"], row["conversation"], row["command"], row["actor"])
    return {**row, "lane_key": lane_key(Lane(row["lane"]), *keys) if waits else None}


#: A table comes after those that it refers to.
MOVED: Sequence[MovedTable] = (
    MovedTable(name="events", source=_EVENTS, key="seq", after=_event),
    MovedTable(name="turns", source="turns", key="seq"),
    MovedTable(name="contexts", source="contexts", key="adapter, conversation", fresh=True),
    MovedTable(name="feedback", source="feedback", key="event_seq, actor"),
    MovedTable(name="calls", source="calls", key="seq"),
    MovedTable(name="usage", source="usage", key="hour, adapter, actor, channel, kind, model"),
    MovedTable(name="spent", source=_SPENT, key="hour, kind, adapter, workspace"),
    MovedTable(name="carried", source="carried", key="person, hour, workspace, kind"),
    MovedTable(name="key_values", source="key_values", key="namespace, name"),
    MovedTable(name="schedules", source="schedules", key="adapter, id"),
    MovedTable(name="places", source="places", key="adapter, workspace, channel"),
    MovedTable(name="audit", source="audit", key="seq"),
)


class SqliteTables:
    """Reads the rows of an SQLite database as those of tables of PostgreSQL."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def last_of(self, name: str) -> int:
        """Return the highest number that a table has ever given; 0: none."""
        found = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (name,)).fetchone()
        return 0 if found is None else int(found[0])

    def columns(self, table: MovedTable, target: Mapping[str, str]) -> tuple[str, ...]:
        """Return the columns of the target, given with their types, that get values."""
        found = self._db.execute(f"SELECT * FROM ({_query(table)}) LIMIT 0")  # noqa: S608 - constants
        names = {column[0] for column in found.description} | ({"lane_key"} if table.name == "events" else set())
        return tuple(name for name in target if name in names)

    def rows(self, table: MovedTable, target: Mapping[str, str], *, skip: int = 0) -> "ConvertedRows":
        """Return the rows after the first ones."""
        sql = f"SELECT * FROM ({_query(table)}) ORDER BY {table.key} LIMIT -1 OFFSET {skip}"  # noqa: S608 - constants
        cursor = self._db.execute(sql)
        names = [column[0] for column in cursor.description]
        columns = self.columns(table, target)
        converters = [_CONVERTERS.get(target[name], _text) for name in columns]
        return ConvertedRows(cursor, names, columns, converters, table.after)


class ConvertedRows:
    """Rows of a table as PostgreSQL gets them."""

    def __init__(
        self,
        cursor: sqlite3.Cursor,
        names: Sequence[str],
        columns: Sequence[str],
        converters: Sequence[Callable[[Any], Any]],
        after: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    ) -> None:
        self._cursor = cursor
        self._names = names
        self._columns = columns
        self._converters = converters
        self._after = after

    def take(self, number: int) -> list[Row]:
        """Return the next rows, at most so many; []: there are no more."""
        return [self._convert(row) for row in self._cursor.fetchmany(number)]

    def _convert(self, row: Row) -> Row:
        values = self._after(dict(zip(self._names, row, strict=True)))
        return tuple(
            None if values[name] is None else convert(values[name])
            for name, convert in zip(self._columns, self._converters, strict=True)
        )


def _text(value: Any) -> Any:
    return value.replace("\0", "") if isinstance(value, str) else value  # which PostgreSQL's text can't hold


_CONVERTERS: Mapping[str, Callable[[Any], Any]] = {"bool": bool, "float8": float}


def _query(table: MovedTable) -> str:
    return table.source if " " in table.source else f"SELECT * FROM {table.source}"  # noqa: S608 - constants
