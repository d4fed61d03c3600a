"""The simulators as programs: they print how to connect, and the platforms' own libraries talk to them."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import discord
import pytest
from discord.http import Route
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient

from simulators.discord.server import DiscordSimulator
from simulators.discord.values import CHANNEL, DM
from simulators.slack import SlackSimulator
from tests.support.discord.bare import bot

ROOT = Path(__file__).parents[2]


async def start(platform: str, port: str, folder: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulators", platform, "--port", port),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=PIPE,
        stderr=PIPE,
    )


@asynccontextmanager
async def started(platform: str, folder: Path) -> AsyncIterator[dict[str, str]]:
    """The settings that the program prints; at the end Ctrl-C ends it with status 0."""
    process = await start(platform, "0", folder)
    assert process.stdout is not None
    settings = {}
    async with asyncio.timeout(200):
        while not (line := (await process.stdout.readline()).decode()).startswith("Ctrl-C"):
            assert line, (await process.communicate())[1].decode()
            name, is_setting, value = line.strip().partition("=")
            if is_setting:
                settings[name] = value
    try:
        yield settings
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, errors) == (0, b"")


async def test_slack_is_started(tmp_path: Path) -> None:
    """slack_sdk posts a message, reads it back and opens a Socket Mode connection."""
    async with started("slack", tmp_path) as settings:
        client = AsyncWebClient(settings["SLACK_BOT_TOKEN"], base_url=settings["SLACK_API_URL"] + "/")
        said = await client.chat_postMessage(channel="#general", text="hello")
        history = await client.conversations_history(channel=said["channel"])
        assert [message["text"] for message in history["messages"]] == ["hello"]
        socket: Any = SocketModeClient(settings["SLACK_APP_TOKEN"], web_client=client)
        await socket.connect()
        assert await socket.is_connected()
        await socket.close()


async def test_discord_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """discord.py connects to the gateway, and posts a message."""
    async with started("discord", tmp_path) as settings:
        monkeypatch.setattr(Route, "BASE", settings["DISCORD_API_URL"])
        ready = asyncio.Event()

        class Client(discord.AutoShardedClient):  # the plain client ignores the address that the API names
            async def on_ready(self) -> None:
                ready.set()

        async with Client(intents=discord.Intents.default()) as client:
            running = asyncio.create_task(client.start(settings["DISCORD_TOKEN"]))
            async with asyncio.timeout(200):
                await ready.wait()
                said = await client.get_partial_messageable(int(CHANNEL)).send("hello")
                assert (await client.get_partial_messageable(int(CHANNEL)).fetch_message(said.id)).content == "hello"
            await client.close()
            await asyncio.gather(running, return_exceptions=True)


async def test_a_taken_port_is_a_sentence(tmp_path: Path) -> None:
    """The port is named, and the status is 2."""
    async with SlackSimulator() as slack:
        port = slack.url.rpartition(":")[2]
        process = await start("discord", port, tmp_path)
        _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 2
    assert f"127.0.0.1:{port}" in errors.decode()
    assert "Traceback" not in errors.decode()


async def test_a_view_is_told_of_changes() -> None:
    """A subscriber is called after each change, until it unsubscribes."""
    async with SlackSimulator() as slack, DiscordSimulator() as simulator, bot(simulator, connects=False) as client:
        shown: list[list[str]] = []
        end = slack.changes.subscribe(lambda: shown.append([message.text for message in slack.messages()]))
        slack.ada.say("hello")
        assert shown[-1] == ["hello"]
        end()
        slack.ada.say("again")
        assert shown[-1] == ["hello"]
        told: list[int] = []
        simulator.changes.subscribe(lambda: told.append(len(simulator.messages.get(DM, []))))
        await client.get_partial_messageable(int(DM)).send("hello")
        assert told[-1] == 1
