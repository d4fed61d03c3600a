"""Platforms are found by entry point: those of the repository, and any that is installed besides."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import cast

import pytest

from bot import platforms
from bot.errors import SettingsError
from bot.models import Capabilities
from bot.platforms import find_platforms
from bot.ports import Adapter
from bot.settings.core import Settings
from tests.contract.adapter_contract import AdapterContract
from tests.support.channel.adapter import ChannelAdapter, channel_server
from tests.support.channel.harness import TestChannel
from tests.support.forked import command_line
from tests.support.installing import install
from tests.support.scripted_api import chat, scripted_api

ROOT = Path(__file__).parents[1]
PROJECT = ROOT / "tests" / "support" / "channel_platform"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a distribution with one more platform is installed into, outside the repository."""
    return install(PROJECT, tmp_path_factory.mktemp("site-packages"))


def environment(folder: Path, installed: Path, **settings: str) -> dict[str, str]:
    path = os.pathsep.join((str(ROOT), str(installed)))
    return {**os.environ, "PYTHONPATH": path, "BOT_DATA_DIR": str(folder), "LANG": "C.UTF-8", **settings}


def bot(folder: Path, installed: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    given = environment(folder, installed, **settings)
    return command_line.bot(*arguments, environment=given, folder=folder, text=None)


# -- a platform of another distribution


def test_an_installed_platform_is_checked(tmp_path: Path, installed: Path) -> None:
    """`check` has its lines, wrong settings included; a misspelt one of `.env` is recognised."""
    good = bot(tmp_path, installed, "check", CHANNEL_URL="http://127.0.0.1:1")
    assert "ok   channel: The channel is there." in good.stdout.splitlines()
    wrong = bot(tmp_path, installed, "check", CHANNEL_URL="nonsense")
    assert "FIX  channel: CHANNEL_URL: must be an http:// or https:// address" in wrong.stdout.splitlines()
    assert wrong.returncode == 1
    (tmp_path / ".env").write_text("CHANNEL_URI=http://127.0.0.1:1\n")
    misspelt = bot(tmp_path, installed, "check")
    assert "CHANNEL_URI is no setting and is ignored: did you mean CHANNEL_URL?" in misspelt.stdout
    assert "channel:" not in misspelt.stdout


def test_a_process_serves_the_platforms_that_are_named(tmp_path: Path, installed: Path) -> None:
    """`BOT_PLATFORMS` leaves out what is configured besides; a name of none is refused with those there are."""
    url = "http://127.0.0.1:1"
    other = bot(tmp_path, installed, "check", CHANNEL_URL=url, BOT_PLATFORMS="slack,discord")
    assert "channel:" not in other.stdout
    named = bot(tmp_path, installed, "check", CHANNEL_URL=url, BOT_PLATFORMS="channel")
    assert "ok   channel: The channel is there." in named.stdout.splitlines()
    wrong = bot(tmp_path, installed, "run", CHANNEL_URL=url, BOT_PLATFORMS="chanel")
    assert (
        wrong.stderr == "BOT_PLATFORMS: no platform chanel is installed; there are channel, discord, slack, console\n"
    )
    assert wrong.returncode == 2


def test_an_installed_platform_writes_its_manifest(tmp_path: Path, installed: Path) -> None:
    """Under its name, from the commands."""
    assert "image" in bot(tmp_path, installed, "manifest", "channel").stdout.splitlines()
    assert "channel, discord, slack" in bot(tmp_path, installed, "manifest", "nowhere").stderr


async def test_an_installed_platform_answers(tmp_path: Path, installed: Path) -> None:
    """The service serves it, with nothing changed in the repository."""
    async with asyncio.timeout(300), scripted_api() as api, channel_server() as channel:
        api.play(chat("It works."))
        settings = {"CHANNEL_URL": channel.url, "AIMODELS_BASE_URL": api.url, "AIMODELS_API_KEY": "sk-x"}
        given = environment(tmp_path, installed, **settings)
        running = command_line.Command(environment=given, folder=tmp_path, text=None)
        event = await channel.ask("does it?")
        await channel.wait_for_answers(event)
        running.send_signal(signal.SIGTERM)
        done = await asyncio.to_thread(running.finish)
    assert done.returncode == 0, done.stderr
    assert [message.text for message in channel.answers(event)] == ["It works."]
    assert "channel" in done.stderr


@pytest.fixture
def find(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Let the service find only these entry points."""

    def only(*entries: EntryPoint) -> None:
        monkeypatch.setattr(platforms, "entry_points", lambda group: [e for e in entries if e.group == group])
        find_platforms.cache_clear()

    yield only
    monkeypatch.undo()
    find_platforms.cache_clear()


class InstalledChannel(TestChannel):
    """The test platform as the service creates it once it is installed."""

    def create_adapter(self) -> ChannelAdapter:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("CHANNEL_URL", self.channel.url)
            adapter = find_platforms()["channel"].create(data_dir=self.folder, conversation=None)
        return cast("ChannelAdapter", adapter)  # of the same module, imported once more


@pytest.fixture(scope="class")
def _installed_here(installed: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as paths:
        paths.syspath_prepend(installed)
        find_platforms.cache_clear()
        yield
    find_platforms.cache_clear()


@pytest.mark.usefixtures("_installed_here")
class TestInstalledPlatform(AdapterContract):
    """The laws of every platform hold for one that is installed besides."""

    harness_type = InstalledChannel


# -- what is wrong with an installation


def entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, platforms.GROUP)


def test_the_platforms_of_the_repository_are_found() -> None:
    """One for each folder of `adapters/` that is a platform, under its name; the one without set-up comes last."""
    folders = {path.parent.name for path in (ROOT / "adapters").glob("*/settings.py")}
    assert set(find_platforms()) == folders
    assert [platform.is_fallback for platform in find_platforms().values()][-1]
    assert all(name == platform.name for name, platform in find_platforms().items())


def test_stale_metadata_are_recognised(find: Callable[..., None]) -> None:
    """Without any platform the sentence says how to install the package again."""
    find()
    with pytest.raises(SettingsError, match="run make"):
        find_platforms()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("nowhere.at_all:PLATFORM", "No module named 'nowhere'"),
        ("adapters.slack:NOTHING", "NOTHING"),
        ("adapters.slack:create", "adapters.slack:create is no Platform"),
    ],
)
def test_a_platform_that_can_not_be_loaded(find: Callable[..., None], value: str, reason: str) -> None:
    """The sentence names it, and why."""
    find(entry("console", "adapters.console:PLATFORM"), entry("odd", value))
    with pytest.raises(SettingsError, match=f"the platform odd of .*{reason}"):
        find_platforms()


def test_an_adapter_that_lacks_methods(
    find: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is refused when it is made, and not when somebody asks, by the names of what it lacks."""
    find(entry("console", "adapters.console:PLATFORM"))

    class Incomplete:
        name = "console"
        capabilities = Capabilities()

        def health(self) -> str:
            return ""

    odd = replace(find_platforms()["console"], create=lambda **_: cast("Adapter", Incomplete()))
    monkeypatch.setattr(platforms, "find_platforms", lambda: {"console": odd})
    settings = Settings(_env_file=None, bot_data_dir=tmp_path)  # type: ignore[call-arg]
    with pytest.raises(SettingsError, match=r"console is not complete: .*Incomplete lacks .*\bdraft, .*\brun\b"):
        platforms.create_adapters(settings)
    found: list[str] = []
    assert platforms.create_adapters(settings, on_error=lambda name, _: found.append(name)) == ({}, True)
    assert found == ["console"]


def test_two_platforms_of_one_name(find: Callable[..., None]) -> None:
    """Neither is preferred in silence."""
    find(entry("console", "adapters.console:PLATFORM"), entry("terminal", "adapters.console:PLATFORM"))
    with pytest.raises(SettingsError, match="two installed packages offer the platform console"):
        find_platforms()
