"""Terminals of several processes on one database: each shows the answers to its own questions."""

import asyncio
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from tests.support.database.postgres import server, url
from tests.support.forked import command_line
from tests.support.scripted_api import scripted_api
from tests.support.service import EchoApi

__all__ = ["server", "url"]


def environment(folder: Path, database: SecretStr, api: str, conversation: str) -> dict[str, str]:
    settings = {
        "LANG": "C.UTF-8",
        "BOT_DATA_DIR": str(folder),
        "BOT_DATABASE_URL": database.get_secret_value(),
        "AIMODELS_BASE_URL": api,
        "AIMODELS_API_KEY": "sk-of-the-tests",
        "CONSOLE_CONVERSATION": conversation,
    }
    return {**os.environ, **settings}


async def say(environment: Mapping[str, str], folder: Path, *lines: str) -> str:
    """Start the service, pipe lines in to the end of the input; return the output, once the process has ended."""
    text = "".join(f"{line}\n" for line in lines)
    done = await asyncio.to_thread(command_line.bot, environment=environment, folder=folder, text=text)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_terminals_show_their_own_answers(tmp_path: Path, url: SecretStr) -> None:
    """Two at once in one conversation print their own answers and end; what one that died left is another's later.

    Only a terminal that goes on with the same conversation shows it.
    """
    async with asyncio.timeout(300), scripted_api() as api:
        echo = EchoApi(api.url)
        api.play(echo)
        names = "ada", "bob"
        shared, another = (environment(tmp_path, url, api.url, name) for name in ("shared", "another"))
        questions = [[f"{name} asks {number}" for number in range(4)] for name in names]
        shown = await asyncio.gather(*(say(shared, tmp_path, *asked) for asked in questions))
        for text, asked in zip(shown, questions, strict=True):
            assert [line for line in text.splitlines() if line.startswith("re: ")] == [f"re: {line}" for line in asked]

        hold = echo.hold("left behind")
        dying = command_line.Command(environment=shared, folder=tmp_path, text="left behind\n")
        await echo.until(lambda: "left behind" in echo.prompts)
        dying.send_signal(signal.SIGKILL)
        assert (await asyncio.to_thread(dying.finish)).returncode == -signal.SIGKILL
        hold.set()
        other = await say(another, tmp_path, "hello")
        assert "re: hello" in other
        assert "left behind" not in other
        same = await say(shared, tmp_path, "and now?")
        assert "re: left behind" in same
        assert "re: and now?" in same
