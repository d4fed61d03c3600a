"""Several processes of the service on one PostgreSQL: each is told of everything that happens on Discord."""

from contextlib import AsyncExitStack
from pathlib import Path

from pydantic import SecretStr

from adapters.discord.adapter import Discord
from simulators.discord.checks import LOADING
from simulators.discord.values import CHANNEL, DM, TOKEN
from tests.support.database.postgres import server, url
from tests.support.discord.messages import text_of
from tests.support.discord.whole import whole
from tests.support.service import FAST, make_settings, run_service

__all__ = ["server", "url"]


async def test_commands_that_two_processes_are_told_of(tmp_path: Path, url: SecretStr) -> None:
    """Whichever process acknowledges a command and whichever answers it, nothing is left beside the answer."""
    async with whole(tmp_path / "one", bot_database_url=url) as one, AsyncExitStack() as stack:
        adapter = Discord(token=SecretStr(TOKEN), api_url=one.simulator.api)
        settings = make_settings(one.api, tmp_path / "two", bot_database_url=url)
        await stack.enter_async_context(run_service(settings, adapter, timing=FAST))
        await one.simulator.until(lambda: len(one.simulator.gateway.sockets) == 2)
        tokens = [await one.command("chat", prompt=f"question {number}", channel=DM) for number in range(20)]
        await one.simulator.until(
            lambda: sum(text_of(message).startswith("re: ") for message in one.simulator.bot_messages(DM)) >= 20
        )
        await one.idle()
        assert not [message for message in one.simulator.bot_messages(CHANNEL) if message["flags"] & LOADING]
        shown = [text_of(one.simulator.originals[token]) for token in tokens]
        assert shown == [f"re: question {number}" for number in range(20)]
        assert len(one.simulator.bot_messages(DM)) == 21
