"""Places of Discord, which are servers, channels and direct messages: which of them are served."""

from collections.abc import Awaitable, Callable, Collection
from typing import Any

import discord
import structlog

from adapters.discord import permissions
from adapters.discord.gateway.client import DiscordClient
from adapters.discord.gateway.errors import describe_error
from adapters.kit.bounded import BoundedDict
from adapters.kit.errors import NETWORK_ERRORS

log = structlog.get_logger(__name__)

_VERDICT_LIFETIME = 3600.0  # seconds after which Discord is asked again
_CACHED = 5000
_MAX_SERVERS = 50  # that are searched for a person who writes a direct message
_IN_SERVER, _OF_PERSON = 0, 1  # kinds of installations


class ServedPlaces:
    """Decides which places are served; asks Discord once an hour at most. Where it can't be asked, all are served.

    Served are the servers that the application's owner, or a member of its team, owns or manages; the members of these
    in direct messages; and what owner or team installed for themselves. `servers`: ids of more servers.
    """

    def __init__(
        self, client: Callable[[], DiscordClient], *, servers: Collection[str] = (), serves_everybody: bool = False
    ) -> None:
        self._get_client = client
        self._listed = frozenset(servers)
        self._serves_everybody = serves_everybody
        self._servers: BoundedDict[int, bool] = BoundedDict(_CACHED, lifetime=_VERDICT_LIFETIME)
        self._people: BoundedDict[int, bool] = BoundedDict(_CACHED, lifetime=_VERDICT_LIFETIME)

    async def serves_message(self, message: discord.Message, guild: str) -> bool:
        """Whether a message is in a served place. `guild`: id of its server; "" in direct messages."""
        if guild:
            return await self.serves_server(int(guild))
        return await self._serves_person(message.author.id)

    async def serves_interaction(self, interaction: discord.Interaction) -> bool:
        """Whether an interaction is in a served server, or comes of what owner or team installed for themselves."""
        # Without any installation it is one of a server: those that people have for themselves are always named.
        installations = interaction._integration_owners or {_IN_SERVER: 0}  # noqa: SLF001 - no public way
        guild = interaction.guild_id
        if guild is not None and (_IN_SERVER in installations or str(guild) in self._listed):
            return await self.serves_server(guild)
        if guild is None and _IN_SERVER in installations:
            return await self._serves_person(interaction.user.id)
        return self._serves_everybody or installations.get(_OF_PERSON) in owners_of(self._get_client())

    async def serves_server(self, guild: int) -> bool:
        """Whether a server is served."""
        if self._serves_everybody or str(guild) in self._listed:
            return True
        return await self._ask(self._servers, guild, self._is_managed)

    async def _serves_person(self, user: int) -> bool:
        if self._serves_everybody or user in owners_of(self._get_client()):
            return True
        return await self._ask(self._people, user, self._is_member)

    async def _ask(self, known: BoundedDict[int, bool], number: int, ask: "Callable[[int], Awaitable[bool]]") -> bool:
        verdict = known.get(number)
        if verdict is None:
            try:
                verdict = known[number] = await ask(number)
            except (discord.HTTPException, discord.RateLimited, *NETWORK_ERRORS) as exc:
                log.warning("not known whether it is served", id=number, reason=describe_error(exc))
                return True
        return verdict

    async def _is_managed(self, guild: int) -> bool:
        """Whether owner or team own the server, or may manage it."""
        client = self._get_client()
        owners = owners_of(client)
        server = client.get_guild(guild)
        if server is None or server.unavailable:  # of such a one not even the owner is known
            server = await client.fetch_guild(guild)
        return server.owner_id in owners or any([await _may_manage(client, server, owner) for owner in owners])

    async def _is_member(self, user: int) -> bool:
        """Whether a person is a member of a served server."""
        client = self._get_client()
        known = [guild.id for guild in client.guilds]
        if not client.has_all_servers:
            known = [guild.id async for guild in client.fetch_guilds(limit=_MAX_SERVERS, with_counts=False)]
        for number in known[:_MAX_SERVERS]:
            if await self.serves_server(number) and await _find_member(client, number, user) is not None:
                return True
        return False


def owners_of(client: DiscordClient) -> frozenset[int]:
    """Return the ids of the application's owner, or of its team."""
    application = client.application
    if application is None:
        return frozenset()
    if application.team is None:
        return frozenset((application.owner.id,))
    return frozenset(
        member.id
        for member in application.team.members
        if member.membership_state is discord.TeamMembershipState.accepted
    )


async def _may_manage(client: DiscordClient, server: discord.Guild, user: int) -> bool:
    member = await _find_member(client, server.id, user)
    if member is None:
        return False
    roles = [{"id": role.id, "permissions": role.permissions.value} for role in server.roles]
    plain = {"id": server.id, "owner_id": server.owner_id, "roles": roles}
    return permissions.in_server(plain, member).manage_guild


async def _find_member(client: DiscordClient, guild: int, user: int) -> "dict[str, Any] | None":
    try:
        return {**await client.http.get_member(guild, user)}
    except discord.NotFound:
        return None
