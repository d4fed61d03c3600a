"""User groups, which are the roles of people on Slack: read in the background, and again after each change."""

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from adapters.kit.bounded import BoundedDict
from adapters.slack.connection.errors import API_ERRORS, log_reason, to_delivery_error
from adapters.slack.connection.workspaces import Workspace, Workspaces
from adapters.slack.timing import Timing
from adapters.slack.types import ADAPTER
from bot.background import BackgroundTasks
from bot.errors import DeliveryDelayed, DeliveryError
from bot.ports import ChannelRules

log = structlog.get_logger(__name__)

_WORKSPACES = 2000  # workspaces in memory
_PERSON = re.compile(r"(?:[TE]\w+\.)?[UW][A-Z0-9]+")
_GROUP = re.compile(rf"(?:{ADAPTER}:)?(?:[TE]\w+\.)?S\w+")


def is_person(name: str) -> bool:
    """Whether an id is that of a user: `U012`, or `T012.U012` among many workspaces."""
    return _PERSON.fullmatch(name) is not None


def is_group(role: str) -> bool:
    """Whether a role that a rule names is a user group: `S012`, or `T012.S012` among many workspaces."""
    return _GROUP.fullmatch(role) is not None


@dataclass(slots=True)
class _Groups:
    """The user groups of a workspace."""

    roles: Mapping[str, tuple[str, ...]] | None = None  #: scoped ids of a user's groups; None: not read yet
    due: float = 0.0  #: when they are read again
    not_before: float = 0.0  #: when Slack takes the next read, however much changes meanwhile
    reading: asyncio.Task[None] | None = None
    has_changed: bool = False  #: since the read in progress began


class UserGroups:
    """The user groups of each person, in memory; no event waits for them.

    Nothing is read until a rule names a user group. From then on a workspace is read with its first event, after each
    change that Slack reports, and regularly, as events may be lost.
    """

    def __init__(self, workspaces: Workspaces, services: ChannelRules, timing: Timing) -> None:
        self._workspaces = workspaces
        self._services = services
        self._timing = timing
        self._groups: BoundedDict[tuple[str, str], _Groups] = BoundedDict(_WORKSPACES, renews_on_read=True)
        self._background = BackgroundTasks(ADAPTER)
        self.is_wanted = False

    def start(self, *, has_one_workspace: bool) -> None:
        """Wait in the background until a rule names a user group; read the only workspace then."""
        self._background.start(self._wait(has_one_workspace))

    async def _wait(self, has_one_workspace: bool) -> None:
        await self._services.wait_for_role(is_group)
        self.is_wanted = True
        if has_one_workspace:
            try:
                self.roles_of(await self._workspaces.find(""), "")
            except DeliveryError as exc:  # the first event reads them
                log.info("user groups not read", reason=str(exc))

    async def close(self) -> None:
        """Cancel what is being read."""
        await self._background.close()

    def roles_of(self, workspace: Workspace, user: str) -> tuple[str, ...] | None:
        """Return the ids of a user's groups; None: not read yet. While they are renewed, the old ones hold."""
        if not workspace.team:
            return None
        key = (workspace.owner, workspace.team)
        groups = self._groups.get(key)
        if groups is None:
            groups = self._groups[key] = _Groups()
        if groups.due <= time.monotonic() and groups.reading is None:
            self._read_soon(workspace, groups)
        return None if groups.roles is None else groups.roles.get(user, ())

    async def read(self, workspace: Workspace, user: str) -> tuple[str, ...] | None:
        """Return the ids of a user's groups, once they are read; None: Slack does not tell."""
        roles = self.roles_of(workspace, user)
        groups = self._groups.get((workspace.owner, workspace.team))
        if roles is None and groups is not None and groups.reading is not None:
            await asyncio.wait({groups.reading}, timeout=self._timing.groups_patience)
            roles = self.roles_of(workspace, user)
        return roles

    def changed(self, workspace: Workspace) -> None:
        """Read a workspace's groups again, as they have changed."""
        groups = self._groups.get((workspace.owner, workspace.team))
        if groups is None:
            return
        groups.has_changed = True
        if groups.reading is None:
            self._read_soon(workspace, groups)

    def _read_soon(self, workspace: Workspace, groups: _Groups) -> None:
        groups.reading = self._background.start(self._read(workspace, groups))

    async def _read(self, workspace: Workspace, groups: _Groups) -> None:
        try:
            while True:
                if (pause := groups.not_before - time.monotonic()) > 0:
                    await asyncio.sleep(pause)
                groups.has_changed = False
                groups.not_before = time.monotonic() + self._timing.groups_pause
                groups.due = time.monotonic() + await self._read_once(workspace, groups)
                if not groups.has_changed:
                    return
        finally:
            groups.reading = None

    async def _read_once(self, workspace: Workspace, groups: _Groups) -> float:
        """Read the groups; return the seconds until they are read again."""
        client = self._workspaces.client_of(workspace)
        try:
            answer = await client.usergroups_list(include_users=True, team_id=workspace.team)
        except API_ERRORS as exc:
            log.warning("user groups not read: rules on them match nobody", team=workspace.team, reason=log_reason(exc))
            error = to_delivery_error(exc)
            wait = (error.retry_after if isinstance(error, DeliveryDelayed) else None) or 0.0
            groups.not_before = max(groups.not_before, time.monotonic() + wait)
            return max(wait, self._timing.groups_retry)
        roles: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
        for group in answer["usergroups"]:
            for user in group.get("users") or ():
                roles[str(user)] += (workspace.scoped(str(group["id"])),)
        groups.roles = dict(roles)
        log.info("user groups read", team=workspace.team, groups=len(answer["usergroups"]))
        return self._timing.groups_lifetime
