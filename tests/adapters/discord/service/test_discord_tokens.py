"""An interaction's token lets whoever knows it write in the bot's name: it is a secret of the service."""

import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from adapters.discord.gateway import clock
from simulators.discord.values import CHANNEL
from tests.support.discord.whole import whole


async def test_an_interaction_token_is_not_readable_at_rest(tmp_path: Path) -> None:
    """It is nowhere on disk while the answer is made, and the next process answers with it."""
    async with whole(tmp_path, bot_shutdown_timeout=0) as one:
        held = one.echo.hold("hello")
        token = await one.command("chat", prompt="hello")
        await one.echo.until(lambda: one.echo.running == 1)
        await one.stop()
        written = b"".join(path.read_bytes() for path in tmp_path.glob("bot.db*"))
        assert b"upload_limit" in written
        assert token.encode() not in written
        held.set()
        await one.start()
        answer = await one.see(CHANNEL, "re: hello")
        assert one.simulator.originals[token] is answer


@pytest.mark.parametrize("offset", [3600, -3600])
async def test_a_clock_that_is_set_ends_no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offset: int) -> None:
    """While it is an hour ahead or behind, an answer takes the place of "thinking", and nothing is left.

    Also in a process that has received nothing from Discord yet.
    """
    async with whole(tmp_path, bot_shutdown_timeout=0) as one:
        wrong = SimpleNamespace(time=lambda: time.time() + offset, monotonic=time.monotonic)  # Discord's stays right
        for word in ("hello", "restarted"):
            held = one.echo.hold(word)
            token = await one.command("chat", prompt=word)
            await one.echo.until(lambda word=word: word in one.echo.prompts)  # type: ignore[misc]
            monkeypatch.setattr(clock, "time", wrong)
            if word == "restarted":
                await one.stop()
                await one.start()
            held.set()
            answer = await one.see(CHANNEL, f"re: {word}")
            assert one.simulator.originals[token] is answer
            await one.core.worker.drain()
            assert one.simulator.bot_messages(CHANNEL)[-1] is answer
        assert len(one.simulator.bot_messages(CHANNEL)) == 2
