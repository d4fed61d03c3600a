"""What the running service erases by itself, on both engines: conversations and files, and entries of the audit log."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.database.engines import engine, server, url
from tests.support.database.postgres import connected
from tests.support.service import Service, quiet_logs, service

__all__ = ["engine", "server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

MONTH = 31 * 86400
AGE = (f"UPDATE events SET received_at = received_at - {MONTH}", f"UPDATE audit SET at = at - {MONTH}")


async def grow_old(one: Service) -> None:
    """Let a month pass for everything that is stored."""
    if (address := one.given.get("bot_database_url")) is not None:
        async with connected(address) as connection:
            for statement in AGE:
                await connection.execute(statement)
        return
    with closing(sqlite3.connect(one.folder / "bot.db")) as database:
        for statement in AGE:
            database.execute(statement)
        database.commit()


async def test_what_is_past_its_retention_is_erased(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Conversations with their files, and audit entries after days of their own; 0 days: nothing, for ever."""
    kept: dict[str, Any] = {"bot_retention_days": 0, "bot_audit_days": 0}

    async def acts() -> list[str | None]:
        return [entry.after for entry in await one.core.store.audit("channel", limit=9)]

    async with service(tmp_path, **kept, **engine) as one:
        await one.ask("an old fox", command="image", conversation="old")
        await one.ask("temperature 1", command="settings", options={"for": "channel"})
        [old] = (tmp_path / "media").rglob("*.png")
        await one.stop()
        await grow_old(one)
        os.utime(old, (old.stat().st_atime, old.stat().st_mtime - MONTH))
        await one.start()
        await one.ask("a new fox", command="image", conversation="new")
        await one.ask("temperature 2", command="settings", options={"for": "channel"})
        assert old.exists()
        await one.stop()
        await one.start(bot_retention_days=30, bot_audit_days=60)
        while old.exists():  # noqa: ASYNC110 - a disk tells nobody
            await asyncio.sleep(0.01)
        await one.ask("hello", conversation="old")
        await one.ask("hello", conversation="new")
        assert len(list((tmp_path / "media").rglob("*.png"))) == 1
        forgotten, remembered = ([said["content"] for said in body["messages"][1:]] for body in one.echo.bodies[-2:])
        assert forgotten == ["hello"]
        assert remembered == ["a new fox", "[image: a new fox, 1x1]", "hello"]
        assert await acts() == ["2", "1"]
        await one.stop()
        await one.start(bot_retention_days=0, bot_audit_days=30)
        while len(await acts()) > 1:  # noqa: ASYNC110 - nor does a database
            await asyncio.sleep(0.01)
        assert await acts() == ["2"]
        assert (await one.ask("hello again", conversation="new")).text == "re: hello again"
