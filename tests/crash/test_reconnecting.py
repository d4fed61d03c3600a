"""A real process that is told to end while it connects anew to its platforms."""

import asyncio
import signal
from pathlib import Path

import pytest

from simulators.discord.server import DiscordSimulator
from simulators.discord.values import DM, TOKEN
from simulators.slack import SlackSimulator
from tests.support import processes
from tests.support.scripted_api import scripted_api
from tests.support.service import EchoApi


@pytest.mark.parametrize("is_refused", [False, True])
async def test_a_signal_while_connecting_anew(tmp_path: Path, is_refused: bool) -> None:
    """Platforms that take a connection and never answer it, or refuse it, keep no process beyond its time to end."""
    async with (
        asyncio.timeout(200),
        DiscordSimulator() as discord,
        SlackSimulator() as slack,
        scripted_api() as api,
    ):
        api.play(echo := EchoApi(api.url))
        echo.hold("slow")
        environment = {
            "AIMODELS_BASE_URL": api.url,
            "AIMODELS_API_KEY": "key",
            "BOT_DATA_DIR": str(tmp_path),
            "BOT_SHUTDOWN_TIMEOUT": "1",
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": discord.api,
            "SLACK_BOT_TOKEN": slack.token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
        }
        async with processes.process(processes.service, environment=environment, folder=tmp_path) as running:
            await slack.until(lambda: slack.sockets.open)
            await discord.until(lambda: discord.gateway.is_connected)
            await discord.say(DM, "slow")
            await echo.until(lambda: echo.prompts == ["slow"])
            calls, attempts = len(slack.calls), discord.gateway.attempts
            if is_refused:
                slack.faults.crash("apps.connections.open", times=None)
                discord.gateway.is_away = True
                await discord.gateway.drop()
            else:
                slack.faults.hold("apps.connections.open")
                discord.gateway.accepts.clear()
                await discord.gateway.invalidate()
            await slack.sockets.disconnect()
            await slack.until(lambda: any(call.method == "apps.connections.open" for call in slack.calls[calls:]))
            await discord.until(lambda: discord.gateway.attempts > attempts)
            running.send_signal(signal.SIGTERM)
            assert await running.wait() == 0
        discord.gateway.accepts.set()
        slack.faults.clear()
        assert "ends without waiting" not in (tmp_path / "log").read_text(encoding="utf-8")
