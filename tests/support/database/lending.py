"""Databases with the schema that tests use one after another.

On a disk, to create one, connect once and drop it took the server 50 to 200 ms of CPU time; to lend one, 30. In memory,
both took 30.
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import asyncpg  # type: ignore[import-untyped]

#: Bytes of the tables and indexes of one that is lent again: tests after it would be slower with more.
_BYTES = 1_000_000
#: Differs after each change of the schema, of rights and of settings: rows of catalogs are new ones then. What a server
#: does not have from its beginning is numbered from 16384.
_SCHEMA = """
WITH here AS (SELECT * FROM pg_database WHERE datname = current_database())
SELECT md5(string_agg(part, ' ' ORDER BY part)) FROM (
    SELECT format('relation %s %s', oid, xmin) FROM pg_class WHERE oid >= 16384
    UNION ALL SELECT format('column %s %s %s', attrelid, attnum, xmin) FROM pg_attribute WHERE attrelid >= 16384
    UNION ALL SELECT format('trigger %s %s', oid, xmin) FROM pg_trigger WHERE oid >= 16384
    UNION ALL SELECT format('default %s %s', oid, xmin) FROM pg_attrdef WHERE oid >= 16384
    UNION ALL SELECT format('function %s %s', oid, xmin) FROM pg_proc WHERE oid >= 16384
    UNION ALL SELECT format('schema %s %s', oid, xmin) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'
    UNION ALL SELECT format('database %s %s %s', datacl, datallowconn, datconnlimit) FROM here
    UNION ALL SELECT format('setting %s %s', setrole, setconfig) FROM pg_db_role_setting JOIN here ON oid = setdatabase
    UNION ALL SELECT format('version %s', version) FROM schema_version
) AS parts (part)
"""
_SIZES = (
    "SELECT relname, relkind = 'r', pg_relation_size(oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
)


@dataclass(slots=True)
class Lending:
    """The databases of one server. `template`: the one that they are copies of; nobody is connected to it."""

    server: Any
    template: str
    _idle: list[str] = field(default_factory=list, init=False)
    _schema: str = field(default="", init=False)

    @contextlib.asynccontextmanager
    async def lend(self) -> AsyncIterator[str]:
        """Lend a database with nothing in it but the schema; yields its name, which it has this once.

        Then it is given another name, so that a process that goes on can't reach it, and loses its connections, with
        their locks and subscriptions, and its rows. One whose schema or settings were changed is dropped.
        """
        name = self._idle.pop() if self._idle else await self._create()
        yield name
        async with _connected(self.server.get_uri()) as connection:
            after = await self._take(connection, name)
            if await self._empty(after):
                self._idle.append(after)
            else:
                await connection.execute(f'DROP DATABASE "{after}" WITH (FORCE)')

    async def _create(self) -> str:
        name = _new_name()
        async with _connected(self.server.get_uri()) as connection:
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {self.template} STRATEGY file_copy')
        if not self._schema:
            async with _connected(self.server.get_uri(database=name)) as connection:
                self._schema = await connection.fetchval(_SCHEMA)
        return name

    async def _take(self, connection: Any, name: str) -> str:
        """Rename it; the time between the end of its connections and the new name is enough for one to come back."""
        after = _new_name()
        while True:
            cut = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1"
            await connection.fetch(cut, name)
            with contextlib.suppress(asyncpg.ObjectInUseError):
                await connection.execute(f'ALTER DATABASE "{name}" RENAME TO "{after}"')
                return after

    async def _empty(self, name: str) -> bool:
        """Delete all rows, start sequences and statistics again; False if that does not make it like a new one."""
        async with _connected(self.server.get_uri(database=name)) as connection:
            sizes = await connection.fetch(_SIZES)
            if sum(size for *_, size in sizes) > _BYTES or await connection.fetchval(_SCHEMA) != self._schema:
                return False
            written = [name for name, is_table, size in sizes if is_table and size and name != "schema_version"]
            await connection.execute(
                "SET session_replication_role = replica;"  # without triggers and foreign keys
                + "".join(f'DELETE FROM "{table}";' for table in written)
                + "SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence"
            )
            await connection.execute("SELECT pg_stat_force_next_flush()")  # the deletions do not count after the reset
            await connection.execute("SELECT pg_stat_reset()")
            return True


def _new_name() -> str:
    return f"test_{uuid4().hex}"


@contextlib.asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()
