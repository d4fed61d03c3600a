"""Kill the process at every step of the life of an event; a restart yields exactly one visible answer."""

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from tests.fakes.channel import Channel, channel_server

ROOT = Path(__file__).parents[2]
STEPS = (
    "store.record:before",
    "store.record:after",
    "store.claim:before",
    "store.claim:after",
    "adapter.draft:before",
    "adapter.draft:after",
    "store.save_draft:before",
    "store.save_draft:after",
    "store.commit:before",
    "store.commit:after",
    "draft.finish:before",
    "draft.finish:after",
    "store.complete:before",
    "store.complete:after",
)


@contextlib.asynccontextmanager
async def service(
    channel: Channel, sandbox: Sandbox, folder: Path, seam: str = ""
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The service in a process of its own."""
    environment = {
        **os.environ,
        "AIMODELS_BASE_URL": sandbox.base_url,
        "AIMODELS_API_KEY": sandbox.api_key,
        "AIMODELS_STREAMING": "true",
        "BOT_DATA_DIR": str(folder),
        "PYTHONPATH": str(ROOT),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.crash.service", channel.url, seam, env=environment, cwd=folder
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(60):
            await process.wait()


async def killed_and_restarted(folder: Path, seam: str, command: str, text: str) -> Channel:
    """Ask, let the process die at the seam, start it again, wait for the answer."""
    async with channel_server() as channel, Sandbox(host="127.0.0.1", port=0) as sandbox, asyncio.timeout(120):
        event = await channel.ask(text, command=command, options={"size": "512x512"} if command == "image" else {})
        async with service(channel, sandbox, folder, seam) as doomed:
            assert await doomed.wait() == -signal.SIGKILL, f"the process did not die at {seam}"
        async with service(channel, sandbox, folder) as process:
            await channel.answered(event)
            after = await channel.ask("what is 6 * 7?", conversation="elsewhere")
            await channel.answered(after)
        assert process.returncode == 0
        return channel


@pytest.mark.parametrize("command", ["chat", "image"])
@pytest.mark.parametrize("seam", [*STEPS, "draft.status:after", "draft.write:after"])
async def test_a_killed_process_leaves_one_answer_and_one_exchange(tmp_path: Path, seam: str, command: str) -> None:
    """Whatever the moment of death, one answer is visible and its context is saved once."""
    if (seam, command) in {("draft.write:after", "image"), ("draft.status:after", "chat")}:
        return
    text = "my name is Ada" if command == "chat" else "a red fox in snow"
    channel = await killed_and_restarted(tmp_path, seam, command, text)
    answers = channel.answers("e1")
    assert len(answers) == 1
    assert answers[0].final
    assert not answers[0].private
    if command == "image":
        assert [file["bytes"] == file["size"] > 10_000 for file in answers[0].files] == [True]
    else:
        assert "Ada" in answers[0].text
    with contextlib.closing(sqlite3.connect(tmp_path / "bot.db")) as database:
        turns = [json.loads(data) for (data,) in database.execute("SELECT data FROM turns ORDER BY seq")]
    assert [turn["role"] for turn in turns if turn["event"] == "e1"] == ["user", "assistant"]
