"""Moving a database from SQLite to PostgreSQL: table by table, in steps that go on where they were interrupted."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import SecretStr

from bot.backup import postgres_copy, sqlite_copy
from bot.backup.digest import RowsDigest, TableFigures
from bot.backup.move_tables import MOVED, MovedTable, SqliteTables
from bot.errors import BackupError
from bot.i18n import operator_text
from bot.settings.core import Settings
from bot.store.engine import make_store
from bot.store.postgres.connection import Connection
from bot.store.postgres.schema import UNFINISHED_MOVE, lock_for_session, migrate
from bot.store.sqlite.lock import ownership

#: Rows of one step.
_STEP = 2000
_COLUMNS = """
SELECT attname, typname FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_IDENTITIES = """
SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = current_schema() AND attidentity <> ''
"""

#: Is called with a table and the rows that it has got so far.
Progress = Callable[[str, int], None]


async def move_store(
    settings: Settings, source: SecretStr, target: SecretStr, progress: Progress = lambda *_: None
) -> Mapping[str, TableFigures]:
    """Copy an SQLite database into an empty PostgreSQL one and compare counts and checksums of each table.

    The source stays as it is. A move that was interrupted goes on; until it is complete no service starts there.
    Raises `StoreError`, `BackupError` and `SettingsError`.
    """
    old = settings.model_copy(update={"bot_database_url": source})
    new = settings.model_copy(update={"bot_database_url": target})
    path = old.database_path
    if not await asyncio.to_thread(path.exists):
        raise BackupError(operator_text("backup.no_database", name=path))
    async with make_store(old):  # brings it up to date; what was running waits again
        pass
    with ownership(path), sqlite_copy.opened(path) as db:
        db.text_factory = str
        move = _Move(SqliteTables(db), path, progress)
        connections = postgres_copy.connections_of(new)
        connection = await connections.connect(idle_in_transaction_session_timeout="0")
        try:
            with connections.translate_errors():
                await lock_for_session(connection)
                await postgres_copy.refuse_running(connection, connections.name)
                await move.begin(connection, connections.name)
                for table in MOVED:
                    await move.copy(connection, table)
                return await move.finish(connection)
        finally:
            connection.terminate()


class _Move:
    def __init__(self, source: SqliteTables, path: Path, progress: Progress) -> None:
        self._source = source
        self._path = str(path.resolve())
        self._progress = progress
        self._targets: dict[str, Mapping[str, str]] = {}  #: columns with their types, by table

    async def begin(self, connection: Connection, name: str) -> None:
        """Prepare the target, or find out how far an earlier try came."""
        async with connection.transaction():
            found = await connection.fetchval("SELECT to_regclass($1)", UNFINISHED_MOVE)
            source = f"SELECT min(source) FROM {UNFINISHED_MOVE}"  # noqa: S608 - a constant
            is_other = found is not None and await connection.fetchval(source) != self._path
            if is_other or (not found and await postgres_copy.has_rows(connection)):
                raise BackupError(operator_text("move.not_empty", name=name))
            await migrate(connection, name)
            if not found:
                await connection.execute(
                    f"CREATE TABLE {UNFINISHED_MOVE} (source text, name text PRIMARY KEY, rows bigint)"
                )
                added = [(self._path, table.name, 0) for table in MOVED]
                await connection.executemany(f"INSERT INTO {UNFINISHED_MOVE} VALUES ($1, $2, $3)", added)  # noqa: S608
        for table in MOVED:
            columns = await connection.fetch(_COLUMNS, table.name)
            self._targets[table.name] = {column: kind for column, kind in columns}  # noqa: C416 - records are no pairs

    async def copy(self, connection: Connection, table: MovedTable) -> None:
        """Copy the rows that are not there yet."""
        target = self._targets[table.name]
        columns = self._source.columns(table, target)
        done = await connection.fetchval(f"SELECT rows FROM {UNFINISHED_MOVE} WHERE name = $1", table.name)  # noqa: S608
        rows = self._source.rows(table, target, skip=done)
        while step := rows.take(_STEP):
            async with connection.transaction():
                if table.fresh and not done:
                    await connection.execute(f"DELETE FROM {table.name}")  # noqa: S608 - a constant
                await connection.copy_records_to_table(
                    table.name, records=step, columns=columns, timeout=postgres_copy.PATIENCE
                )
                done += len(step)
                await connection.execute(f"UPDATE {UNFINISHED_MOVE} SET rows = $1 WHERE name = $2", done, table.name)  # noqa: S608
            self._progress(table.name, done)

    async def finish(self, connection: Connection) -> Mapping[str, TableFigures]:
        """Compare every table, and let services start."""
        found = {}
        async with connection.transaction():
            for table in MOVED:
                columns = self._source.columns(table, self._targets[table.name])
                there = RowsDigest()
                listed = ", ".join(f'"{column}"' for column in columns)
                async for row in connection.cursor(f"SELECT {listed} FROM {table.name}", prefetch=_STEP):  # noqa: S608
                    there.add(repr(tuple(row)).encode())
                found[table.name] = there.figures()
            is_same = found == self._read_source()
            if is_same:
                for name, column in await connection.fetch(_IDENTITIES):
                    await connection.execute(
                        f"SELECT setval(pg_get_serial_sequence($1, $2), greatest(max({column}), $3)) FROM {name}",  # noqa: S608
                        name,
                        column,
                        self._source.last_of(name) or 1,
                    )
                await connection.execute(f"DROP TABLE {UNFINISHED_MOVE}")
            else:
                await postgres_copy.drop_all(connection)
        if not is_same:
            raise BackupError(operator_text("move.differs", name=self._path))
        return found

    def _read_source(self) -> Mapping[str, TableFigures]:
        found = {}
        for table in MOVED:
            digest, rows = RowsDigest(), self._source.rows(table, self._targets[table.name])
            while step := rows.take(_STEP):
                for row in step:
                    digest.add(repr(row).encode())
            found[table.name] = digest.figures()
        return found
