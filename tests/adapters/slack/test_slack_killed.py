"""Kill the service between any two calls of Slack's Web API; a restart yields exactly one visible answer."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from tests.fakes.api import events, fake_api, piece
from tests.fakes.slack import FakeSlack
from tests.fakes.slack.faults import DropError

ROOT = Path(__file__).parents[3]
CALLS = 8  #: as many as a short answer takes; what comes after the last is a run without a death


@asynccontextmanager
async def process(slack: FakeSlack, api: str, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The service in a process of its own, on Socket Mode."""
    environment = {
        **os.environ,
        "AIMODELS_BASE_URL": api,
        "AIMODELS_API_KEY": "sk-of-the-tests",
        "AIMODELS_STREAMING": "true",
        "BOT_DATA_DIR": str(folder),
        "SLACK_BOT_TOKEN": slack.token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "PYTHONPATH": str(ROOT),
    }
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", env=environment, cwd=folder, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.terminate()
        async with asyncio.timeout(60):
            await running.wait()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(1, CALLS + 1))
async def test_a_killed_service_leaves_one_answer(slack: FakeSlack, tmp_path: Path, number: int, when: str) -> None:
    """Whatever the last call that Slack saw, one whole answer is shown in the thread, and no status beside it."""
    dead = asyncio.Event()
    async with fake_api() as api, asyncio.timeout(100):

        async def step(request: web.Request) -> web.StreamResponse:
            return await events(piece("Hello "), piece("Ada", finish="stop"))(request)

        api.play(step)
        slack.sender.pauses = (0.0,) * 20
        async with process(slack, api.url, tmp_path) as doomed:

            async def kill() -> None:
                with contextlib.suppress(ProcessLookupError):  # it may have answered with fewer calls
                    doomed.send_signal(signal.SIGKILL)
                await doomed.wait()
                dead.set()
                if when == "before":
                    raise DropError  # what died with its sender never came

            await slack.until(lambda: slack.sockets.open, 60)
            slack.faults.at(len(slack.calls) + number, when, kill)  # type: ignore[arg-type]
            question = slack.ada.mention("hello")
            await asyncio.wait(
                [asyncio.create_task(dead.wait()), asyncio.create_task(slack.until(lambda: answered(slack), 60))],
                return_when=asyncio.FIRST_COMPLETED,
            )
        slack.faults.hooks.clear()
        async with process(slack, api.url, tmp_path) as running:
            await slack.until(lambda: answered(slack), 60)
            later = slack.bob.mention("and now?")
            await slack.until(lambda: [m for m in slack.from_bot(thread=later.ts) if m.content == "Hello Ada"], 60)
        assert running.returncode == 0
    answers = slack.from_bot(slack.general, thread=question.ts)
    assert [(m.content.strip(), m.stream in ("", "stopped")) for m in answers] == [("Hello Ada", True)]
    assert not slack.team.statuses


def answered(slack: FakeSlack) -> bool:
    """Whether the first question's thread shows a whole answer."""
    question = slack.general.messages[0]
    shown = slack.from_bot(slack.general, thread=question.ts)
    return any(m.content.strip() == "Hello Ada" and m.stream != "streaming" for m in shown)
