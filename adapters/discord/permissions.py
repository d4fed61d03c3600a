"""Permissions of a member, computed from roles and overwrites as Discord does. Pure.

Servers, members and channels are as the REST API returns them.
https://docs.discord.com/developers/topics/permissions#permission-hierarchy
"""

from collections.abc import Mapping
from typing import Any

import discord

_ROLE, _MEMBER = 0, 1  # types of overwrites
Json = Mapping[str, Any]


def in_server(server: Json, member: Json) -> discord.Permissions:
    """Return a member's permissions in a server: all for its owner and for administrators, else those of the roles."""
    if str(member["user"]["id"]) == str(server["owner_id"]):
        return discord.Permissions.all()
    held = _roles_of(server, member)
    value = 0
    for role in server["roles"]:
        if str(role["id"]) in held:
            value |= int(role["permissions"])
    granted = discord.Permissions(value)
    return discord.Permissions.all() if granted.administrator else granted


def in_channel(server: Json, member: Json, channel: Json) -> discord.Permissions:
    """Return a member's permissions in a channel; no overwrite changes those of the owner and of administrators."""
    granted = in_server(server, member)
    if granted.administrator:
        return granted
    value, held, own = granted.value, _roles_of(server, member), str(member["user"]["id"])
    everybody: list[Json] = []
    of_roles: list[Json] = []
    of_member: list[Json] = []
    for overwrite in channel.get("permission_overwrites") or ():
        kind, name = int(overwrite["type"]), str(overwrite["id"])
        if kind == _MEMBER and name == own:
            of_member.append(overwrite)
        elif kind == _ROLE and name == str(server["id"]):
            everybody.append(overwrite)
        elif kind == _ROLE and name in held:
            of_roles.append(overwrite)
    for step in (everybody, of_roles, of_member):
        allowed = denied = 0
        for overwrite in step:
            allowed, denied = allowed | int(overwrite["allow"]), denied | int(overwrite["deny"])
        value = value & ~denied | allowed
    return discord.Permissions(value)


def of_everybody(server: str, granted: discord.Permissions, channel: Json) -> discord.Permissions:
    """Return what every member of a server may do in a channel. `granted`: what they may do in the server."""
    everybody = {"id": server, "permissions": granted.value}
    return in_channel({"id": server, "owner_id": "", "roles": [everybody]}, {"user": {"id": "-"}, "roles": []}, channel)


def _roles_of(server: Json, member: Json) -> set[str]:
    """Return the ids of a member's roles; everybody has the one that is named like the server."""
    return {str(server["id"]), *map(str, member["roles"])}
