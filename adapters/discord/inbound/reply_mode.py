"""The reply mode of a channel: whether mentions are answered in a thread or in place. Stored per server."""

from typing import Literal

from adapters.kit.cached_storage import CachedStorage
from bot.ports import AdapterServices

ReplyMode = Literal["auto", "thread", "reply"]
MODES: tuple[ReplyMode, ...] = ("auto", "thread", "reply")
#: The slash command that sets the mode; the adapter answers it itself.
COMMAND = "replies"
_CACHED_SERVERS = 1000


class ReplyModes:
    """The modes of all channels, read once a server and cached. Every method raises `StoreError`."""

    def __init__(self, services: AdapterServices, default: ReplyMode) -> None:
        self._storage = CachedStorage(services, "discord.replies", cached=_CACHED_SERVERS)
        self._default = default

    async def get(self, guild: str, channel: str) -> ReplyMode:
        """Return the mode of a channel, or the default."""
        stored = (await self._storage.read(guild)).get(channel)
        return next((mode for mode in MODES if mode == stored), self._default)

    async def set(self, guild: str, channel: str, mode: ReplyMode) -> None:
        """Store the mode of a channel."""
        await self._storage.write(guild, channel, mode)
