"""Copies of a PostgreSQL database: one snapshot of one that is in use, and its way back. Needs the extra `postgres`."""

import secrets
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import IO

import asyncpg  # type: ignore[import-untyped]

from bot.backup.archive import TABLES, Archive, Manifest
from bot.backup.digest import RowsDigest, TableFigures
from bot.errors import BackupError, StoreError, StoreInUse
from bot.i18n import operator_text
from bot.settings.core import Settings
from bot.store.postgres.connection import Connection, Connections
from bot.store.postgres.lease import LOCK
from bot.store.postgres.schema import UNFINISHED_MOVE, migrate, names_created, read_version
from bot.store.timing import StoreTiming

# ruff: noqa: S608 - names of the schema and constants are joined

VERSION_TABLE = "schema_version"
#: Seconds for the copy of one table.
PATIENCE = 86_400.0

_RELATIONS = """
SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = current_schema() AND relkind = $1 AND relname = ANY($2)
"""
_COLUMNS = """
SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
AND attgenerated = '' ORDER BY attnum
"""
_REFERENCES = """
SELECT DISTINCT source.relname, target.relname FROM pg_constraint
JOIN pg_class AS source ON source.oid = conrelid JOIN pg_class AS target ON target.oid = confrelid
JOIN pg_namespace ON pg_namespace.oid = connamespace WHERE nspname = current_schema() AND contype = 'f'
"""
#: Those of the migrations, and those of columns of the tables.
_SEQUENCES = """
SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = current_schema() AND (
    sequencename = ANY($1) OR EXISTS (
        SELECT 1 FROM pg_depend JOIN pg_class ON pg_class.oid = refobjid AND relname = ANY($2)
        WHERE objid = to_regclass(quote_ident(sequencename)) AND deptype IN ('a', 'i')))
"""
_FUNCTIONS = """
SELECT pg_proc.oid::regprocedure::text FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
WHERE nspname = current_schema() AND proname = ANY($1)
"""
_SERVICES = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid::bigint = $1 AND objsubid = 2
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def connections_of(settings: Settings) -> Connections:
    """Return connections to the database of the settings, which name one."""
    assert settings.postgres_url is not None
    return Connections(settings.postgres_url, timeout=StoreTiming().statement)


async def names_of_tables(connection: Connection) -> list[str]:
    """Return the names of the service's tables; one comes after those that it refers to."""
    own = names_created("TABLE", await read_version(connection))
    left = sorted(name for (name,) in await connection.fetch(_RELATIONS, b"r", own))
    references = [tuple(row) for row in await connection.fetch(_REFERENCES)]
    found: list[str] = []
    while left:
        free = [name for name in left if not any(one == name and to in left and to != name for one, to in references)]
        found += free or left
        left = [name for name in left if name not in found]
    return found


async def names_of_columns(connection: Connection, table: str) -> tuple[str, ...]:
    """Return the columns that are stored."""
    return tuple(name for (name,) in await connection.fetch(_COLUMNS, _quoted(table)))


async def read_figures(connection: Connection, columns: Mapping[str, Sequence[str]]) -> dict[str, TableFigures]:
    """Read the figures of tables of these columns."""
    return {table: await _copy_out(connection, table, tuple(names)) for table, names in columns.items()}


async def dump(
    connections: Connections, archive: zipfile.ZipFile
) -> tuple[int, Mapping[str, TableFigures], Mapping[str, int]]:
    """Write one snapshot of the database, which may be in use; returns its version, figures and sequences.

    Raises `StoreError`.
    """
    connection = await connections.connect(idle_in_transaction_session_timeout="0")
    try:
        with connections.translate_errors():
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                version = await read_version(connection)
                if not version:
                    raise StoreError(operator_text("backup.no_database", name=connections.name))
                figures = {}
                tables = await names_of_tables(connection)
                for table in tables:
                    columns = await names_of_columns(connection, table)
                    with archive.open(TABLES + table, "w", force_zip64=True) as member:
                        figures[table] = await _copy_out(connection, table, columns, member)
                found = await connection.fetch(_SEQUENCES, names_created("SEQUENCE", version), tables)
                sequences = {name: last for name, last in found if last is not None}
    finally:
        connection.terminate()
    return version, figures, sequences


async def verify(connections: Connections, archive: Archive, manifest: Manifest) -> None:
    """Restore a backup into a schema of its own, compare the figures, and drop the schema again.

    All of it is one transaction that is rolled back. Raises `StoreError` and `BackupError`.
    """
    connection = await connections.connect(idle_in_transaction_session_timeout="0")
    try:
        with connections.translate_errors():
            transaction = connection.transaction()
            await transaction.start()
            schema = _quoted(f"scratch_{secrets.token_hex(8)}")
            try:
                await connection.execute(f"CREATE SCHEMA {schema}")
            except asyncpg.InsufficientPrivilegeError as exc:
                raise BackupError(operator_text("backup.no_schema", name=connections.name)) from exc
            await connection.execute(f"SET LOCAL search_path TO {schema}")
            await load(connection, archive, manifest)
            await transaction.rollback()
    finally:
        connection.terminate()


async def load(connection: Connection, archive: Archive, manifest: Manifest) -> None:
    """Fill the current schema, which is empty, and compare the figures. Raises `BackupError`."""
    await migrate(connection, str(archive.name), through=manifest.schema)
    tables = await names_of_tables(connection)
    if set(tables) != set(manifest.tables):
        raise archive.damaged()
    for table in tables:
        await connection.execute(f"ALTER TABLE {_quoted(table)} DISABLE TRIGGER USER")
    for table in tables:
        source = _pieces(archive, TABLES + table)
        columns = manifest.tables[table].columns
        try:
            await connection.copy_to_table(table, source=source, columns=columns, timeout=PATIENCE)
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as exc:  # no rows of this table
            raise archive.damaged() from exc
    for table in tables:
        await connection.execute(f"ALTER TABLE {_quoted(table)} ENABLE TRIGGER USER")
    for name, last in manifest.sequences.items():
        await connection.execute("SELECT setval(to_regclass($1), $2)", _quoted(name), last)
    stored = {table: figures.columns for table, figures in manifest.tables.items()}
    if await read_figures(connection, stored) != dict(manifest.tables):
        raise BackupError(operator_text("backup.differs", file=archive.name))


async def has_rows(connection: Connection) -> bool:
    """Return whether the database has content."""
    for table in await names_of_tables(connection):
        if await connection.fetchval(f"SELECT EXISTS (SELECT 1 FROM {_quoted(table)})"):
            return True
    return False


async def refuse_running(connection: Connection, name: str) -> None:
    """Raise `StoreInUse` while a service works in the database. One that starts now waits for the migration's lock."""
    if await connection.fetchval(_SERVICES, LOCK):
        raise StoreInUse(operator_text("backup.in_use", name=name))


async def drop_all(connection: Connection) -> None:
    """Drop what the migrations created in the current schema. Fails where something of others depends on it."""
    version = await read_version(connection)
    if not version:
        return
    own = [*await names_of_tables(connection), VERSION_TABLE, UNFINISHED_MOVE]
    await connection.execute(f"DROP TABLE IF EXISTS {', '.join(map(_quoted, own))}")
    for (sequence,) in await connection.fetch(_RELATIONS, b"S", names_created("SEQUENCE", version)):
        await connection.execute(f"DROP SEQUENCE {_quoted(sequence)}")
    for (function,) in await connection.fetch(_FUNCTIONS, names_created("FUNCTION", version)):
        await connection.execute(f"DROP FUNCTION {function}")


async def _copy_out(
    connection: Connection, table: str, columns: tuple[str, ...], member: IO[bytes] | None = None
) -> TableFigures:
    """Read the lines of a table, write them to the member, and return their figures."""
    digest = RowsDigest()

    async def take(data: bytes) -> None:
        digest.add_lines(data)
        if member is not None:
            member.write(data)

    listed = ", ".join(map(_quoted, columns))
    await connection.copy_from_query(f"SELECT {listed} FROM {_quoted(table)}", output=take, timeout=PATIENCE)
    return digest.figures(columns)


async def _pieces(archive: Archive, member: str) -> AsyncIterator[bytes]:
    for piece in archive.chunks(member):
        yield piece


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
