"""Kill the service between any two calls of Slack's Web API; a restart yields exactly one visible answer."""

import asyncio
import json
import signal
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web

from simulators.slack import Message, SlackSimulator
from simulators.slack.faults import DropError, When
from tests.support import processes
from tests.support.processes import Process
from tests.support.scripted_api import events, piece, scripted_api

#: What an answer calls that is streamed, and one before which a status is seen; each is where a process dies.
CALLS = (
    ("stream", "users.info"),
    ("stream", "chat.startStream"),
    ("stream", "chat.stopStream"),
    ("stream", "chat.update"),
    ("status", "assistant.threads.setStatus"),
    ("status", "chat.postMessage"),
)


def process(slack: SlackSimulator, api: str, folder: Path) -> AbstractAsyncContextManager[Process]:
    """The service in a process of its own, on Socket Mode."""
    environment = {
        "AIMODELS_BASE_URL": api,
        "AIMODELS_API_KEY": "sk-of-the-tests",
        "AIMODELS_STREAMING": "true",
        "BOT_DATA_DIR": str(folder),
        "SLACK_BOT_TOKEN": slack.token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
    }
    return processes.process(processes.service, environment=environment, folder=folder)


@pytest.mark.long
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_killed_service_leaves_one_answer(slack: SlackSimulator, tmp_path: Path, when: When) -> None:
    """After a kill at any call, one whole answer is shown in the thread, and no status beside it."""
    slack.sender.pauses = (0.0,) * 20
    async with scripted_api() as api, asyncio.timeout(300), AsyncExitStack() as stack:

        async def step(request: web.Request) -> web.StreamResponse:
            """Answer in two pieces once the first is visible, or in one once a status is visible."""
            if (await request.json())["messages"][-1]["content"] == "stream":
                response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
                await response.prepare(request)
                await response.write(f"data: {json.dumps(piece('Hello '))}\n\n".encode())
                await slack.until(lambda: any("Hello" in message.content for message in visible_answers(slack)))
                await response.write(f"data: {json.dumps(piece('Ada', finish='stop'))}\n\n".encode())
                return response
            await slack.until(lambda: slack.team.statuses)
            return await events(piece("Hello "), piece("Ada", finish="stop"))(request)

        api.play(step)
        running = await stack.enter_async_context(process(slack, api.url, tmp_path))
        await slack.until(lambda: slack.sockets.open)
        for text, method in CALLS:
            doomed, dead = running, asyncio.Event()

            async def kill(doomed: Process = doomed, dead: asyncio.Event = dead) -> None:
                doomed.send_signal(signal.SIGKILL)
                await doomed.wait()
                dead.set()
                if when == "before":
                    raise DropError  # what died with its sender never came

            slack.faults.at(method, when, kill)
            slack.ada.mention(text)
            await dead.wait()
            running = await stack.enter_async_context(process(slack, api.url, tmp_path))
            await slack.until(lambda: is_answered(slack))
        slack.bob.mention("status")
        await slack.until(lambda: is_answered(slack))
        running.send_signal(signal.SIGTERM)
        assert await running.wait() == 0
    for question in questions(slack):
        answers = slack.from_bot(slack.general, thread=question.ts)
        assert [(m.content.strip(), m.stream in ("", "stopped")) for m in answers] == [("Hello Ada", True)]
    assert len(questions(slack)) == len(CALLS) + 1
    assert not slack.team.statuses


def questions(slack: SlackSimulator) -> list[Message]:
    """The questions."""
    return [message for message in slack.general.messages if not message.is_bot]


def visible_answers(slack: SlackSimulator) -> list[Message]:
    """The bot's messages under the newest question."""
    return slack.from_bot(slack.general, thread=questions(slack)[-1].ts)


def is_answered(slack: SlackSimulator) -> bool:
    """Whether the newest question's thread shows a whole answer."""
    return any(m.content.strip() == "Hello Ada" and m.stream != "streaming" for m in visible_answers(slack))
