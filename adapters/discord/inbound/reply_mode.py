"""The reply mode of a channel: whether mentions are answered in a thread or in place. Stored per server."""

from collections import OrderedDict
from typing import Literal

from bot.ports import AdapterServices

ReplyMode = Literal["auto", "thread", "reply"]
MODES: tuple[ReplyMode, ...] = ("auto", "thread", "reply")
#: The slash command that sets the mode; the adapter answers it itself.
COMMAND = "replies"
_CACHED_SERVERS = 1000


class ReplyModes:
    """The modes of all channels, read once a server and cached. Every method raises `StoreError`."""

    def __init__(self, services: AdapterServices, default: ReplyMode) -> None:
        self._services = services
        self._default = default
        self._cache: OrderedDict[str, dict[str, str]] = OrderedDict()

    async def get(self, guild: str, channel: str) -> ReplyMode:
        """Return the mode of a channel, or the default."""
        stored = (await self._read_guild(guild)).get(channel)
        return next((mode for mode in MODES if mode == stored), self._default)

    async def set(self, guild: str, channel: str, mode: ReplyMode) -> None:
        """Store the mode of a channel."""
        await self._services.storage(_namespace(guild)).set(channel, mode)
        (await self._read_guild(guild))[channel] = mode

    async def _read_guild(self, guild: str) -> dict[str, str]:
        modes = self._cache.get(guild)
        if modes is None:
            modes = self._cache[guild] = dict(await self._services.storage(_namespace(guild)).items())
            while len(self._cache) > _CACHED_SERVERS:
                self._cache.popitem(last=False)
        return modes


def _namespace(guild: str) -> str:
    return f"discord.replies.{guild}"
