"""Several processes of the service on one PostgreSQL: each is told of everything that happens on Discord."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from adapters.discord.adapter import Discord
from simulators.discord.checks import LOADING
from simulators.discord.values import CHANNEL, DM, TOKEN
from tests.support.database.postgres import server, url
from tests.support.discord.messages import text_of
from tests.support.discord.whole import Whole, whole
from tests.support.service import FAST, make_settings, run_service

__all__ = ["server", "url"]


@asynccontextmanager
async def two_processes(folder: Path, url: SecretStr) -> AsyncIterator[Whole]:
    """Two services on one database, both connected, with one key as on two machines."""
    given: dict[str, Any] = {"bot_database_url": url, "bot_secret_key": SecretStr(secrets.token_urlsafe(32))}
    async with whole(folder / "one", **given) as one:
        adapter = Discord(token=SecretStr(TOKEN), api_url=one.simulator.api)
        settings = make_settings(one.api, folder / "two", **given)
        async with run_service(settings, adapter, timing=FAST):
            await one.simulator.until(lambda: len(one.simulator.gateway.sockets) == 2)
            yield one


async def test_an_edit_that_two_processes_are_told_of(tmp_path: Path, url: SecretStr) -> None:
    """One applies it: the other does not cancel the new answer, which would be paid for again."""
    async with two_processes(tmp_path, url) as one:
        for number in range(5):
            old, new = f"old {number}", f"new {number}"
            one.echo.hold(old)
            hold = one.echo.hold(new)
            asked = await one.simulator.say(DM, old)
            await one.echo.until(lambda text=old: text in one.echo.prompts)  # type: ignore[misc]
            await one.edit(asked, new)
            await one.echo.until(lambda text=new: text in one.echo.prompts)  # type: ignore[misc]
            await one.simulator.say(DM, f"next {number}")
            hold.set()
            await one.see(DM, f"re: next {number}")
        asked_for = [prompt for prompt in one.echo.prompts if not prompt.startswith("next")]
        assert asked_for == [f"{age} {number}" for number in range(5) for age in ("old", "new")]


async def test_commands_that_two_processes_are_told_of(tmp_path: Path, url: SecretStr) -> None:
    """Whichever process acknowledges a command and whichever answers it, nothing is left beside the answer."""
    async with two_processes(tmp_path, url) as one:
        tokens = [await one.command("chat", prompt=f"question {number}", channel=DM) for number in range(20)]
        await one.simulator.until(
            lambda: sum(text_of(message).startswith("re: ") for message in one.simulator.bot_messages(DM)) >= 20
        )
        await one.idle()
        assert not [message for message in one.simulator.bot_messages(CHANNEL) if message["flags"] & LOADING]
        shown = [text_of(one.simulator.originals[token]) for token in tokens]
        assert shown == [f"re: question {number}" for number in range(20)]
        assert len(one.simulator.bot_messages(DM)) == 21
