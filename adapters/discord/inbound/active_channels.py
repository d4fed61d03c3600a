"""Channels and direct messages where the bot was asked lately, kept over a restart: what it missed is read there."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import structlog

from adapters.kit.bounded import BoundedDict
from bot.errors import StoreError
from bot.ports import AdapterServices

log = structlog.get_logger(__name__)

#: Storage namespace: the server of each channel, "" for direct messages.
NAMESPACE = "discord.active"
#: Channels that are kept, those used last, and the time for which they are.
MAX_CHANNELS = 500
_LIFETIME = timedelta(days=30)
_RENEWAL = timedelta(days=1)


class ActiveChannels:
    """A bounded set of channels, each with its server."""

    def __init__(self, services: AdapterServices) -> None:
        self._services = services
        self._guilds: BoundedDict[int, str] = BoundedDict(MAX_CHANNELS)
        self._stored: BoundedDict[int, None] = BoundedDict(MAX_CHANNELS, lifetime=_RENEWAL.total_seconds())

    def __contains__(self, channel: object) -> bool:
        return channel in self._guilds

    def direct(self) -> Iterator[int]:
        """Iterate over the direct messages."""
        return (channel for channel, guild in self._guilds.items() if not guild)

    async def restore(self) -> None:
        """Read what an earlier process stored. Raises `StoreError`."""
        for channel, guild in (await self._services.storage(NAMESPACE).items()).items():
            if int(channel) not in self._guilds:
                self._guilds[int(channel)] = guild

    async def add(self, channel: int, guild: str) -> None:
        """Add a channel; it is stored when it is new, and then at most once a day."""
        oldest = next(iter(self._guilds), None)
        self._guilds[channel] = guild
        if channel in self._stored:
            return
        storage = self._services.storage(NAMESPACE)
        try:
            await storage.set(str(channel), guild, expires=datetime.now(UTC) + _LIFETIME)
            self._stored[channel] = None
            if oldest is not None and oldest not in self._guilds:
                await storage.delete(str(oldest))
        except StoreError as exc:
            log.warning("channel not stored", channel=channel, reason=str(exc))
