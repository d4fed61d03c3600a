"""Whether the bot can write in a channel, asked of Discord alone: also before there is a connection."""

from typing import Any

import discord

from adapters.discord import permissions
from adapters.discord.gateway.client import DiscordClient
from adapters.kit.errors import NETWORK_ERRORS
from bot.ports import ChannelProblem

_ABSENT = (403, 404)  # statuses of a channel that is gone or hidden


async def channel_problem(client: DiscordClient, channel: str, *, guild: str | None = None) -> ChannelProblem:
    """Return why the bot can't write in a channel; "": it can, or Discord does not tell. Shows nothing to anybody.

    `guild`: the only server whose channels are told of; None: all.
    """
    if not channel.isdecimal():
        return "absent"
    try:
        found: Any = await client.http.get_channel(int(channel))
        place = found.get("guild_id")
        if guild is not None and place != guild:
            return "absent"
        return "" if place is None or await _may_write(client, found) else "closed"
    except discord.HTTPException as exc:
        return "absent" if exc.status in _ABSENT else ""
    except NETWORK_ERRORS:
        return ""


async def _may_write(client: DiscordClient, channel: Any) -> bool:
    number, me = int(channel["guild_id"]), client.application_id
    assert me is not None, "logged in"
    guild: Any = await client.http.get_guild(number, with_counts=False)
    member: Any = await client.http.get_member(number, me)
    granted = permissions.in_channel(guild, member, channel)
    return granted.view_channel and granted.send_messages
