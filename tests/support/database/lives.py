"""A service that dies after some moments, and is started again until something is reached; on either engine."""

import asyncio
import contextlib
import signal
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from tests.support.channel.adapter import Channel
from tests.support.killed_service import serve
from tests.support.processes import process


async def _nothing() -> None:
    """Check nothing."""


@dataclass(slots=True, kw_only=True)
class Lives:
    """The lives of one service. `engine`: its settings, of the fixture of that name."""

    channel: Channel
    engine: Mapping[str, Any]
    folder: Path
    environment: Mapping[str, str]
    shortest: int  #: moments of a life
    check: Callable[[], Awaitable[None]] = _nothing  #: called after each death
    count: int = field(default=0, init=False)

    async def until(self, reached: Callable[[], bool], *, first: tuple[str, ...] = ()) -> None:
        """Start it again and again, each time for some moments more or less.

        `first`: where it dies first, such as at "store.commit:after".
        """
        for seam in first:
            async with self._life(seam) as one:
                assert await one.wait() == -signal.SIGKILL, seam
            await self.check()
        while not reached():
            self.count += 1
            async with self._life(str(self.shortest + self.count * 7 % 29)) as one:
                gone = asyncio.create_task(one.wait())
                there = asyncio.create_task(self.channel.until(reached))
                await asyncio.wait({gone, there}, return_when=asyncio.FIRST_COMPLETED)
                one.send_signal(signal.SIGKILL)
                await gone
                there.cancel()
            await self.check()

    def _life(self, seam: str) -> Any:
        url: SecretStr | None = self.engine.get("bot_database_url")
        environment = {
            **self.environment,
            "AIMODELS_API_KEY": "key",
            "BOT_DATA_DIR": str(self.folder),
            "BOT_MAX_ATTEMPTS": "20",
            **({} if url is None else {"BOT_DATABASE_URL": url.get_secret_value()}),
        }
        return process(serve, self.channel.url, seam, environment=environment, folder=self.folder)

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask its database."""
        if self.engine:
            from tests.support.database.postgres import connected

            async with connected(self.engine["bot_database_url"]) as connection:
                return [tuple(row) for row in await connection.fetch(sql)]
        with contextlib.closing(sqlite3.connect(self.folder / "bot.db")) as database:
            return database.execute(sql).fetchall()
