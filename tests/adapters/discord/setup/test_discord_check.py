"""Settings, the manifest and the checks of the configuration."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import discord
import pytest
from pydantic import SecretStr

import adapters.discord as platform
from adapters.discord.adapter import Discord
from adapters.discord.setup.application_commands import build_commands
from adapters.discord.setup.check import PERMISSIONS
from bot.errors import SettingsError
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import ALL_PERMISSIONS, CHANNEL, GUILD, ME, TOKEN, VIEW
from tests.support.discord.stage import COMMANDS, RecordingCore, Service


async def test_check_of_what_is_right(simulator: DiscordSimulator) -> None:
    """Where nothing is missing every finding is good, and the invite link is among them."""
    findings = await Discord(token=SecretStr(TOKEN), api_url=simulator.api).check()
    assert all(finding.is_ok for finding in findings)
    assert any(f"permissions={PERMISSIONS.value}" in finding.text for finding in findings)
    assert PERMISSIONS.value == ALL_PERMISSIONS


async def test_check_names_what_is_missing(simulator: DiscordSimulator) -> None:
    """A missing intent and missing permissions are named, with what to click."""
    simulator.flags, simulator.permissions = 0, ALL_PERMISSIONS & ~(1 << 35)
    findings = await Discord(token=SecretStr(TOKEN), api_url=simulator.api).check()
    wrong = [finding.text for finding in findings if not finding.is_ok]
    assert len(wrong) == 2
    assert "Message Content Intent" in wrong[0]
    assert "lacks Create Public Threads" in wrong[1]


async def test_overwrites_bind_neither_administrators_nor_the_owner(simulator: DiscordSimulator) -> None:
    """A channel that denies everything but to see it is open to both, and closed to others."""
    adapter = Discord(token=SecretStr(TOKEN), api_url=simulator.api)
    simulator.denied[CHANNEL] = discord.Permissions.all().value & ~VIEW
    assert await adapter.channel_problem(CHANNEL) == "closed"
    simulator.permissions = discord.Permissions(administrator=True, view_channel=True).value
    assert await adapter.channel_problem(CHANNEL) == ""
    assert all(finding.is_ok for finding in await adapter.check())
    simulator.permissions, simulator.owners[GUILD] = VIEW, ME
    assert await adapter.channel_problem(CHANNEL) == ""


async def test_a_refused_token_is_said_in_plain_words(simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A refused token is said in plain words, by check and at the start, without being repeated."""
    adapter = Discord(token=SecretStr("wrong"), api_url=simulator.api)
    (finding,) = await adapter.check()
    assert not finding.is_ok
    assert "Reset Token" in finding.text
    with pytest.raises(SettingsError, match="Reset Token") as raised:
        async with adapter.connected(core):
            pass
    assert "wrong" not in str(raised.value)


async def test_required_intent_that_is_refused(simulator: DiscordSimulator, core: RecordingCore) -> None:
    """Where reading everything is demanded and Discord refuses it, the service ends and says what to click."""
    simulator.gateway.refuses_intents = True
    service = Service(simulator, core, message_content="on")
    async with service:
        with pytest.raises(SettingsError, match="Message Content Intent"):
            await asyncio.wait_for(service.running, 20)


@pytest.fixture
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No `.env` of a developer."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("_elsewhere")
def test_no_token_is_no_discord(tmp_path: Path) -> None:
    """Without a token the platform is not configured, and its manifest says where to get one."""
    assert platform.create(data_dir=tmp_path, conversation=None) is None
    with pytest.raises(SettingsError, match="Reset Token"):
        platform.manifest(COMMANDS, url=None)


@pytest.mark.usefixtures("_elsewhere")
def test_the_manifest_has_the_invite_link_and_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """The manifest has the invite link with exactly the permissions needed, and the commands as JSON."""
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    text = platform.manifest(COMMANDS, url=None)
    assert f"client_id={ME}" in text
    assert f"permissions={PERMISSIONS.value}" in text
    assert "scope=bot+applications.commands" in text
    assert len(json.loads(text[text.index("[") :])) == len(build_commands(COMMANDS))


@pytest.mark.usefixtures("_elsewhere")
def test_token_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A malformed token is reported without being repeated."""
    monkeypatch.setenv("DISCORD_TOKEN", "hunter2")
    with pytest.raises(SettingsError, match=r"DISCORD_TOKEN is no token of a bot: .*Reset Token") as raised:
        platform.manifest(COMMANDS, url=None)
    assert "hunter2" not in str(raised.value)


@pytest.mark.usefixtures("_elsewhere")
def test_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A wrong setting is named with what is allowed."""
    monkeypatch.setenv("DISCORD_REPLY_MODE", "shout")
    with pytest.raises(SettingsError, match=r"DISCORD_REPLY_MODE.*auto, thread or reply"):
        platform.create(data_dir=tmp_path, conversation=None)


def test_unconfigured_platform_loads_no_library() -> None:
    """The library is not imported where Discord is not configured."""
    script = "import sys, adapters.discord; print('discord' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
