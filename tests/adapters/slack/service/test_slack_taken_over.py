"""A process takes over what another has begun: Slack shows it late, or the other one is still at it."""

import asyncio
import json
import signal
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.pipeline.timing import PipelineTiming
from bot.timing import ServiceTiming
from bot.waiting.timing import WaitingTiming
from simulators.slack import Message, SlackSimulator
from tests.support import processes
from tests.support.database.postgres import connected, name_of, server, url
from tests.support.processes import Process
from tests.support.scripted_api import chat, events, piece, scripted_api, silence
from tests.support.service import EchoApi

__all__ = ["server", "url"]


def environment(slack: SlackSimulator, api: str, folder: Path, **more: str) -> dict[str, str]:
    return {
        "AIMODELS_BASE_URL": api,
        "AIMODELS_API_KEY": "sk-of-the-tests",
        "BOT_DATA_DIR": str(folder),
        "BOT_REQUESTS_PER_MINUTE": "0",
        "SLACK_BOT_TOKEN": slack.token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        **more,
    }


def process(slack: SlackSimulator, api: str, folder: Path, **more: str) -> AbstractAsyncContextManager[Process]:
    """The service in a process of its own, on Socket Mode."""
    return processes.process(processes.service, environment=environment(slack, api, folder, **more), folder=folder)


def answers(slack: SlackSimulator, question: Message) -> list[str]:
    return [message.content.strip() for message in slack.from_bot(slack.general, thread=question.ts)]


@pytest.mark.parametrize("lag", [1.2, 3.0])
@pytest.mark.parametrize("text", ["hello", "image a fox"])
async def test_messages_that_the_history_shows_late_are_not_repeated(
    slack: SlackSimulator, tmp_path: Path, text: str, lag: float
) -> None:
    """A process is killed right after its answer was posted; the next one waits until Slack shows it."""
    slack.history_lag = lag
    slack.sender.pauses = (0.0,) * 20
    async with scripted_api() as api, asyncio.timeout(200), AsyncExitStack() as stack:
        api.play(echo := EchoApi(api.url))
        doomed = await stack.enter_async_context(process(slack, api.url, tmp_path))
        await slack.until(lambda: slack.sockets.open)
        dead = asyncio.Event()

        async def kill() -> None:
            doomed.send_signal(signal.SIGKILL)
            await doomed.wait()
            dead.set()

        slack.faults.at("files.completeUploadExternal" if "fox" in text else "chat.postMessage", "after", kill)
        question = slack.ada.mention(text)
        await dead.wait()
        running = await stack.enter_async_context(process(slack, api.url, tmp_path))
        await slack.until(lambda: any(call.method == "conversations.replies" for call in slack.calls))
        running.send_signal(signal.SIGTERM)
        assert await running.wait() == 0
    [answer] = slack.from_bot(slack.general, thread=question.ts)
    assert len(answer.files) == 1 if "fox" in text else answer.content.strip() == f"re: {text}"
    assert echo.prompts


async def test_an_answer_without_an_earlier_try_waits_for_nothing(slack: SlackSimulator, tmp_path: Path) -> None:
    """The history is not read at all."""
    async with scripted_api() as api, asyncio.timeout(200), process(slack, api.url, tmp_path):
        api.play(EchoApi(api.url))
        await slack.until(lambda: slack.sockets.open)
        question = slack.ada.mention("hello")
        await slack.until(lambda: answers(slack, question) == ["re: hello"])
        assert not any(call.method == "conversations.replies" for call in slack.calls)


async def cut(url: SecretStr) -> None:
    """Every connection to the database breaks, as when its server restarts."""
    async with connected(url, "postgres") as connection:
        name = name_of(url)
        await connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


async def test_two_processes_answer_each_question_once(slack: SlackSimulator, tmp_path: Path, url: SecretStr) -> None:
    """Answers in a busy channel wait for their turn while their process loses the database: each is posted once."""
    slack.sender.pauses = (0.5,) * 60
    async with scripted_api() as api, asyncio.timeout(300), AsyncExitStack() as stack:
        api.play(echo := EchoApi(api.url))
        release = echo.hold("question")
        running = [
            await stack.enter_async_context(process(slack, api.url, tmp_path, BOT_DATABASE_URL=url.get_secret_value()))
            for _ in range(2)
        ]
        await slack.until(lambda: len(slack.sockets.open) == 2)
        questions = [slack.ada.mention(f"question {number}") for number in range(12)]
        await echo.until(lambda: len(set(echo.prompts)) == 12)
        release.set()
        await slack.until(lambda: sum(len(answers(slack, question)) for question in questions) >= 3)
        await cut(url)
        await slack.until(lambda: all(answers(slack, question) for question in questions))
        async with connected(url) as connection:
            while await connection.fetchval("SELECT count(*) FROM events WHERE NOT done"):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        for one in running:
            one.send_signal(signal.SIGTERM)
            assert await one.wait() == 0
    assert [answers(slack, question) for question in questions] == [[f"re: question {n}"] for n in range(12)]


@pytest.mark.parametrize("moment", ["connected", "writing"])
async def test_a_process_that_was_paused_in_the_middle_of_a_post(
    slack: SlackSimulator, tmp_path: Path, url: SecretStr, moment: processes.Moment
) -> None:
    """It does not post when it goes on; where only the write was left, it deletes what it posted too much."""
    async with scripted_api() as api, asyncio.timeout(300), AsyncExitStack() as stack:
        api.play(EchoApi(api.url))
        given = environment(slack, api.url, tmp_path, BOT_DATABASE_URL=url.get_secret_value())
        target = processes.pausing_service, moment, "POST", "/chat.postMessage"
        paused = await stack.enter_async_context(processes.process(*target, environment=given, folder=tmp_path))
        await slack.until(lambda: len(slack.sockets.open) == 1)
        question = slack.ada.mention("hello")
        await processes.wait_until_stopped(paused)
        await cut(url)
        other = await stack.enter_async_context(
            processes.process(processes.service, environment=given, folder=tmp_path)
        )
        await slack.until(lambda: answers(slack, question) == ["re: hello"])
        paused.send_signal(signal.SIGCONT)
        if moment == "writing":
            await slack.until(lambda: len(posts(slack)) == 2 and answers(slack, question) == ["re: hello"])
        for one in (paused, other):
            one.send_signal(signal.SIGTERM)
            assert await one.wait() == 0
    assert answers(slack, question) == ["re: hello"]


async def test_a_process_that_was_paused_right_before_it_writes_an_edit(
    slack: SlackSimulator, tmp_path: Path, url: SecretStr
) -> None:
    """The answer of another process is half an answer again, but not for long: though the first one dies soon.

    Its pause is too short to be told by its length.
    """
    slack.faults.unknown("chat.startStream")  # so that the answer grows by edits
    async with scripted_api() as api, asyncio.timeout(300), AsyncExitStack() as stack:

        async def grow(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            for text in ("half ", "an answer "):
                await response.write(f"data: {json.dumps(piece(text))}\n\n".encode())
                await slack.until(lambda: posts(slack))
            return await silence(request)

        api.play(grow, events(piece("all of it", finish="stop")))
        more = {"BOT_DATABASE_URL": url.get_secret_value(), "AIMODELS_STREAMING": "true"}
        given = environment(slack, api.url, tmp_path, **more)
        timing = ServiceTiming(pipeline=PipelineTiming(late_redelivery=3600.0), waiting=WaitingTiming(look=3600.0))
        target = processes.pausing_service, "writing", "POST", "/chat.update", True, timing
        paused = await stack.enter_async_context(processes.process(*target, environment=given, folder=tmp_path))
        await slack.until(lambda: len(slack.sockets.open) == 1)
        question = slack.ada.mention("hello")
        await processes.wait_until_stopped(paused)
        await cut(url)
        other = await stack.enter_async_context(
            processes.process(processes.service, environment=given, folder=tmp_path)
        )
        await slack.until(lambda: answers(slack, question) == ["all of it"])
        async with connected(url) as connection:
            waiting = "SELECT count(*) FROM events WHERE NOT done"
            while await connection.fetchval(waiting):  # noqa: ASYNC110 - until the other has noted that it is done
                await asyncio.sleep(0.02)
            paused.send_signal(signal.SIGCONT)
            await slack.until(lambda: answers(slack, question) != ["all of it"])
            while answers(slack, question) != ["all of it"] and not await connection.fetchval(waiting):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        paused.send_signal(signal.SIGKILL)
        await slack.until(lambda: answers(slack, question) == ["all of it"])
        other.send_signal(signal.SIGTERM)
        assert await other.wait() == 0
    assert answers(slack, question) == ["all of it"]


def posts(slack: SlackSimulator) -> list[str]:
    return [call.method for call in slack.calls if call.method == "chat.postMessage"]


async def test_what_another_process_showed_between_two_tries(
    slack: SlackSimulator, tmp_path: Path, url: SecretStr
) -> None:
    """A process goes on with its own question that another one had meanwhile, which posted, set a status and died."""
    async with scripted_api() as api, asyncio.timeout(300), AsyncExitStack() as stack:
        api.play(echo := EchoApi(api.url))
        echo.broken.add("hello")
        given = environment(slack, api.url, tmp_path, BOT_DATABASE_URL=url.get_secret_value())
        first, second = (
            stack.enter_async_context(processes.process(processes.service, environment=given, folder=tmp_path))
            for _ in range(2)
        )
        running = await first
        await slack.until(lambda: slack.sockets.open)
        question = slack.ada.mention("hello")
        await slack.until(lambda: answers(slack, question))  # that it goes on trying
        async with connected(url) as connection:
            while not await connection.fetchval("SELECT count(*) FROM events WHERE owner IS NULL"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        running.send_signal(signal.SIGSTOP)
        release = asyncio.Event()

        async def answer(request: web.Request) -> web.StreamResponse:
            await release.wait()
            return await chat("\n\n".join(f"{letter * 9000}." for letter in "ab"))(request)

        echo.instead.append(answer)
        doomed = await second
        await slack.until(lambda: slack.team.statuses)

        async def kill() -> None:
            doomed.send_signal(signal.SIGKILL)
            await doomed.wait()

        slack.faults.at("chat.postMessage", "after", kill)
        release.set()
        await doomed.wait()
        running.send_signal(signal.SIGCONT)
        async with connected(url) as connection:
            while await connection.fetchval("SELECT count(*) FROM events WHERE NOT done"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        running.send_signal(signal.SIGTERM)
        assert await running.wait() == 0
    assert [text.count("a") + text.count("b") for text in answers(slack, question)] == [9000, 9000]
    assert not slack.team.statuses
