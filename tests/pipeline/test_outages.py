"""Outages of the API: waited out, visibly and quietly, without holding up anything else."""

import asyncio
import socket
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aimodels.request import MAX_TRIES
from bot.ports import UsageRow
from tests.support.scripted_api import Step, events, failure, hang_up, piece
from tests.support.service import FAST, Service, quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

#: No further try comes before somebody stops the request.
ENDLESS = replace(FAST.pipeline, shortest_pause=1000.0)


async def usage(one: Service) -> list[UsageRow]:
    return list(await one.core.store.usage(since=datetime.now(UTC) - timedelta(days=1)))


async def calls(one: Service, count: int) -> None:
    """Wait until the API was called that often from now on."""
    until = len(one.api.requests) + count
    while len(one.api.requests) < until:
        one.api.arrived.clear()
        await one.api.arrived.wait()


@pytest.mark.parametrize("step", [hang_up, failure(503)])
async def test_an_outage_is_waited_out(tmp_path: Path, step: Step) -> None:
    """However many tries and restarts it takes: one status, which stays the same, then the answer in its place."""
    async with service(tmp_path, bot_patience=600, bot_max_attempts=1) as one:
        one.api.play(step)
        event = await one.channel.ask("hello")
        await calls(one, 30)
        await one.stop()
        await one.start()
        await calls(one, 30)
        shown = {change["text"] for asked, change in one.channel.seen if asked == event}
        assert shown == {"(The AI service is unavailable at the moment. I keep trying for up to 10 min…)"}
        one.api.play(one.echo)
        await one.channel.wait_for_answers(event)
        assert one.answer(event).text == "re: hello"
        [row] = await usage(one)
        assert row.requests == 1


async def test_pictures_wait_too(tmp_path: Path) -> None:
    """While the API refuses the request or can't be reached; what it got may be billed, and is repeated a few times."""
    async with service(tmp_path, bot_patience=600, bot_max_attempts=2) as one:
        one.echo.broken.add("fox")
        event = await one.channel.ask("a fox", command="image")
        await calls(one, 20)
        one.echo.broken.clear()
        await one.channel.wait_for_answers(event)
        assert one.answer(event).files
        one.api.play(hang_up)
        before = len(one.api.requests)
        told = await one.ask("a dog", command="image")
        assert told.actions == ["retry"]
        assert len(one.api.requests) - before == 2 * MAX_TRIES


async def test_an_api_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    """No connection: nothing was sent, and nothing can be billed."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with service(tmp_path, bot_patience=600, bot_max_attempts=1) as one:
        await one.stop()
        await one.start(aimodels_base_url=f"http://127.0.0.1:{port}/v1")
        event = await one.channel.ask("a fox", command="image")
        await one.channel.until(lambda: any("unavailable" in change["text"] for _, change in one.channel.seen))
        await one.stop()
        await one.start()
        await one.channel.wait_for_answers(event)
        assert one.answer(event).files


async def test_patience_begins_with_the_first_failure(tmp_path: Path) -> None:
    """A restart does not begin it anew; when it is over, the error message and its button appear."""
    async with service(tmp_path, bot_patience=600) as one:
        one.echo.broken.add("hello")
        event = await one.channel.ask("hello")
        await calls(one, 10)
        await one.stop()
        await one.start(bot_patience=0.001)
        await one.channel.wait_for_answers(event)
        assert "Try again" in one.answer(event).text
        assert one.answer(event).actions == ["retry"]


async def test_a_rate_limit_beyond_the_patience_is_told(tmp_path: Path) -> None:
    """Nobody waits for what can't come in time."""
    async with service(tmp_path, bot_patience=20, aimodels_timeout=0.5) as one:
        one.echo.instead = [failure(429, headers={"Retry-After": "60"})]
        assert "60 s" in (await one.ask("hello")).text
        assert len(one.echo.prompts) == 1


async def test_the_stop_button_ends_a_wait(tmp_path: Path) -> None:
    """The request that waits for its next try is stopped, and the conversation goes on."""
    async with service(tmp_path, bot_patience=600, timing=ENDLESS) as one:
        one.echo.broken.add("hello")
        event = await one.channel.ask("hello", member=True)
        await one.channel.until(lambda: any("unavailable" in change["text"] for _, change in one.channel.seen))
        stop = {"event": event, "action": "stop"}
        assert (
            "Only the person who asked"
            in (await one.ask("", command="press", options=stop, who="bob", member=True)).text
        )
        await one.channel.ask("", command="press", options=stop, member=True)
        await one.channel.wait_for_answers(event)
        assert one.answer(event).text == "*Stopped.*"
        assert not one.answer(event).private
        assert (await one.ask("next")).text == "re: next"


async def test_a_wait_holds_up_its_own_conversation_only(tmp_path: Path) -> None:
    """Other conversations, media, and commands that spend nothing go on; later questions keep their order."""
    async with service(tmp_path, bot_patience=600, bot_chat_concurrency=1) as one:
        one.echo.broken.add("hello")
        event = await one.channel.ask("hello")
        await calls(one, 10)
        later = await one.channel.ask("later")
        assert (await one.ask("elsewhere", conversation="b")).text == "re: elsewhere"
        assert (await one.ask("a fox", command="image")).files
        assert "/image" in (await one.ask("", command="help")).text
        assert (await one.ask("", command="usage")).text
        assert not one.channel.answers(later)
        one.echo.broken.clear()
        await one.channel.wait_for_answers(event, later)
        assert one.answer(later).text == "re: later"
        answered = [prompt for prompt in dict.fromkeys(one.echo.prompts) if prompt in {"hello", "later"}]
        assert answered == ["hello", "later"]


async def test_a_picture_that_comes_too_late_counts(tmp_path: Path) -> None:
    """What the API accepted and did not answer in time may be billed: it counts, and is not asked for again."""
    async with service(tmp_path, bot_patience=600, aimodels_media_timeout=0.5, bot_media_per_day=1) as one:
        one.echo.hold("fox")
        told = await one.ask("a fox", command="image")
        assert "took too long" in told.text
        assert one.echo.prompts == ["a fox"]
        [row] = await usage(one)
        assert (row.kind, row.items, row.requests) == ("image", 1, 1)
        assert "1" in (await one.ask("a dog", command="image")).text
        assert one.echo.prompts == ["a fox"]


async def test_an_answer_that_comes_too_late_is_asked_for_again(tmp_path: Path) -> None:
    """Each request that the API accepted counts."""
    async with service(tmp_path, bot_patience=600, aimodels_timeout=0.5) as one:
        release = one.echo.hold("hello")
        event = await one.channel.ask("hello")
        await one.echo.until(lambda: one.echo.left["hello"] == 1)
        release.set()
        await one.channel.wait_for_answers(event)
        assert one.answer(event).text == "re: hello"
        [row] = await usage(one)
        assert row.requests == len(one.echo.prompts) >= 2


async def test_an_answer_in_an_outage_grows(tmp_path: Path) -> None:
    """Text is shown at once, also in a try whose statuses are held back."""
    async with service(tmp_path, bot_patience=600, aimodels_streaming=True) as one:
        release = asyncio.Event()
        one.echo.instead = [failure(503)] * 7 + [events(piece("Hello "), piece("world"), wait=release)]
        event = await one.channel.ask("greet")
        await one.channel.until(lambda: (event, {"text": "Hello world"}) in one.channel.seen)
        release.set()
        await one.channel.wait_for_answers(event)


async def test_a_wait_for_the_rate_limit_can_be_stopped(tmp_path: Path) -> None:
    """A request that waits within the API client holds up no free command, and the Stop button reaches it."""
    async with service(tmp_path, bot_patience=600) as one:
        one.echo.instead = [failure(429, headers={"Retry-After": "60"})]
        event = await one.channel.ask("hello")
        await one.channel.until(lambda: any("60 s" in change["text"] for _, change in one.channel.seen))
        assert "/image" in (await one.ask("", command="help")).text
        await one.channel.ask("", command="press", options={"event": event, "action": "stop"})
        await one.channel.wait_for_answers(event)
        assert one.answer(event).text == "*Stopped.*"
