"""Quick messages of one person are one question, on the whole service and both engines."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.channel.adapter import parse
from tests.support.database.postgres import server, url
from tests.support.service import Service, quiet_logs, service

__all__ = ["server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The setting of the database."""
    return {"bot_database_url": request.getfixturevalue(url.__name__)} if request.param == "postgres" else {}


async def say(one: Service, text: str, **more: Any) -> str:
    """Write a message; return its event once it is recorded."""
    event = await one.channel.ask(text, is_message=True, **more)
    await one.channel.until(lambda: event in one.channel.acknowledged)
    return event


async def say_behind(one: Service, *texts: str) -> list[str]:
    """Write messages while another answer is made, so that all of them wait when it ends; return their events."""
    held = one.echo.holds["slow"] = asyncio.Event()
    slow = await one.start_asking(f"slow {len(one.echo.prompts)}", is_message=True)
    events = [await say(one, text) for text in texts]
    held.set()
    await one.channel.wait_for_answers(slow)
    return events


async def test_quick_messages_are_one_question(
    tmp_path: Path, engine: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are answered together, once; edits, deletions and a restart concern the one answer."""
    price = {"bot_prices": ("gpt-4-turbo=input:10|output:30",)}  # so that each call is in the ledger before it is made
    given = {**engine, **price, "bot_gather_seconds": 0.01, "bot_shutdown_timeout": 0.1}
    async with service(tmp_path, **given) as one, asyncio.timeout(60):
        first, second, last = await say_behind(one, "hello", "what is", "a monad?")
        await one.channel.wait_for_answers(first)
        assert one.answer(first).text == "re: hello\nwhat is\na monad?"
        await one.core.worker.drain()
        assert one.channel.answers(second) == one.channel.answers(last) == []
        # An edit of one changes the one answer; what is no edit changes nothing.
        question = parse(one.channel.questions[last])
        await one.core.services.revise(question)
        await one.core.services.revise(replace(question, prompt="a lens?"))
        await one.channel.until(lambda: one.answer(first).text == "re: hello\nwhat is\na lens?")
        await one.core.worker.drain()
        # One that is deleted while the answer is made is no part of it; the others are answered.
        held = one.echo.hold("keep")
        keep, gone = await say_behind(one, "keep", "a secret")
        await one.echo.until(lambda: one.echo.prompts[-1] == "keep\na secret")
        await one.core.services.retract("channel", gone)
        await one.echo.until(lambda: one.echo.prompts[-1] == "keep")
        held.set()
        await one.channel.until(lambda: one.answer(keep).text == "re: keep")
        await one.core.worker.drain()
        # So is one that is joined at the moment at which it is deleted.
        held, late = one.echo.hold("late"), one.echo.hold("slower")
        slow = await one.start_asking("slower", is_message=True)
        events = [await say(one, "late"), await say(one, "a slip")]
        withdraw = one.core.store.withdraw

        async def join_first(adapter: str, event_id: str) -> None:
            monkeypatch.undo()
            late.set()
            await one.echo.until(lambda: one.echo.prompts[-1] == "late\na slip")
            await withdraw(adapter, event_id)

        monkeypatch.setattr(one.core.store, "withdraw", join_first)
        await one.core.services.retract("channel", events[1])
        await one.echo.until(lambda: one.echo.prompts[-1] == "late")
        held.set()
        await one.channel.wait_for_answers(slow, events[0])
        await one.core.worker.drain()
        assert one.answer(events[0]).text == "re: late"
        # A process that ends while it answers leaves the same question to the next, which answers it once.
        held = one.echo.hold("stop")
        stop, here = await say_behind(one, "stop", "here")
        await one.echo.until(lambda: one.echo.prompts[-1] == "stop\nhere")
        await one.stop()
        held.set()
        await one.start()
        await one.channel.wait_for_answers(stop)
        await one.core.worker.drain()
        assert one.answer(stop).text == "re: stop\nhere"
        assert one.channel.answers(here) == []
        assert (await one.ask("", command="retry")).text == "re: stop\nhere"
        # Somebody else begins another question.
        held = one.echo.hold("wait")
        wait = await one.start_asking("wait", is_message=True)
        events = [await say(one, "a"), await say(one, "b", who="bob"), await say(one, "c"), await say(one, "d")]
        held.set()
        await one.channel.wait_for_answers(wait, *events[:3])
        await one.core.worker.drain()
        assert [len(one.channel.answers(event)) for event in events] == [1, 1, 1, 0]
        assert one.answer(events[2]).text == "re: Ada: c\nd"


async def test_messages_that_are_waited_for_hold_no_slot(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Somebody else is answered meanwhile, though there is one slot; what is deleted is not answered."""
    given = {**engine, "bot_gather_seconds": 30.0, "bot_chat_concurrency": 1, "bot_shutdown_timeout": 0.1}
    async with service(tmp_path, **given) as one, asyncio.timeout(60):
        first, second = await say(one, "hello"), await say(one, "what is love?")
        assert (await one.ask("hi", who="bob", conversation="another")).text == "re: hi"
        await one.core.services.retract("channel", second)  # the other way round it would be answered in between
        await one.core.services.retract("channel", first)
        await one.core.worker.drain()
        assert one.echo.prompts == ["hi"]
        assert one.channel.answers(first) == one.channel.answers(second) == []
