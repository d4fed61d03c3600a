"""The process is killed while it waits for further messages of a question."""

import asyncio
import contextlib
import signal
import sqlite3
from pathlib import Path

from tests.support.channel.adapter import channel_server
from tests.support.killed_service import serve
from tests.support.processes import process
from tests.support.scripted_api import scripted_api
from tests.support.service import EchoApi


async def test_messages_are_one_question_after_the_service_was_killed(tmp_path: Path) -> None:
    """Both are recorded, and neither is answered yet; the next start answers them together, once."""
    async with channel_server() as channel, scripted_api() as api, asyncio.timeout(120):
        echo = EchoApi(api.url)
        api.play(echo)
        environment = {
            "AIMODELS_BASE_URL": api.url,
            "AIMODELS_API_KEY": "key",
            "BOT_DATA_DIR": str(tmp_path),
        }
        long, short = ({**environment, "BOT_GATHER_SECONDS": seconds} for seconds in ("30", "0.1"))
        events = [await channel.ask(text, is_message=True) for text in ("what is", "a monad?")]
        async with process(serve, channel.url, environment=long, folder=tmp_path) as doomed:
            await channel.until(lambda: channel.acknowledged == set(events))
            doomed.send_signal(signal.SIGKILL)
            assert await doomed.wait() == -signal.SIGKILL
        assert echo.prompts == []
        with contextlib.closing(sqlite3.connect(tmp_path / "bot.db")) as db, db:
            db.execute("UPDATE events SET ready_at = 1 WHERE ready_at > 0")  # the rest of the time passes
        async with process(serve, channel.url, environment=short, folder=tmp_path):
            await channel.wait_for_answers(events[0])
    assert [message.text for message in channel.answers(events[0])] == ["re: what is\na monad?"]
    assert channel.answers(events[1]) == []
    assert echo.prompts == ["what is\na monad?"]
