"""A database that is moved from SQLite to PostgreSQL while no service runs."""

import asyncio
import re
import subprocess
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.backup.move import move_store
from bot.backup.move_tables import MOVED
from bot.errors import BackupError, StoreError
from bot.ports import AuditEntry
from bot.subcommands.backup import show_progress
from tests.support.channel.adapter import ChannelAdapter
from tests.support.database.places import Place, places
from tests.support.forked import command_line
from tests.support.service import Service, quiet_logs, service

__all__ = ["quiet_logs"]
pytestmark = pytest.mark.usefixtures("quiet_logs")
ROOT = Path(__file__).parents[2]
#: Tables of SQLite that have gone into others.
MERGED = {"reservations"}
#: Tables of PostgreSQL that other processes need, or that follow from the events.
DERIVED = {"people", "allowances", "arrivals", "queues", "heads"}


class Interrupted(Exception):
    """The process ends here."""


async def test_a_moved_bot_goes_on_where_it_was(tmp_path: Path) -> None:
    """What waited is answered once, with its context; installations, ledger, settings and audit log are there."""
    async with AsyncExitStack() as stack:
        [place] = await stack.enter_async_context(places("postgres", tmp_path, 1))
        assert place.url is not None
        new, old = Place(tmp_path / "data", place.url), Place(tmp_path / "data")
        one = await stack.enter_async_context(service(old.folder, bot_shutdown_timeout=0, bot_media_per_day=9))
        await one.ask("a first question", conversation="talk")
        await one.ask("a fox", command="image", conversation="talk")
        await one.core.services.storage("installation.T1").set("token", "xoxb-secret")
        await one.core.store.namespace("channel:channel:c").set("system_prompt", "Be kind 雪.")
        await one.core.store.add_audit(AuditEntry(adapter="channel", actor="ann", action="settings.set", subject="x"))
        one.echo.hold("second")
        one.echo.hold("a bear")
        running = await one.start_asking("a second question", conversation="talk")
        drawing = await one.start_asking("a bear", command="image", conversation="talk")
        waiting = await one.channel.ask("a third question", conversation="talk")
        await one.channel.until(lambda: waiting in one.channel.acknowledged)
        addresses = f"sqlite:///{old.folder / 'bot.db'}", place.url.get_secret_value()
        refused = await migrate_store(*addresses, folder=tmp_path)
        assert (refused.returncode, "in use by process" in refused.stderr) == (2, True)
        for wrong in (reversed(addresses), addresses[:1]):
            assert "set BOT_DATABASE_URL to postgresql://" in (await migrate_store(*wrong, folder=tmp_path)).stderr
        await one.stop()
        one.echo.holds.clear()
        before = await old.tables()

        def interrupt(table: str, _: int) -> None:
            if table == "turns":
                raise Interrupted

        urls = (old.core_settings, SecretStr(addresses[0]), SecretStr(addresses[1]))
        with pytest.raises(Interrupted):
            await move_store(*urls, interrupt)
        other = Service(old.folder, one.api, one.echo, one.channel, new.settings, ChannelAdapter(one.channel.url))
        stack.push_async_callback(other.adapter.http.aclose)
        with pytest.raises(StoreError, match="finish it with `python -m bot migrate-store SQLITE_URL`"):
            await other.start()
        finished = await migrate_store(addresses[0], folder=tmp_path, BOT_DATABASE_URL=addresses[1])
        assert (finished.returncode, finished.stderr) == (0, "")
        assert f"events: {len(before['events'])} rows, checksum" in finished.stdout
        with pytest.raises(BackupError, match="is not empty"):
            await move_store(*urls)
        assert await old.tables() == before

        there = await new.tables()
        assert set(there) == {table.name for table in MOVED} | (DERIVED & set(there))
        assert set(before) == ({table.name for table in MOVED} & set(before)) | MERGED
        await other.start()
        stack.push_async_callback(other.stop)
        await one.channel.wait_for_answers(running, drawing, waiting)
        assert one.answer(running).text == "re: a second question"
        assert one.answer(waiting).text == "re: a third question"
        assert len(one.answer(drawing).files) == 1
        [asked] = [str(body["messages"]) for body in one.echo.bodies if "third" in str(body)]
        assert re.search("a first question.*re: a first question.*re: a second question", asked)
        core = other.core
        assert await core.services.storage("installation.T1").items() == {"token": "xoxb-secret"}
        assert await core.store.namespace("channel:channel:c").items() == {"system_prompt": "Be kind 雪."}
        assert [entry.subject for entry in await core.store.audit("channel", limit=9)] == ["x"]
        assert {row[:4] for row in before["calls"]} <= {row[:4] for row in (await new.tables())["calls"]}
        assert len(there["spent"]) == len({(row[0], row[4]) for row in before["usage"]}) > 1
        follow_up = await other.ask("a fourth question", conversation="talk")
        assert follow_up.text == "re: a fourth question"


def test_a_long_move_says_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Not for each step."""
    for rows in range(2000, 210_000, 2000):
        show_progress("events", rows)
    assert capsys.readouterr().out == "events: 100000 rows so far\nevents: 200000 rows so far\n"


async def migrate_store(*addresses: str, folder: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "BOT_DATA_DIR": str(folder / "data"), **settings}
    return await asyncio.to_thread(
        command_line.bot, "migrate-store", *addresses, environment=environment, folder=folder
    )
