"""Answers that end early: stopped by a person, by a shutdown, or by the death of the process."""

import asyncio
import contextlib
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.channel.adapter import parse
from tests.support.killed_service import serve
from tests.support.processes import Process
from tests.support.scripted_api import events, failure, piece
from tests.support.service import FAST, Service, quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def test_a_stop_keeps_the_partial_answer(tmp_path: Path) -> None:
    """The API call is cancelled; the text so far stays with a note, and is stored without it."""
    async with service(tmp_path, aimodels_streaming=True) as one:
        one.echo.instead = [events(piece("Hello "), piece("world"), wait=asyncio.Event())]
        event = await one.channel.ask("greet")
        await one.channel.until(lambda: (event, {"text": "Hello world"}) in one.channel.seen)
        stopped = await one.ask("", command="stop")
        await one.channel.wait_for_answers(event)
        await one.api.hung_up.wait()
        assert not stopped.text
        assert one.answer(event).text == "Hello world\n\n*Stopped.*"
        await one.ask("next")
        assert [m["content"] for m in one.echo.bodies[-1]["messages"][1:]] == ["greet", "Hello world", "next"]


async def test_a_stop_is_limited_to_its_conversation(tmp_path: Path) -> None:
    """Waiting events of the conversation are answered as stopped without an API call; another conversation goes on."""
    async with service(tmp_path) as one:
        one.echo.hold("slow")
        release = one.echo.hold("other")
        running = await one.start_asking("slow")
        waiting = [await one.channel.ask(f"waiting {n}") for n in range(2)]
        other = await one.start_asking("other", conversation="elsewhere")
        await one.channel.until(lambda: set(waiting) <= one.channel.acknowledged)
        stopped = await one.ask("", command="stop")
        await one.channel.wait_for_answers(running, *waiting)
        assert not stopped.text
        assert [one.answer(event).text for event in (running, *waiting)] == ["*Stopped.*"] * 3
        assert (await one.ask("next")).text == "re: next"
        release.set()
        await one.channel.wait_for_answers(other)
        assert one.answer(other).text == "re: other"
        assert one.echo.left["slow"] == 1
        assert one.echo.prompts == ["slow", "other", "next"]


async def test_what_costs_nothing_counts_but_a_stop_of_ones_own_works(tmp_path: Path) -> None:
    """Over the limit a minute there is neither help nor a stop of nothing; what runs for a person can be stopped."""
    async with service(tmp_path, bot_requests_per_minute=2) as one:
        one.echo.hold("slow")
        running = await one.start_asking("slow")
        assert "/image" in (await one.ask("", command="help")).text
        assert "2 requests in a minute" in (await one.ask("", command="help")).text
        assert not (await one.ask("", command="stop")).text
        await one.channel.wait_for_answers(running)
        again = parse({"id": "again", "text": "", "command": "stop", "options": {}})
        assert not await one.core.inbox.accept(again)  # the limit was named a moment ago


async def test_a_stop_is_limited_to_its_person(tmp_path: Path) -> None:
    """Only what a person asked for themselves is stopped; administrators and `BOT_ADMINS` stop everything."""
    async with service(tmp_path, bot_admins=("eve",)) as one:
        release = one.echo.hold("slow")
        hers = await one.start_asking("slow one")
        his = await one.channel.ask("waiting", who="bob", member=True)
        await one.channel.until(lambda: his in one.channel.acknowledged)
        stopped = await one.ask("", command="stop", who="bob", member=True)
        assert not stopped.text
        await one.channel.wait_for_answers(his)
        assert one.answer(his).text == "*Stopped.*"
        assert (await one.ask("", command="stop", who="cid", member=True)).text == "Nothing is running here."
        assert not one.answer(hers).final
        assert not (await one.ask("", command="stop", who="root")).text
        release.set()
        await one.channel.wait_for_answers(hers)
        assert one.answer(hers).text == "*Stopped.*"
        for command in ("stop", "press"):
            one.echo.hold(f"again {command}")
            hers = await one.start_asking(f"again {command}")
            options = {"event": hers, "action": "stop"} if command == "press" else {}
            if options:
                refused = await one.ask("", command=command, options=options, who="cid", member=True)
                assert "Only the person who asked" in refused.text
            assert not (await one.ask("", command=command, options=options, who="eve", member=True)).text
            await one.channel.wait_for_answers(hers)
            assert one.answer(hers).text == "*Stopped.*"


async def test_a_stopped_request_counts(tmp_path: Path) -> None:
    """What the API was asked counts although its answer is not awaited, also over a restart."""
    async with service(tmp_path, bot_media_per_day=2) as one:
        one.echo.hold("slow")
        for number in range(2):
            event = await one.start_asking(f"slow {number}", command="image")
            await one.ask("", command="stop")
            await one.channel.wait_for_answers(event)
        assert "2" in (await one.ask("slow fox", command="image")).text
        await one.stop()
        await one.start()
        again = parse({"id": "again", "text": "slow fox", "command": "image", "options": {}})
        assert not await one.core.inbox.accept(again)  # the limit was named a moment ago
        assert one.echo.prompts == ["slow 0", "slow 1"]


async def test_an_edited_request_counts(tmp_path: Path) -> None:
    """Each edit of a running request is another one."""
    async with service(tmp_path, bot_media_per_day=3) as one:
        one.echo.hold("slow")
        event = await one.start_asking("slow 0", command="image")
        for number in range(1, 6):
            asked = parse({**one.channel.questions[event], "text": f"slow {number}"})
            await one.core.services.revise(asked)
            if number < 3:
                await one.echo.until(lambda number=number: f"slow {number}" in one.echo.prompts)  # type: ignore[misc]
        assert one.echo.prompts == ["slow 0", "slow 1", "slow 2"]
        await one.ask("", command="stop")


async def test_a_refused_request_counts_nothing(tmp_path: Path) -> None:
    """A request that the API refused, and that waits for its next try, is free when it is stopped."""
    async with service(tmp_path, bot_media_per_day=1, timing=replace(FAST.pipeline, shortest_pause=1000.0)) as one:
        one.echo.instead = [failure(500)] * 5
        event = await one.channel.ask("a fox", command="image")
        await one.channel.until(lambda: any("1000" in change["text"] for _, change in one.channel.seen))
        await one.ask("", command="stop")
        await one.channel.wait_for_answers(event)
        one.echo.instead.clear()
        assert (await one.ask("a fox", command="image")).files


async def test_a_stop_reaches_an_opening_draft(tmp_path: Path) -> None:
    """An answer whose draft is being opened is stopped before the API call."""
    async with service(tmp_path) as one:
        release = one.channel.holds["post e1"] = asyncio.Event()
        event = await one.channel.ask("hello")
        await one.channel.until(lambda: "post e1" in one.channel.calls)
        assert not (await one.ask("", command="stop")).text
        release.set()
        await one.channel.wait_for_answers(event)
        assert one.answer(event).text == "*Stopped.*"
        assert not one.echo.prompts


async def test_a_stop_reaches_a_waiting_retry(tmp_path: Path) -> None:
    """An answer that waits for its next try is shown as stopped."""
    async with service(tmp_path, timing=replace(FAST.pipeline, shortest_pause=1000.0)) as one:
        one.echo.instead = [failure(500)] * 5
        event = await one.channel.ask("hello")
        await one.channel.until(lambda: any("1000" in change["text"] for _, change in one.channel.seen))
        stopped = await one.ask("", command="stop")
        await one.channel.wait_for_answers(event)
        assert not stopped.text
        assert one.answer(event).text == "*Stopped.*"
        assert (await one.ask("next")).text == "re: next"


async def test_a_stop_does_not_affect_a_finished_answer(tmp_path: Path) -> None:
    """An answer in delivery is delivered whole."""
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
    """A shutdown waits for running answers and claims no new events; the next start repeats nothing."""
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


async def test_an_unfinished_answer_is_made_by_the_next_start(tmp_path: Path) -> None:
    """After BOT_SHUTDOWN_TIMEOUT the API call is cancelled; the next start answers in place, once."""
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


async def test_an_answer_that_may_be_hidden_is_shown_again_by_the_next_start(tmp_path: Path) -> None:
    """It is shown again at once, and once more after a pause, for which a shutdown does not wait."""
    async with service(tmp_path) as one:
        event = await one.channel.ask("hello")
        await one.channel.wait_for_answers(event)
        one.core.services.redeliver(one.adapter.name, event)
        await one.channel.until(lambda: one.channel.calls.count(f"finish {event}") == 2)
        await one.core.worker.drain()
        await one.stop()
        assert one.channel.calls.count(f"finish {event}") == 2
        await one.start()
        await one.channel.until(lambda: one.channel.calls.count(f"finish {event}") == 3)
        assert one.answer(event).text == "re: hello"
        assert one.echo.prompts == ["hello"]


def process(one: Service, seam: str = "", **settings: str) -> contextlib.AbstractAsyncContextManager[Process]:
    """Run the service of a folder in a process of its own."""
    environment = {
        "AIMODELS_BASE_URL": one.api.url,
        "AIMODELS_API_KEY": "sk-of-the-tests",
        "BOT_DATA_DIR": str(one.folder),
        **settings,
    }
    return processes.process(serve, one.channel.url, seam, environment=environment, folder=one.folder)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_lets_running_answers_finish(tmp_path: Path, number: signal.Signals) -> None:
    """On SIGTERM, or as its terminal is closed, a real process delivers running answers and exits with status 0."""
    async with service(tmp_path) as one:
        await one.stop()
        release = one.echo.hold("slow")
        async with process(one) as running:
            event = await one.start_asking("slow")
            running.send_signal(number)
            release.set()
            assert await running.wait() == 0
        assert one.answer(event).text == "re: slow"


async def test_an_answer_cut_off_by_a_signal_is_made_by_the_next_start(tmp_path: Path) -> None:
    """SIGTERM without time to finish exits with 0, and the next start answers in place."""
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
    """After BOT_MAX_ATTEMPTS deaths of the process the event is answered with an error message."""
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


async def test_shutdowns_do_not_count_as_tries(tmp_path: Path) -> None:
    """An event is answered however often the service was stopped during its answer."""
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


async def test_a_cancelled_summary_is_counted(tmp_path: Path) -> None:
    """A summary cancelled at the shutdown counts as one request."""
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
async def test_a_hanging_platform_keeps_no_slot(tmp_path: Path, step: str) -> None:
    """A hanging call times out, and the answer is delivered once the platform works again."""
    async with service(tmp_path, timing=replace(FAST.pipeline, draft_step=0.2, finish=0.2)) as one:
        one.channel.holds[step] = asyncio.Event()
        event = await one.channel.ask("hello")
        await one.channel.until(lambda: step in one.channel.calls)
        del one.channel.holds[step]
        await one.channel.wait_for_answers(event)
        assert one.answer(event).text == "re: hello"
        assert one.echo.prompts == ["hello"]
