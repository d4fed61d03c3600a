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


def said(one: Service) -> list[list[str]]:
    """Return what the model was sent, request by request."""
    return [[message["content"] for message in body["messages"][1:]] for body in one.echo.bodies]


async def test_quick_messages_are_one_question(tmp_path: Path, engine: dict[str, Any]) -> None:
    """They are answered together, once; edits, deletions and a restart concern the one answer."""
    given = {**engine, "bot_gather_seconds": 0.2, "bot_shutdown_timeout": 0.1}
    async with service(tmp_path, **given) as one, asyncio.timeout(20):
        first, second = await say(one, "hello"), await say(one, "what is")
        await say(one, "a monad?")
        await one.channel.wait_for_answers(first)
        assert said(one)[0] == ["hello\nwhat is\na monad?"]
        assert one.answer(first).text == "re: hello\nwhat is\na monad?"
        assert one.channel.answers(second) == []
        # What is written while an answer is made is the next question; an edit changes it, in the one answer.
        held = one.echo.hold("slow")
        slow = await one.start_asking("slow", is_message=True)
        one_more, last = await say(one, "first"), await say(one, "second")
        held.set()
        await one.channel.wait_for_answers(slow, one_more)
        assert one.answer(one_more).text == "re: first\nsecond"
        await one.core.worker.drain()
        question = parse(one.channel.questions[last])
        await one.core.services.revise(question)
        await one.core.services.revise(replace(question, prompt="2nd"))
        await one.channel.until(lambda: one.answer(one_more).text == "re: first\n2nd")
        await one.core.worker.drain()
        # One that is deleted while the answer is made is no part of it; the others are answered.
        held = one.echo.hold("keep")
        keep, gone = await say(one, "keep"), await say(one, "a secret")
        await one.echo.until(lambda: one.echo.prompts[-1] == "keep\na secret")
        await one.core.services.retract("channel", gone)
        await one.echo.until(lambda: one.echo.prompts[-1] == "keep")
        held.set()
        await one.channel.until(lambda: one.answer(keep).text == "re: keep")
        await one.core.worker.drain()
        # A process that dies while it answers has the same question answered by the next, once.
        held = one.echo.hold("stop")
        stop, here = await say(one, "stop"), await say(one, "here")
        await one.echo.until(lambda: one.echo.prompts[-1] == "stop\nhere")
        await one.stop()
        held.set()
        await one.start()
        await one.channel.wait_for_answers(stop)
        await one.core.worker.drain()
        assert one.answer(stop).text == "re: stop\nhere"
        assert one.channel.answers(here) == []
        assert (await one.ask("", command="retry")).text == "re: stop\nhere"
        # Somebody else, and a command, begin another question.
        events = [await say(one, "a"), await say(one, "b", who="bob"), await say(one, "c"), await say(one, "d")]
        await one.channel.wait_for_answers(*events[:3])
        await one.core.worker.drain()
        assert [len(one.channel.answers(event)) for event in events] == [1, 1, 1, 0]
        assert one.answer(events[2]).text == "re: Ada: c\nd"
