"""The people, user groups and channels of Slack's workspaces, by the ids of the core."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

import structlog

from adapters.slack.connection.channel_problem import channel_problem
from adapters.slack.connection.errors import delivery_errors
from adapters.slack.connection.workspaces import Workspaces, is_direct, split_owner
from adapters.slack.inbound.parse import build_actor
from adapters.slack.inbound.services import InboundServices
from adapters.slack.people.user_groups import is_group, is_person
from adapters.slack.reply_target import ReplyTarget
from adapters.slack.settings import Settings
from adapters.slack.setup.check import find_channel_problem, find_groups
from adapters.slack.types import ADAPTER, Json
from bot.errors import DeliveryError, DeliveryRefused, StoreError
from bot.models import Actor, Location
from bot.ports import ChannelProblem, PlaceName

log = structlog.get_logger(__name__)


class SlackDirectory(ABC):
    """See `Directory`. Without a connection Slack is asked with the token of the settings."""

    _settings: Settings
    _api: str
    _workspaces: Workspaces | None
    _inbound: InboundServices | None

    @property
    @abstractmethod
    def workspaces(self) -> Workspaces:
        """Installations and their clients. Raises `DeliveryDelayed` before `connected`."""

    async def role_ids(self) -> Collection[str] | None:
        """Return the user groups that somebody is in; None: of many workspaces, or where Slack does not tell."""
        return await find_groups(self._settings, self._api)

    def kind_of(self, name: str) -> Literal["person", "role"] | None:
        """Return what an id names."""
        return "role" if is_group(name) else "person" if is_person(name) else None

    async def find_actor(self, reply_to: Mapping[str, str], person: str) -> Actor | None:
        """Return a person with their user groups; None: of another workspace, or where Slack does not tell."""
        assert self._inbound is not None, "connected first"
        target = ReplyTarget.of(reply_to)
        owner, _, plain = person.rpartition(".")
        if owner not in ("", target.owner):
            return None
        try:
            workspace = await self.workspaces.find(target.team, target.enterprise)
        except (DeliveryError, StoreError) as exc:
            log.info("person not read", reason=str(exc))
            return None
        workspace = replace(workspace, team=target.team or workspace.team)
        found = await self._inbound.users.read(workspace, plain)
        if found is None:
            return None
        return build_actor(replace(found, roles=await self._inbound.groups.read(workspace, plain)), workspace)

    async def is_gone(self, reply_to: Mapping[str, str], person: str) -> bool:
        """Ask Slack for the person, who may be unknown or deactivated."""
        assert self._inbound is not None, "connected first"
        target = ReplyTarget.of(reply_to)
        workspace = await self.workspaces.find(target.team, target.enterprise)
        return await self._inbound.users.is_gone(workspace, person.rpartition(".")[2])

    def is_direct(self, channel: str) -> bool:
        """Return whether two people, or a person and the bot, talk there alone: such ids begin with `D`."""
        return is_direct(channel.rpartition(".")[2])

    async def name_places(self, location: Location) -> Sequence[PlaceName]:
        """Ask Slack for the channel; the workspace's name is known with its installation.

        An organisation's installation has the organisation's name, and none of its workspaces. Without the scope for
        channels of that kind, or where the bot may not see one, Slack does not tell.
        https://docs.slack.dev/reference/methods/conversations.info
        """
        owner, _, plain = location.channel.rpartition(".")
        _, organisation = split_owner(owner)
        workspace = await self.workspaces.find("" if organisation else location.workspace, organisation)
        name = partial(PlaceName, adapter=ADAPTER, workspace=location.workspace)
        names = [name(name=workspace.name)] if workspace.name and workspace.owner == location.workspace else []
        if not plain:
            return names
        try:
            with delivery_errors():
                answer = await self.workspaces.client_of(workspace).conversations_info(channel=plain)
        except DeliveryRefused as exc:
            log.info("channel not named", reason=str(exc))
            return names
        found: Json = answer["channel"]
        has_name = not found.get("is_mpim")  # that of messages of several people is made of theirs
        is_private = bool(found.get("is_private"))
        return [
            *names,
            name(channel=location.channel, name=str(found["name"]) if has_name else "", is_private=is_private),
        ]

    async def channel_problem(
        self, channel: str, *, reply_to: Mapping[str, str] | None = None, person: str = ""
    ) -> ChannelProblem:
        """Ask Slack for the channel's newest message, which the bot can read only where it can write."""
        owner, _, plain = channel.rpartition(".")
        if reply_to is not None and owner not in ("", ReplyTarget.of(reply_to).owner):
            return "absent"
        if self._workspaces is None:
            return await find_channel_problem(self._settings, self._api, plain)
        try:
            client = await self._workspaces.find_client(*split_owner(owner))
        except (DeliveryError, StoreError) as exc:
            log.info("channel not checked", reason=str(exc))
            return ""
        return await channel_problem(client, plain, person.rpartition(".")[2])
