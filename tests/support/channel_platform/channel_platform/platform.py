"""The platform itself: its settings, its sentences, and how its adapter is made."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import Field

from bot.i18n import register_catalogue, translate
from bot.models import CheckResult, CommandSpec
from bot.ports import AdapterServices, Platform
from bot.settings.base import EnvironmentSettings, HttpUrl, read

from .adapter import ChannelAdapter

register_catalogue("channel_platform")


class Settings(EnvironmentSettings):
    """Settings of the test platform."""

    channel_url: HttpUrl = Field("", description="Address of the channel. Empty: no channel.")


class Channel(ChannelAdapter):
    """An adapter whose HTTP client is closed with the service."""

    @asynccontextmanager
    async def connected(self, services: AdapterServices) -> AsyncIterator[None]:
        async with self.http:
            yield

    async def check(self) -> Sequence[CheckResult]:
        return [CheckResult(subject=self.name, text=translate("channel.check"), is_ok=True)]


def create(*, data_dir: Path, conversation: str | None) -> Channel | None:
    """Return the adapter; None without an address."""
    settings = read(Settings)
    return Channel(settings.channel_url) if settings.channel_url else None


def manifest(commands: Sequence[CommandSpec], *, url: str | None) -> str:
    """Return the commands, one a line."""
    return "\n".join(spec.name for spec in commands)


PLATFORM = Platform(name="channel", settings=Settings, create=create, manifest=manifest)
