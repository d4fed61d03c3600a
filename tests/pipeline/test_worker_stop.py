"""Ends of an answer before its time: a person's stop, the service's, and the process's death."""

import asyncio
import contextlib
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.killed_service import serve
from tests.support.processes import Process
from tests.support.scripted_api import events, failure, piece
from tests.support.service import FAST, Service, quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def test_a_stop_keeps_what_was_written(tmp_path: Path) -> None:
    """The API's connection is closed; the text so far stays, with a note, and is remembered without it."""
    async with service(tmp_path, aimodels_streaming=True) as one:
        one.echo.instead = [events(piece("Hello "), piece("world"), wait=asyncio.Event())]
        event = await one.channel.ask("greet")
        await one.channel.until(lambda: (event, {"text": "Hello world"}) in one.channel.seen)
        stopped = await one.ask("", command="stop")
        await one.channel.wait_for_answers(event)
        await one.api.hung_up.wait()
        assert stopped.text == "Stopped: 1."
        assert one.answer(event).text == "Hello world\n\n*Stopped.*"
        await one.ask("next")
        assert [m["content"] for m in one.echo.bodies[-1]["messages"][1:]] == ["greet", "Hello world", "next"]


async def test_a_stop_drops_what_waits_here_and_nothing_elsewhere(tmp_path: Path) -> None:
    """What waits in the conversation is answered as stopped and never asked; another conversation goes on."""
    async with service(tmp_path) as one:
        one.echo.hold("slow")
        release = one.echo.hold("other")
        running = await one.start_asking("slow")
        waiting = [await one.channel.ask(f"waiting {n}") for n in range(2)]
        other = await one.start_asking("other", conversation="elsewhere")
        await one.channel.until(lambda: set(waiting) <= one.channel.acknowledged)
        stopped = await one.ask("", command="stop")
        await one.channel.wait_for_answers(running, *waiting)
        assert stopped.text == "Stopped: 3."
        assert [one.answer(event).text for event in (running, *waiting)] == ["*Stopped.*"] * 3
        assert (await one.ask("next")).text == "re: next"
        release.set()
        await one.channel.wait_for_answers(other)
        assert one.answer(other).text == "re: other"
        assert one.echo.left["slow"] == 1
        assert one.echo.prompts == ["slow", "other", "next"]


async def test_a_stop_reaches_what_is_being_opened(tmp_path: Path) -> None:
    """An answer whose draft is still being opened is stopped before the API is asked."""
    async with service(tmp_path) as one:
        release = one.channel.holds["post e1"] = asyncio.Event()
        event = await one.channel.ask("hello")
        await one.channel.until(lambda: "post e1" in one.channel.calls)
        assert (await one.ask("", command="stop")).text == "Stopped: 1."
        release.set()
        await one.channel.wait_for_answers(event)
        assert one.answer(event).text == "*Stopped.*"
        assert not one.echo.prompts


async def test_a_stop_reaches_what_is_to_be_tried_again(tmp_path: Path) -> None:
    """An answer that waits for its next try is stopped, and shown as stopped where its wait was shown."""
    async with service(tmp_path, timing=replace(FAST.pipeline, shortest_pause=1000.0)) as one:
        one.echo.instead = [failure(500)] * 5
        event = await one.channel.ask("hello")
        await one.channel.until(lambda: any("1000" in change["text"] for _, change in one.channel.seen))
        stopped = await one.ask("", command="stop")
        await one.channel.wait_for_answers(event)
        assert stopped.text == "Stopped: 1."
        assert one.answer(event).text == "*Stopped.*"
        assert (await one.ask("next")).text == "re: next"


async def test_a_stop_leaves_a_finished_answer_alone(tmp_path: Path) -> None:
    """What is being delivered is delivered whole."""
    async with service(tmp_path) as one:
        release = one.channel.holds["finish e1"] = asyncio.Event()
        event = await one.channel.ask("hello")
        await one.channel.until(lambda: "finish e1" in one.channel.calls)
        assert (await one.ask("", command="stop")).text == "Nothing is running here."
        release.set()
        await one.channel.wait_for_answers(event)
        assert one.answer(event).text == "re: hello"


# -- the service ends


async def test_running_answers_finish_before_the_end(tmp_path: Path) -> None:
    """A graceful stop waits for what is being generated, takes on nothing new, and the next start repeats nothing."""
    async with service(tmp_path) as one:
        release = one.echo.hold("slow")
        event = await one.start_asking("slow")
        waiting = await one.channel.ask("waiting")
        await one.channel.until(lambda: waiting in one.channel.acknowledged)
        ending = asyncio.create_task(one.stop())
        await asyncio.sleep(0)  # so that the stop has begun when the API answers
        release.set()
        await ending
        assert one.answer(event).text == "re: slow"
        await one.start()
        await one.channel.wait_for_answers(waiting)
        assert one.echo.prompts == ["slow", "waiting"]
        assert len(one.channel.answers(event)) == 1


async def test_what_does_not_finish_is_answered_by_the_next_start(tmp_path: Path) -> None:
    """Past BOT_SHUTDOWN_TIMEOUT the API's connection is closed; the next start answers in the same place, once."""
    async with service(tmp_path, bot_shutdown_timeout=0) as one:
        release = one.echo.hold("slow")
        event = await one.start_asking("slow")
        await one.stop()
        await one.echo.until(lambda: one.echo.left["slow"] == 1)
        assert not one.answer(event).final
        release.set()
        await one.start()
        await one.channel.wait_for_answers(event)
        assert one.answer(event).text == "re: slow"


def process(one: Service, seam: str = "", **settings: str) -> contextlib.AbstractAsyncContextManager[Process]:
    """The service of a folder in a process of its own."""
    environment = {
        "AIMODELS_BASE_URL": one.api.url,
        "AIMODELS_API_KEY": "sk-of-the-tests",
        "BOT_DATA_DIR": str(one.folder),
        **settings,
    }
    return processes.process(serve, one.channel.url, seam, environment=environment, folder=one.folder)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_running_answers_finish(tmp_path: Path, number: signal.Signals) -> None:
    """SIGTERM or SIGINT: a real process delivers what is being generated and ends with status 0."""
    async with service(tmp_path) as one:
        await one.stop()
        release = one.echo.hold("slow")
        async with process(one) as running:
            event = await one.start_asking("slow")
            running.send_signal(number)
            release.set()
            assert await running.wait() == 0
        assert one.answer(event).text == "re: slow"


async def test_what_a_signal_cuts_off_is_answered_once_by_the_next_start(tmp_path: Path) -> None:
    """SIGTERM with no time to finish: status 0, and the next start answers in the same place."""
    async with service(tmp_path) as one:
        await one.stop()
        release = one.echo.hold("slow")
        async with process(one, BOT_SHUTDOWN_TIMEOUT="0") as running:
            event = await one.start_asking("slow")
            running.send_signal(signal.SIGTERM)
            assert await running.wait() == 0
        assert not one.answer(event).final
        release.set()
        await one.start()
        await one.channel.wait_for_answers(event)
        assert one.answer(event).text == "re: slow"


async def test_an_event_that_kills_the_process_is_given_up(tmp_path: Path) -> None:
    """When the process died of an event as often as BOT_MAX_ATTEMPTS, it is answered with an apology, not generated."""
    async with service(tmp_path) as one:
        await one.stop()
        one.echo.hold("deadly")
        event = await one.channel.ask("deadly")
        async with process(one, "draft.status:after") as running:
            assert await running.wait() == -signal.SIGKILL
        asked = len(one.echo.prompts)
        await one.start(bot_max_attempts=1)
        await one.channel.wait_for_answers(event)
        told = one.answer(event)
        assert event in told.text
        assert told.actions == ["retry"]
        assert len(one.echo.prompts) == asked
        assert (await one.ask("next")).text == "re: next"


async def test_stops_of_the_service_use_up_no_tries(tmp_path: Path) -> None:
    """However often it is stopped while it answers, an event is answered in the end."""
    async with service(tmp_path, bot_shutdown_timeout=0, bot_max_attempts=2) as one:
        release = one.echo.hold("slow")
        event = await one.start_asking("slow")
        for _ in range(3):
            one.echo.prompts.clear()
            await one.stop()
            await one.start()
            await one.echo.until(lambda: "slow" in one.echo.prompts)
        release.set()
        await one.channel.wait_for_answers(event)
        assert one.answer(event).text == "re: slow"


async def test_a_summary_that_is_broken_off_is_counted(tmp_path: Path) -> None:
    """A stop waits for it within the shutdown time; past that its request counts as one."""
    async with service(tmp_path, bot_context_turns=4, bot_shutdown_timeout=0) as one:
        one.echo.hold("Summarise")
        for n in range(5):
            await one.ask(f"question {n}")
        await one.echo.until(lambda: any("Summarise" in prompt for prompt in one.echo.prompts))
        await one.stop()
        await one.start()
        [row] = await one.core.store.usage(since=datetime.now(UTC) - timedelta(days=1))
        assert row.requests == 6


@pytest.mark.parametrize("step", ["post e1", "finish e1"])
async def test_a_platform_that_hangs_keeps_no_slot(tmp_path: Path, step: str) -> None:
    """A call that does not end is broken off, and the answer shown when the platform answers again."""
    async with service(tmp_path, timing=replace(FAST.pipeline, draft_step=0.2, finish=0.2)) as one:
        one.channel.holds[step] = asyncio.Event()
        event = await one.channel.ask("hello")
        await one.channel.until(lambda: step in one.channel.calls)
        del one.channel.holds[step]
        await one.channel.wait_for_answers(event)
        assert one.answer(event).text == "re: hello"
        assert one.echo.prompts == ["hello"]
