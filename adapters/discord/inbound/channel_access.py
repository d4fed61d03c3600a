"""Whether a member, and the bot, may read a channel's history.

An interaction tells the permissions at the time when it was used; a request may be made later, or again.
"""

from typing import Any

import discord

from adapters.discord import permissions
from adapters.discord.gateway.client import DiscordClient
from bot.values import valueclass

_PRIVATE_THREAD = 12
_THREADS = (10, 11, _PRIVATE_THREAD)


@valueclass(frozen=True, slots=True, kw_only=True)
class ChannelAccess:
    """The channel or thread of a request, and who may read its history."""

    channel: int  #: whose messages are read: a channel or a thread
    parent: int  #: the channel of a thread; else the same
    member_sees: bool  #: what is written from now on
    member_may: bool
    bot_may: bool

    @property
    def is_thread(self) -> bool:
        """Whether it is a thread."""
        return self.channel != self.parent


async def find_access(client: DiscordClient, *, guild: str, channel: str, member: str) -> ChannelAccess:
    """Ask Discord who may read a channel's history. Raises the errors of requests."""
    http = client.http
    found: Any = await http.get_channel(int(channel))
    is_thread = found["type"] in _THREADS
    parent: Any = await http.get_channel(int(found["parent_id"])) if is_thread else found
    server: Any = await http.get_guild(int(guild), with_counts=False)
    granted = {}
    for person in (member, str(client.user.id if client.user is not None else 0)):
        try:
            granted[person] = permissions.in_channel(server, await http.get_member(int(guild), int(person)), parent)
        except discord.NotFound:
            granted[person] = discord.Permissions.none()
    asker, bot = granted
    sees = granted[asker].view_channel
    if found["type"] == _PRIVATE_THREAD and not granted[asker].manage_threads and sees:
        sees = await _is_in_thread(client, channel, asker)
    return ChannelAccess(
        channel=int(channel),
        parent=int(parent["id"]),
        member_sees=sees,
        member_may=sees and granted[asker].read_message_history,
        bot_may=granted[bot].view_channel and granted[bot].read_message_history,
    )


async def _is_in_thread(client: DiscordClient, thread: str, member: str) -> bool:
    try:
        await client.http.get_thread_member(int(thread), int(member))
    except discord.NotFound:
        return False
    return True
