"""Channels where the service was asked lately, kept over a restart: what it missed is read there."""

import asyncio
from collections.abc import Awaitable, Iterator
from datetime import UTC, datetime, timedelta

import structlog

from adapters.kit.bounded import BoundedDict
from bot.errors import StoreError
from bot.ports import AdapterValues

log = structlog.get_logger(__name__)

#: Channels that are kept, those used last, and the time for which they are.
MAX_CHANNELS = 500
_LIFETIME = timedelta(days=30)
_RENEWAL = timedelta(days=1)


class ActiveChannels:
    """Channels, each with a text that belongs to it, such as its server.

    `platform`: the name that the storage is kept under.
    """

    def __init__(self, services: AdapterValues, platform: str) -> None:
        self._storage = services.storage(f"{platform}.active", has_secrets=False)
        self._channels: BoundedDict[str, str] = BoundedDict(MAX_CHANNELS)
        self._stored: BoundedDict[str, None] = BoundedDict(MAX_CHANNELS, lifetime=_RENEWAL.total_seconds())

    def __contains__(self, channel: object) -> bool:
        return channel in self._channels

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Iterate over the channels with their texts, those used last at the end."""
        return iter([*self._channels.items()])

    async def restore(self) -> None:
        """Read what other processes stored. Raises `StoreError`."""
        for channel, text in (await self._storage.items()).items():
            if channel not in self._channels:
                self._channels[channel] = text

    async def add_with(self, recording: Awaitable[object], channel: str, text: str) -> None:
        """Add a channel and await the recording of an event there. Raises what the recording raises.

        Both are written together, the channel no later than the event: neither waits for the other.
        """
        if channel in self._stored:
            self._channels[channel] = text
            await recording
        else:
            await asyncio.gather(self.add(channel, text), recording)  # in this order

    async def add(self, channel: str, text: str) -> None:
        """Add a channel; it is stored when it is new, and then at most once a day."""
        if channel in self._stored:
            self._channels[channel] = text
            return
        oldest = next(iter(self._channels), None)
        self._channels[channel] = text
        try:
            await self._storage.set(channel, text, expires=datetime.now(UTC) + _LIFETIME)
            self._stored[channel] = None
            if oldest is not None and oldest not in self._channels:
                await self._storage.delete(oldest)
        except StoreError as exc:
            log.warning("channel not stored", channel=channel, reason=str(exc))
