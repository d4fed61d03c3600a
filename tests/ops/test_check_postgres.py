"""`check` names the problem of a PostgreSQL database and its remedy; on a real server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.models import CheckResult
from bot.ops.check import _check_database
from bot.settings.core import Settings
from tests.support.database.postgres import connected, empty_url, server, url

pytest.importorskip("asyncpg")
from bot.store.postgres.store import PostgresStore

__all__ = ["empty_url", "server", "url"]


async def found(url: SecretStr | str, **settings: Any) -> CheckResult:
    """Return the result of `check` for the database."""
    text = url if isinstance(url, str) else url.get_secret_value()
    return await _check_database(
        Settings(_env_file=None, bot_database_url=SecretStr(text), **settings)  # type: ignore[call-arg]
    )


@asynccontextmanager
async def role(url: SecretStr) -> AsyncIterator[tuple[str, str]]:
    """Make a role that may only connect; return its name and its URL."""
    name = f"role_{uuid4().hex}"
    async with connected(url) as connection:
        await connection.execute(f"CREATE ROLE {name} LOGIN")
        try:
            yield name, url.get_secret_value().replace("//postgres:", f"//{name}:")
        finally:
            await connection.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


async def test_a_database_that_works(empty_url: SecretStr) -> None:
    """An empty database is set up; several machines need the same key."""
    finding = await found(empty_url)
    assert finding.is_ok
    assert "BOT_SECRET_KEY" in finding.text
    finding = await found(empty_url, bot_secret_key=SecretStr("k" * 40))
    assert (finding.is_ok, finding.text) == (True, "can be read and written")


async def test_while_the_service_runs(url: SecretStr) -> None:
    """The database can be checked while processes use it."""
    async with PostgresStore(url):
        assert (await found(url)).is_ok


async def test_a_database_that_does_not_exist(url: SecretStr) -> None:
    """The result says to create the database or to correct the URL."""
    finding = await found(url.get_secret_value().replace("/test_", "/not_"))
    assert not finding.is_ok
    assert "does not exist: create it, or correct BOT_DATABASE_URL" in finding.text


async def test_a_refused_user(url: SecretStr) -> None:
    """The result names user and password."""
    finding = await found(url.get_secret_value().replace("//postgres:", "//nobody:"))
    assert not finding.is_ok
    assert "refuses user or password: check BOT_DATABASE_URL" in finding.text


async def test_a_user_without_rights(empty_url: SecretStr) -> None:
    """The result names the missing grants, for creating tables and for those of another owner."""
    async with role(empty_url) as (name, theirs), connected(empty_url) as connection:
        for grant in (f'REVOKE CREATE ON SCHEMA public FROM "{name}"', f'GRANT ALL ON SCHEMA public TO "{name}"'):
            await connection.execute(grant)
            finding = await found(theirs)
            assert not finding.is_ok
            assert "let it own the database and what is in it" in finding.text
            async with PostgresStore(empty_url):
                pass


async def test_a_read_only_database(empty_url: SecretStr) -> None:
    """The result says that the server is read-only, such as a replica."""
    async with role(empty_url) as (name, theirs), connected(empty_url) as connection:
        await connection.execute(f'GRANT ALL ON SCHEMA public TO "{name}"')
        assert (await found(theirs)).is_ok
        await connection.execute(f'ALTER ROLE "{name}" SET default_transaction_read_only = on')
        finding = await found(theirs)
    assert not finding.is_ok
    assert "read-only" in finding.text


async def test_a_newer_schema(url: SecretStr) -> None:
    """A newer schema is not touched; the result says to update the service."""
    assert (await found(url)).is_ok
    async with connected(url) as connection:
        await connection.execute("INSERT INTO schema_version VALUES (999)")
    finding = await found(url)
    assert not finding.is_ok
    assert "newer version" in finding.text
    assert "999" in finding.text


@pytest.mark.parametrize("place", ["127.0.0.1:1", "no-such-host.invalid"])
async def test_a_server_that_is_not_there(place: str) -> None:
    """The result names the address if the server or its name does not exist."""
    finding = await found(f"postgresql://ann:hunter2@{place}/muse")
    assert not finding.is_ok
    assert "check that it runs and BOT_DATABASE_URL" in finding.text
    assert "hunter2" not in finding.text


async def test_a_server_that_is_something_else() -> None:
    """The result says that the server is not PostgreSQL."""
    async with TestServer(web.Application()) as other:
        finding = await found(f"postgresql://ann:hunter2@127.0.0.1:{other.port}/muse")
    assert not finding.is_ok
    assert "check that it runs and BOT_DATABASE_URL" in finding.text
    assert "hunter2" not in finding.text
