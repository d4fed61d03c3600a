"""Databases of both engines for tests of the whole service and of its commands."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.settings.core import Settings
from tests.support.database import sqlite

ENGINES = ("sqlite", "postgres")


@dataclass(frozen=True, slots=True)
class Place:
    """A data folder and its database."""

    folder: Path
    url: SecretStr | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that name the database, besides the data folder."""
        return {} if self.url is None else {"bot_database_url": self.url}

    @property
    def core_settings(self) -> Settings:
        """The settings of a service there."""
        return Settings(_env_file=None, bot_data_dir=self.folder, **self.settings)  # type: ignore[call-arg]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a command."""
        url = {} if self.url is None else {"BOT_DATABASE_URL": self.url.get_secret_value()}
        return {"BOT_DATA_DIR": str(self.folder), **url}

    async def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        if self.url is None:
            return sqlite.tables(self.folder / "bot.db")
        from tests.support.database import postgres

        return await postgres.tables(self.url)


@asynccontextmanager
async def places(engine: str, folder: Path, count: int) -> AsyncIterator[list[Place]]:
    """Make places of an engine; their databases have no schema yet."""
    async with AsyncExitStack() as stack:
        made = []
        for number in range(count):
            url = None
            if engine == "postgres":
                postgres = pytest.importorskip("tests.support.database.postgres")
                server = postgres.start()
                url = await stack.enter_async_context(postgres.database(server, "template1"))
            made.append(Place(folder / f"place{number}", url))
        yield made
