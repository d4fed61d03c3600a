"""The worker: order, concurrency, retries, and stored results."""

import asyncio
import gc
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from aimodels.transport import AiohttpTransport
from bot.commands import Command, Context, Parts, _base
from bot.errors import UsageError
from bot.models import Action, Actions, CommandSpec, Text
from tests.support.database.sqlite import tables
from tests.support.scripted_api import failure, hang_up
from tests.support.service import quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def test_answers_of_a_conversation_come_in_order(tmp_path: Path) -> None:
    """Questions of one conversation are sent to the API one by one, each with all earlier exchanges."""
    async with service(tmp_path, bot_context_turns=50) as one:
        events = [await one.channel.ask(f"question {n}") for n in range(20)]
        await one.channel.wait_for_answers(*events)
        finished = [event for event, change in one.channel.seen if change.get("final")]
        assert finished == events
        assert one.echo.prompts == [f"question {n}" for n in range(20)]
        assert one.echo.most == 1
        assert [m["content"] for m in one.echo.bodies[-1]["messages"][1:]][-3:] == [
            "question 18",
            "re: question 18",
            "question 19",
        ]


async def test_conversations_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """A hanging answer delays no other conversation."""
    async with service(tmp_path) as one:
        release = one.echo.hold("slow")
        slow = await one.channel.ask("slow", conversation="a")
        quick = [await one.channel.ask(f"quick {n}", conversation=f"b{n}") for n in range(20)]
        await one.channel.wait_for_answers(*quick)
        assert not any(message.final for message in one.channel.answers(slow))
        release.set()
        await one.channel.wait_for_answers(slow)


async def test_media_do_not_delay_chat(tmp_path: Path) -> None:
    """Chat is answered while an image of the same conversation is made."""
    async with service(tmp_path) as one:
        release = one.echo.hold("fox")
        picture = await one.channel.ask("a fox", command="image")
        assert (await one.ask("hello")).text == "re: hello"
        release.set()
        await one.channel.wait_for_answers(picture)
        assert len(one.answer(picture).files) == 1


async def test_a_command_that_yields_nothing_of_use_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value that is no part of an answer, a field of another type, which could not be read again from the
    database, and an empty answer are defects: logged, and answered with a reference.

    A command whose effect is shown elsewhere may do without a sentence.
    """

    async def plain(_: Context) -> Parts:
        yield "3 and 4"  # type: ignore[misc] # what is forgotten easily: Text(...)

    async def silent(_: Context) -> Parts:
        yield Text("")

    async def wrong(_: Context) -> Parts:
        yield Text("3")
        yield Actions((Action(name="again", label="Again", command="roll", options={"sides": 6}),))  # type: ignore[dict-item]

    for name, run in (("plain", plain), ("wrong", wrong), ("silent", silent), ("quiet", silent)):
        spec = CommandSpec(name=name, description="Test.")
        monkeypatch.setitem(_base._registered, name, Command(spec, run, may_be_silent=name == "quiet"))
    with capture_logs() as lines:
        async with service(tmp_path) as one:
            for name in ("plain", "wrong", "silent"):
                answer = await one.ask("x", command=name)
                assert "tell the operator this reference" in answer.text
            assert not (await one.ask("x", command="quiet")).text
    crashed = [line for line in lines if line["event"] == "command crashed"]
    assert len(crashed) == 3


async def test_what_a_defective_command_has_used_is_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answer can't be stored; what it was made of was paid for, and no call is left open."""
    _base._import_commands()
    image = _base._registered["image"]

    async def wrong(context: Context) -> Parts:
        async for part in image.run(context):
            yield part
        yield Actions((Action(name="again", label="Again", command="image", options={"number": 6}),))  # type: ignore[dict-item]

    monkeypatch.setitem(_base._registered, "image", Command(image.spec, wrong))
    async with service(tmp_path, bot_prices="seeddream-4.0=picture:0.5") as one:
        assert "tell the operator this reference" in (await one.ask("a fox", command="image")).text
        await one.core.worker.drain()
    assert [state for *_, state in tables(tmp_path / "bot.db")["calls"]] == ["settled"]


@pytest.mark.parametrize("slots", [1, 2])
async def test_a_flood_of_images_delays_another_person_by_one_job(tmp_path: Path, slots: int) -> None:
    """With thirty queued images of one person, another person's is started next."""
    async with service(tmp_path, bot_media_concurrency=slots) as one:
        one.echo.hold("flood 0.")
        one.echo.hold("flood 1.")
        places: dict[str, Any] = {"command": "image", "options": {"size": "512x512"}, "who": "flooder"}
        flood = [await one.channel.ask(f"flood {n}.", conversation=f"c{n}", **places) for n in range(30)]
        await one.echo.until(lambda: one.echo.running == slots)
        await one.channel.until(lambda: set(flood) <= one.channel.acknowledged)
        mine = await one.channel.ask("mine", command="image", who="patient", conversation="d")
        await one.channel.until(lambda: mine in one.channel.acknowledged)
        one.echo.holds["flood 0."].set()
        await one.channel.wait_for_answers(mine)
        assert one.echo.prompts.index("mine") == slots
        one.echo.holds["flood 1."].set()
        await one.channel.wait_for_answers(*flood)
        assert one.echo.most <= slots


@pytest.mark.parametrize(("command", "kind"), [("chat", "chat"), ("image", "media")])
async def test_concurrency_is_bounded(tmp_path: Path, command: str, kind: str) -> None:
    """BOT_CHAT_CONCURRENCY and BOT_MEDIA_CONCURRENCY are never exceeded."""
    bound: dict[str, Any] = {f"bot_{kind}_concurrency": 3}
    async with service(tmp_path, **bound) as one:
        release = one.echo.hold("q")
        events = [await one.channel.ask(f"q{n}", conversation=f"c{n}", command=command) for n in range(20)]
        await one.echo.until(lambda: one.echo.running == 3)
        await one.channel.until(lambda: set(events) <= one.channel.acknowledged)
        release.set()
        await one.channel.wait_for_answers(*events)
        assert one.echo.most == 3


# -- when the API fails


@pytest.mark.parametrize("fault", [failure(500), failure(503), hang_up])
async def test_a_temporary_failure_is_retried(tmp_path: Path, fault: object) -> None:
    """The command is retried beyond the client's own tries; the person sees the wait, then the answer."""
    async with service(tmp_path) as one:
        one.echo.instead = [fault] * calls_of(2)  # type: ignore[list-item]
        event = await one.channel.ask("hello")
        after = await one.channel.ask("and then")
        await one.channel.wait_for_answers(event, after)
        assert one.answer(event).text == "re: hello"
        assert not one.answer(event).private
        assert any("busy" in change["text"] for asked, change in one.channel.seen if asked == event)
        assert one.answer(after).text == "re: and then"


async def test_a_lasting_failure_can_be_retried(tmp_path: Path) -> None:
    """A private sentence with a retry button appears, the button works, and the lane goes on."""
    async with service(tmp_path, bot_max_attempts=2) as one:
        one.echo.instead = [failure(500)] * calls_of(2)
        told = await one.ask("hello")
        assert "Try again" in told.text
        assert told.private
        assert told.actions == ["retry"]
        assert (await one.ask("next")).text == "re: next"
        pressed = await one.ask("", command="press", options={"event": "e1", "action": "retry"})
        assert pressed.text == "re: hello"
        await one.channel.until(lambda: not one.answer("e1").text)  # the error message is removed


async def test_a_refused_retry_keeps_the_button(tmp_path: Path) -> None:
    """The error message stays where its button is refused, as by a limit."""
    async with service(tmp_path, bot_max_attempts=1, bot_requests_per_minute=1) as one:
        one.echo.broken.add("hello")
        told = await one.ask("hello")
        pressed = await one.ask("", command="press", options={"event": "e1", "action": "retry"})
        await one.core.worker.drain()
        assert pressed.private
        assert (bool(told.text), told.actions, pressed.actions) == (True, ["retry"], [])


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_permanent_failure_is_not_retried(tmp_path: Path, status: int) -> None:
    """After one call a private sentence appears; only of a refused request it has the API's own text."""
    async with service(tmp_path) as one:
        one.echo.instead = [failure(status, text="API密鑰無效或已過期")]
        told = await one.ask("hello")
        assert told.private
        assert told.actions == ["retry"]
        assert ("API密鑰" in told.text) == (status == 400)
        assert one.echo.prompts == ["hello"]
        assert (await one.ask("next")).text == "re: next"


async def test_a_rate_limit_is_waited_for(tmp_path: Path) -> None:
    """After a 429 the service waits for the reset and then answers, without an error message."""
    async with service(tmp_path) as one:
        reset = int(time.time()) + 1
        limit = {"X-RateLimit-Limit": "1", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
        one.echo.instead = [failure(429, headers=limit)]
        assert (await one.ask("hello")).text == "re: hello"
        assert time.time() >= reset
        assert len(one.echo.prompts) == 2


@pytest.mark.parametrize("text", ["a surprise", "sk-of-the-tests"])
async def test_a_crashing_command_gives_a_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """An unexpected exception becomes a sentence with the event's id, and the lane goes on."""
    async with service(tmp_path) as one:
        with monkeypatch.context() as broken:
            broken.setattr("bot.conversation.context.Conversation.build_messages", raising(ZeroDivisionError(text)))
            told = await one.ask("hello")
        assert "e1" in told.text
        assert text not in told.text
        assert told.private
        assert (await one.ask("next")).text == "re: next"


async def test_a_usage_error_is_its_own_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is shown privately, and there is no API call. What was typed can be corrected; no press."""
    async with service(tmp_path) as one:
        monkeypatch.setattr(
            "bot.conversation.context.Conversation.build_messages", raising(UsageError("Say it differently."))
        )
        told = await one.ask("hello")
        assert (told.text, told.private, told.actions) == ("Say it differently.", True, ["correct"])
        pressed = await one.ask("", command="press", options={"event": "e1", "action": "correct"})
        assert (pressed.text, pressed.actions) == ("Say it differently.", [])
        assert not one.echo.prompts


# -- what an answer leaves behind


async def test_a_failure_after_a_paid_call_is_counted(tmp_path: Path) -> None:
    """The cost of an image that can't be fetched is stored."""
    async with service(tmp_path) as one:
        one.echo.url = "https://localhost:1/v1"  # where the picture is said to be: an address that is not fetched
        told = await one.ask("a fox", command="image")
        assert told.private
        assert not told.files
        [row] = await one.core.store.usage(since=datetime.now(UTC) - timedelta(days=1))
        assert (row.kind, row.items, row.cost) == ("image", 1, 0.5)


async def test_a_long_conversation_is_summarized(tmp_path: Path) -> None:
    """Older turns become a summary, which later requests contain, by a fallback model if need be; it is counted."""
    fallback: dict[str, Any] = {"bot_chat_models": ("big", "mini"), "bot_chat_fallbacks": ("mini",)}
    async with service(tmp_path, bot_context_turns=4, **fallback) as one:

        async def step(request: web.Request) -> web.StreamResponse:
            body = await request.json()
            fails = body["model"] == "big" and "Summarise" in body["messages"][-1]["content"]
            return await (failure(503) if fails else one.echo)(request)

        one.api.play(step)
        for n in range(5):
            await one.ask(f"question {n}")
        await one.echo.until(lambda: any("Summarise" in prompt for prompt in one.echo.prompts))
        folds = sum("Summarise" in prompt for prompt in one.echo.prompts)
        await asyncio.gather(*one.core.worker._summarizer._tasks.values())
        await one.ask("one more")
        said = next(body["messages"] for body in one.echo.bodies if body["messages"][-1]["content"] == "one more")
        assert any("Summary of what was said" in message["content"] for message in said)
        await one.stop()
        entries = [(row[4], row[-1]) for row in tables(tmp_path / "bot.db")["calls"]]
        assert entries.count(("mini", "settled")) >= folds
        assert entries.count(("big", "returned")) >= 1
        assert entries.count(("big", "settled")) == 6  # the answers, which cost nothing that is known
        await one.start()
        big, mini = await one.core.store.usage(since=datetime.now(UTC) - timedelta(days=1))
        assert (big.model, big.requests, mini.model) == ("big", 6, "mini")
        assert mini.requests >= folds


async def test_a_conversation_has_one_summary_at_a_time(tmp_path: Path) -> None:
    """Answers during a summary start no second one; an answer after it does."""
    async with service(tmp_path, bot_context_turns=2) as one:
        release = one.echo.hold("Summarise our conversation")
        for number in range(4):
            await one.ask(f"hello {number}")
        await one.echo.until(lambda: summaries(one.echo.prompts) == 1)
        await one.ask("hello again")
        assert summaries(one.echo.prompts) == 1
        release.set()
        await asyncio.gather(*one.core.worker._summarizer._tasks.values())
        await one.ask("and again")
        await one.echo.until(lambda: summaries(one.echo.prompts) == 2)


def summaries(asked: list[str]) -> int:
    return sum(prompt.startswith("Summarise our conversation") for prompt in asked)


def calls_of(attempts: int) -> int:
    """Return the number of API calls of `attempts` tries of an event, the client's own tries included."""
    return attempts * 5


def raising(error: Exception):  # type: ignore[no-untyped-def] # noqa: ANN201
    async def broken(*_: object, **__: object) -> None:
        raise error

    return broken


async def test_an_answer_leaves_no_cycle(tmp_path: Path) -> None:
    """What an event needed is gone with it: cycles would be left to the garbage collector, which costs every answer."""
    async with service(tmp_path) as one:
        await one.ask("first")
        await one.core.worker.drain()
        gc.collect()
        gc.disable()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            await one.ask("second")
            await one.core.worker.drain()
            gc.collect()
            found = {type(each).__module__ for each in gc.garbage}
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()
        found -= {AiohttpTransport.__module__}  # of the test platform, whose httpx client makes cycles
        assert not {name for name in found if name.startswith(("bot.", "aimodels."))}
