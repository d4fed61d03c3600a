"""All data that the service stores can be erased."""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.database.sqlite import tables
from tests.support.service import quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def test_nothing_stays_of_a_forgotten_person(tmp_path: Path) -> None:
    """Prior messages, preferences, refused and undelivered answers are erased by forgetting and pruning."""
    async with service(tmp_path, bot_chat_models=("m1", "m2")) as one:
        here: dict[str, Any] = {"conversation": "conversation-1", "who": "person-1"}
        await one.ask("hello", earlier=[["person-2", "said before"]], **here)
        await one.ask("", command="model", options={"kind": "chat", "name": "m2"}, **here)
        await one.core.services.set_preference("channel", "person-1", "language", "zh-Hant")
        one.channel.faults = {"finish": [403]}
        undelivered = await one.channel.ask("refused", **here)
        await one.channel.until(lambda: f"finish {undelivered}" in one.channel.calls)
        await one.core.worker.drain()
        kept = tables(tmp_path / "bot.db")["key_values"]
        assert sorted((row[0].partition(":")[0], row[1]) for row in kept) == [
            ("conversation", "model.chat"),
            ("conversation", "prior_messages_read_by"),
            ("person", "language"),
            ("undelivered", undelivered),
        ]
        await one.ask("", command="forget", options={"confirm": "yes"}, **here)
        await one.core.worker.drain()
        await one.core.store.prune(datetime.now(UTC) + timedelta(days=1))
        left = {name: rows for name, rows in tables(tmp_path / "bot.db").items() if rows}
    # Sums, those of a number that limits go on for, and what was changed for others: by nobody who is named.
    assert left.keys() == {"usage", "carried", "audit"}
    assert not any(mark in str(left) for mark in ("person-", "conversation-", undelivered))
    written = b"".join(path.read_bytes() for path in tmp_path.glob("bot.db*"))
    assert b"usage" in written
    assert not any(mark in written for mark in (b"said before", b"person-1", b"conversation-1"))


async def test_nothing_stays_of_what_is_made_meanwhile(tmp_path: Path) -> None:
    """A picture that is being made while its author is forgotten is shown, then its file and its answer are erased.

    What would have been remembered of a question is not.
    """
    async with service(tmp_path) as one:
        drawn, told = one.echo.hold("unicorn"), one.echo.hold("narwhal")
        await one.ask("memory_auto on", command="settings", options={"for": "me"}, who="person-1")
        picture = await one.channel.ask("a unicorn", command="image", who="person-1")
        question = await one.channel.ask("call me narwhal", who="person-1")
        await one.echo.until(lambda: len(one.echo.prompts) == 2)
        await one.ask("", command="forget", options={"confirm": "yes"}, conversation="elsewhere", who="person-1")
        drawn.set()
        told.set()
        await one.channel.wait_for_answers(picture, question)
        assert len(one.answer(picture).files) == 1
        assert "Remembered for you" in one.answer(question).text

        def left() -> Collection[str]:
            files = [path.name for path in tmp_path.rglob("media*/*/*") if path.is_file()]
            stored = str(tables(tmp_path / "bot.db"))
            return [*files, *(mark for mark in ("unicorn", "narwhal", "person-1") if mark in stored)]

        async with asyncio.timeout(120):
            while left():  # noqa: ASYNC110 - only the disk tells
                await asyncio.sleep(0.02)


async def test_an_undelivered_answer_is_kept_as_long_as_its_event(tmp_path: Path) -> None:
    """An undelivered answer expires with its event, even if the conversation goes on."""
    async with service(tmp_path, bot_retention_days=30) as one:
        one.channel.faults = {"finish": [403]}
        undelivered = await one.channel.ask("refused")
        await one.channel.until(lambda: f"finish {undelivered}" in one.channel.calls)
        await one.core.worker.drain()
        job = await one.core.store.job("channel", undelivered)
        assert job is not None
        [row] = tables(tmp_path / "bot.db")["key_values"]
        assert row[3] == (job.event.received_at + timedelta(days=30)).timestamp()
