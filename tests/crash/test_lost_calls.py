"""A call of the API whose process died is counted once, and what it cost is asked for again only within the budget."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from aimodels.reference import MODELS
from tests.support.channel.adapter import channel_server
from tests.support.database import sqlite
from tests.support.killed_service import serve
from tests.support.processes import Process, process
from tests.support.scripted_api import scripted_api
from tests.support.service import EchoApi


@contextlib.asynccontextmanager
async def database(engine: str) -> AsyncIterator[str]:
    """Yield the URL of an empty database; "" for SQLite's file."""
    if engine == "sqlite":
        yield ""
        return
    from tests.support.database.postgres import database, start

    async with database(start()) as url:
        yield url.get_secret_value()


async def calls(url: str, folder: Path) -> list[tuple[Any, ...]]:
    if not url:
        return sqlite.tables(folder / "bot.db")["calls"]
    from tests.support.database.postgres import tables

    return (await tables(SecretStr(url)))["calls"]


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
async def test_a_lost_call_that_another_process_has_counted(tmp_path: Path, engine: str) -> None:
    """Killed after it was reserved, then after it was counted: there is no money left for a third try."""
    async with channel_server() as channel, scripted_api() as api, database(engine) as url, asyncio.timeout(200):
        api.play(echo := EchoApi(api.url))
        environment = {
            "AIMODELS_BASE_URL": api.url,
            "AIMODELS_API_KEY": "key",
            "BOT_DATA_DIR": str(tmp_path),
            "BOT_DATABASE_URL": url,
            "BOT_PRICES": f"{MODELS['image']}=picture:0.02",
            "BOT_BUDGET_PER_DAY": "0.03",
        }

        def run(seam: str) -> contextlib.AbstractAsyncContextManager[Process]:
            return process(serve, channel.url, seam, environment=environment, folder=tmp_path)

        asked = await channel.ask("a fox", command="image")
        for seam in ("store.begin_call:after", "store.settle_lost_calls:after"):
            async with run(seam) as doomed:
                assert await doomed.wait() == -signal.SIGKILL, seam
        async with run(""):
            await channel.wait_for_answers(asked)
        entries = [(state, micros) for *_, micros, state in await calls(url, tmp_path)]
    assert echo.prompts == []
    assert "budget" in channel.answers(asked)[0].text
    assert entries == [("settled", 20_000)]
