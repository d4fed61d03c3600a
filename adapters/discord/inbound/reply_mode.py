"""The reply mode of a channel: whether messages there are answered in a thread or in place."""

from adapters.kit.cached_storage import CachedStorage
from bot.ports import REPLY_MODES, AdapterValues, ChannelSettings, ReplyMode

SETTINGS, SETTING = "settings", "reply_mode"
_CACHED_SERVERS = 1000


class ReplyModes:
    """The modes of all channels. Every method raises `StoreError`."""

    def __init__(self, services: AdapterValues, default: ReplyMode) -> None:
        #: what the command stored before it set the setting
        self._storage = CachedStorage(services, "discord.replies", cached=_CACHED_SERVERS)
        self._default = default

    async def get(self, guild: str, channel: str, settings: ChannelSettings) -> ReplyMode:
        """Return the mode of a channel with these settings, or the default."""
        if settings.reply_mode is not None:
            return settings.reply_mode
        stored = (await self._storage.read(guild)).get(channel)
        return next((mode for mode in REPLY_MODES if mode == stored), self._default)
