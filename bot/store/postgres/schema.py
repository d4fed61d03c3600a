"""Migrations of the schema."""

import re
from collections.abc import Awaitable, Callable

from bot.errors import StoreError, StoreInUse
from bot.i18n import operator_text
from bot.store.migrations.scripts import find_pending, migrations
from bot.store.postgres.connection import Connection, Connections, PostgresDatabase, close

#: Key of the advisory lock under which the schema is changed.
MIGRATION_LOCK = 0x636D7574
#: Seconds for a change of the schema, and to wait for another process that makes one or a backup before it.
_PATIENCE = 3600.0
#: A table that is there while another database is moved into this one.
UNFINISHED_MOVE = "unfinished_move"

BeforeMigration = Callable[[int], Awaitable[None]]  #: is called with the version that the database has


async def prepare(connections: Connections, before: BeforeMigration | None) -> None:
    """Bring the schema of the database up to date. Raises `StoreError`, and what `before` raises."""
    connection = await connections.connect(idle_in_transaction_session_timeout="0")  # while `before` works
    try:
        with connections.translate_errors():
            async with connection.transaction():
                await lock(connection)
                if await connection.fetchval("SELECT to_regclass($1)", UNFINISHED_MOVE) is not None:
                    raise StoreError(operator_text("move.unfinished", name=connections.name))
                version = await read_version(connection)
                if find_pending("postgres", version, connections.name) and before is not None:
                    await before(version)
                await migrate(connection, connections.name)
    finally:
        await close(connection)


async def lock(connection: Connection) -> None:
    """Keep other processes from changing the schema, and from starting, until the transaction ends."""
    await connection.execute(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})", timeout=_PATIENCE)


async def lock_for_session(connection: Connection) -> None:
    """Do the same until the connection ends. Raises `StoreInUse` where another process holds the lock."""
    if not await connection.fetchval(f"SELECT pg_try_advisory_lock({MIGRATION_LOCK})"):
        raise StoreInUse(operator_text("move.locked"))


async def migrate(connection: Connection, name: str, *, through: int | None = None) -> None:
    """Bring the current schema up to date, or to the version `through`, within the caller's transaction.

    Raises `SchemaTooNew`, which names the database.
    """
    version = await read_version(connection)
    for migration in find_pending("postgres", version, name):
        if through is None or migration.number <= through:
            await connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version integer PRIMARY KEY)")
            await connection.execute(migration.script, timeout=_PATIENCE)
            if migration.step is not None:
                await migration.step(PostgresDatabase(connection))
            await connection.execute("INSERT INTO schema_version VALUES ($1)", migration.number)


def names_created(kind: str, version: int) -> list[str]:
    """Return the names of what a schema of this version has of a kind (TABLE, SEQUENCE or FUNCTION).

    Everything else in the database belongs to others.
    """
    names: set[str] = set()
    pattern = rf"^(CREATE|DROP|ALTER) {kind} (\w+)(?: RENAME TO (\w+))?"
    for migration in migrations("postgres"):
        if migration.number <= version:
            for verb, name, new in re.findall(pattern, migration.script, re.MULTILINE):
                if verb == "DROP" or new:
                    names.discard(name)
                if verb == "CREATE" or new:
                    names.add(new or name)
    return sorted(names)


async def read_version(connection: Connection) -> int:
    """Return the version of the schema; 0: there is none."""
    if await connection.fetchval("SELECT to_regclass('schema_version')") is None:
        return 0
    return int(await connection.fetchval("SELECT coalesce(max(version), 0) FROM schema_version"))
