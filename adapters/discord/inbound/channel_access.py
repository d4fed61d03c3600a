"""May a member, and the bot, read a channel's history? Computed from roles and overwrites, as Discord does.

An interaction tells the permissions at the time when it was used; a request may be made later, or again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import discord

from adapters.discord.gateway.client import DiscordClient

_ROLE_OVERWRITE, _MEMBER_OVERWRITE = 0, 1
_PRIVATE_THREAD = 12
_THREADS = (10, 11, _PRIVATE_THREAD)
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
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
            granted[person] = permissions_in(server, await http.get_member(int(guild), int(person)), parent)
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


def permissions_in(server: Json, member: Json, channel: Json) -> discord.Permissions:
    """Return a member's permissions in a channel.

    https://docs.discord.com/developers/topics/permissions#permission-hierarchy
    """
    if str(member["user"]["id"]) == str(server["owner_id"]):
        return discord.Permissions.all()
    held = {str(server["id"]), *map(str, member["roles"])}
    value = 0
    for role in server["roles"]:
        if str(role["id"]) in held:
            value |= int(role["permissions"])
    if discord.Permissions(value).administrator:
        return discord.Permissions.all()
    overwrites = channel.get("permission_overwrites") or ()
    of_roles = [one for one in overwrites if int(one["type"]) == _ROLE_OVERWRITE and str(one["id"]) in held]
    everybody = [one for one in of_roles if str(one["id"]) == str(server["id"])]
    others = [one for one in of_roles if one not in everybody]
    own = [
        one
        for one in overwrites
        if int(one["type"]) == _MEMBER_OVERWRITE and str(one["id"]) == str(member["user"]["id"])
    ]
    for step in (everybody, others, own):
        allowed = denied = 0
        for one in step:
            allowed, denied = allowed | int(one["allow"]), denied | int(one["deny"])
        value = value & ~denied | allowed
    return discord.Permissions(value)
