"""The people, roles and channels of Discord's servers, by id."""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any, Literal

import discord
import structlog
from pydantic import SecretStr

from adapters.discord import permissions
from adapters.discord.gateway.client import Login
from adapters.discord.gateway.errors import raise_delivery_errors
from adapters.discord.inbound.channel_access import find_access
from adapters.discord.inbound.parse import ADAPTER, build_actor
from adapters.discord.reply_target import ReplyTarget
from adapters.discord.setup import check
from adapters.discord.setup.channel_problem import channel_problem
from adapters.kit.errors import NETWORK_ERRORS
from bot.errors import DeliveryError, DeliveryRefused
from bot.models import Actor, Location
from bot.ports import ChannelProblem, PlaceName

log = structlog.get_logger(__name__)

_ID = re.compile(r"\d{15,20}")


class DiscordDirectory:
    """See `Directory`. A connected client is used; else Discord is asked with the token alone."""

    _token: SecretStr
    _api_url: str
    _login: Login

    async def role_ids(self) -> Collection[str] | None:
        """Return the roles of all servers; None where Discord does not tell."""
        return await check.find_roles(self._token.get_secret_value(), self._api_url)

    def kind_of(self, name: str) -> Literal["person", "role"] | None:
        """Return what an id names: a role where a server has it."""
        if _ID.fullmatch(name) is None:
            return None
        guilds = client.guilds if (client := self._login.found) is not None else ()
        return "role" if any(guild.get_role(int(name)) is not None for guild in guilds) else "person"

    async def find_actor(self, reply_to: Mapping[str, str], person: str) -> Actor | None:
        """Ask Discord for a member with their roles; None: no member, or where Discord does not tell."""
        target = ReplyTarget.of(reply_to)
        try:
            guild = await (await self._login.ensure()).find_guild(target.guild)
        except DeliveryError as exc:
            log.info("person not read", reason=str(exc))
            return None
        if guild is None or _ID.fullmatch(person) is None:
            return None
        try:
            member = await guild.fetch_member(int(person))
        except (discord.HTTPException, *NETWORK_ERRORS):
            return None
        return build_actor(member, target.locale)

    async def is_gone(self, reply_to: Mapping[str, str], person: str) -> bool:
        """Ask Discord for a member; nobody leaves direct messages."""
        number = ReplyTarget.of(reply_to).guild
        if not number or _ID.fullmatch(person) is None:
            return False
        guild = await (await self._login.ensure()).find_guild(number)
        if guild is None:  # whether the channel is there is another question
            return False
        try:
            with raise_delivery_errors():
                await guild.fetch_member(int(person))
        except DeliveryRefused as exc:
            return isinstance(exc.__cause__, discord.NotFound)
        return False

    async def channel_problem(
        self, channel: str, *, reply_to: Mapping[str, str] | None = None, person: str = ""
    ) -> ChannelProblem:
        """Ask Discord for the channel and the bot's permissions there; and a person's, where the request was made."""
        target = None if reply_to is None else ReplyTarget.of(reply_to)
        if (client := self._login.found) is not None:
            problem = await channel_problem(client, channel, guild=None if target is None else target.guild)
            if problem or target is None or not person:
                return problem
            try:
                with raise_delivery_errors():
                    access = await find_access(client, guild=target.guild, channel=target.channel, member=person)
            except DeliveryRefused:
                return "hidden"
            return "" if access.member_sees else "hidden"
        return await check.find_channel_problem(self._token.get_secret_value(), self._api_url, channel)

    def is_direct(self, channel: str) -> bool:  # noqa: ARG002
        """Return False: direct messages belong to no server."""
        return False

    async def name_places(self, location: Location) -> Sequence[PlaceName]:
        """Return what the gateway has told of server and channel; ask Discord for what it has not."""
        client = await self._login.ensure()
        guild = await client.find_guild(location.workspace)
        if guild is None:
            return ()
        name = partial(PlaceName, adapter=ADAPTER, workspace=location.workspace)
        names = [name(name=guild.name)]
        if not location.channel:
            return names
        everybody, channel = guild.default_role, guild.get_channel(int(location.channel))
        if channel is not None:
            is_open = channel.permissions_for(everybody).view_channel
            return [*names, name(channel=location.channel, name=channel.name, is_private=not is_open)]
        try:
            with raise_delivery_errors():
                found: Any = await client.http.get_channel(int(location.channel))
        except DeliveryRefused as exc:
            log.info("channel not named", reason=str(exc))
            return names
        is_open = permissions.of_everybody(location.workspace, everybody.permissions, found).view_channel
        return [*names, name(channel=location.channel, name=str(found["name"]), is_private=not is_open)]
