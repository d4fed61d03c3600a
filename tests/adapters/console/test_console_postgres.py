"""Terminals of several processes on one database: each shows the answers to its own questions."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from pydantic import SecretStr

from tests.support.database.postgres import server, url
from tests.support.scripted_api import scripted_api
from tests.support.service import EchoApi

__all__ = ["server", "url"]

ROOT = Path(__file__).parents[3]


async def terminal(folder: Path, database: SecretStr, api: str, conversation: str) -> Process:
    """Start the service with its terminal, input and output piped."""
    settings = {
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "BOT_DATA_DIR": str(folder),
        "BOT_DATABASE_URL": database.get_secret_value(),
        "AIMODELS_BASE_URL": api,
        "AIMODELS_API_KEY": "sk-of-the-tests",
        "CONSOLE_CONVERSATION": conversation,
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", cwd=folder, env={**os.environ, **settings}, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )


async def say(process: Process, *lines: str) -> str:
    """Pipe lines in to the end of the input; return the output, once the process has ended."""
    shown, errors = await process.communicate("".join(f"{line}\n" for line in lines).encode())
    assert process.returncode == 0, errors.decode()
    return shown.decode()


async def test_terminals_show_their_own_answers(tmp_path: Path, url: SecretStr) -> None:
    """Two at once in one conversation print their own answers and end; what one that died left is another's later.

    Only a terminal that goes on with the same conversation shows it.
    """
    async with asyncio.timeout(90), scripted_api() as api:
        echo = EchoApi(api.url)
        api.play(echo)
        names = "ada", "bob"
        both = [await terminal(tmp_path, url, api.url, "shared") for _ in names]
        questions = [[f"{name} asks {number}" for number in range(4)] for name in names]
        shown = await asyncio.gather(*(say(one, *asked) for one, asked in zip(both, questions, strict=True)))
        for text, asked in zip(shown, questions, strict=True):
            assert [line for line in text.splitlines() if line.startswith("re: ")] == [f"re: {line}" for line in asked]

        hold = echo.hold("left behind")
        dying = await terminal(tmp_path, url, api.url, "shared")
        assert dying.stdin is not None
        dying.stdin.write(b"left behind\n")
        await echo.until(lambda: "left behind" in echo.prompts)
        dying.kill()
        await dying.communicate()
        hold.set()
        other = await say(await terminal(tmp_path, url, api.url, "another"), "hello")
        assert "re: hello" in other
        assert "left behind" not in other
        same = await say(await terminal(tmp_path, url, api.url, "shared"), "and now?")
        assert "re: left behind" in same
        assert "re: and now?" in same
