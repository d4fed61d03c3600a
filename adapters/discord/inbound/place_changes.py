"""Changes of servers and channels, of which the gateway tells, for those who keep their names."""

import discord
import structlog

from adapters.discord.inbound.parse import ADAPTER
from bot.errors import StoreError
from bot.ports import PlaceChanges

log = structlog.get_logger(__name__)


class PlaceListener:
    """Listens to the events of a client."""

    def __init__(self, places: PlaceChanges) -> None:
        self._places = places

    def listen(self, client: discord.Client) -> None:
        """Receive the events of this client from now on."""
        changes = (self.on_guild_update, self.on_guild_channel_update, self.on_guild_role_update)
        for listener in (*changes, self.on_guild_remove):
            client.event(listener)

    async def on_guild_update(self, before: discord.Guild, after: discord.Guild) -> None:
        """Handle a change of a server."""
        if before.name != after.name:
            self._places.changed(ADAPTER, str(after.id))

    async def on_guild_channel_update(self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        """Handle a change of a channel: of its name, or of who may see it."""
        if (before.name, before.overwrites) != (after.name, after.overwrites):
            self._places.changed(ADAPTER, str(after.guild.id), str(after.id))

    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        """Handle a change of a role: that of everybody decides who sees the channels that say nothing else."""
        if after.is_default() and before.permissions.view_channel != after.permissions.view_channel:
            for channel in after.guild.channels:
                self._places.changed(ADAPTER, str(after.guild.id), str(channel.id))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Handle that the app was removed from a server."""
        try:
            await self._places.removed(ADAPTER, str(guild.id))
        except StoreError as exc:
            log.warning("names of a server not erased", server=guild.id, reason=str(exc))
