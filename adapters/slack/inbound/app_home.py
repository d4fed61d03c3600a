"""The App Home: shown anew whenever somebody opens it or chooses something there."""

from collections.abc import Sequence
from dataclasses import replace

import structlog

from adapters.kit.background import BackgroundTasks
from adapters.slack.connection.errors import FAILED, reason
from adapters.slack.connection.workspaces import Workspace, Workspaces
from adapters.slack.inbound import interaction_events, parse
from adapters.slack.inbound.parse import ADAPTER, Json
from adapters.slack.inbound.thread_conversations import Roots
from adapters.slack.inbound.users import People
from adapters.slack.ui import home_view
from bot.errors import StoreError, UsageError
from bot.models import CommandSpec
from bot.ports import AdapterServices

log = structlog.get_logger(__name__)


class Home:
    """Everybody's home."""

    def __init__(
        self,
        *,
        workspaces: Workspaces,
        people: People,
        roots: Roots,
        desk: AdapterServices,
        commands: Sequence[CommandSpec],
        prefix: str,
        errands: BackgroundTasks,
    ) -> None:
        self._workspaces = workspaces
        self._people = people
        self._roots = roots
        self._desk = desk
        self._commands = commands
        self._prefix = f"/{prefix}"
        self._errands = errands

    def opened(self, workspace: Workspace, user: str) -> None:
        """Somebody looks at it."""
        self._errands.start(self._show(workspace, user))

    async def chosen(self, workspace: Workspace, user: str, action: Json) -> None:
        """Somebody prefers something. Raises `StoreError`."""
        name = str(action.get("action_id")).removeprefix(home_view.PREFER)
        value = str((action.get("selected_option") or {}).get("value") or home_view.DEFAULT)
        try:
            chosen = None if value == home_view.DEFAULT else value
            await self._desk.set_preference(ADAPTER, workspace.scoped(user), name, chosen)
        except UsageError as exc:  # the home was opened before the choices changed: it is shown anew
            log.info("not preferred", reason=str(exc))
        self._errands.start(self._show(workspace, user))

    async def _show(self, workspace: Workspace, user: str) -> None:
        person = await self._people.find(workspace, user)
        try:
            within = f"{workspace.owner}." if workspace.is_one_of_many else None
            profile = await self._desk.profile(ADAPTER, parse.actor_of(person, workspace), within=within)
            if workspace.is_one_of_many and workspace.enterprise:  # an administrator is one of a single workspace
                profile = replace(profile, everybody=())
            links = {event: link for event, _ in profile.recent if (link := await self._link(workspace, event))}
            view = home_view.view(profile, self._commands, prefix=self._prefix, locale=person.locale, links=links)
        except StoreError as exc:
            log.warning("profile not read", reason=str(exc))
            view = home_view.unreadable(person.locale)
        try:
            await self._workspaces.of(workspace).views_publish(user_id=user, view=view)
        except FAILED as exc:
            log.warning("home not shown", reason=reason(exc))

    async def _link(self, workspace: Workspace, event: str) -> str:
        """Where what was made for an event is shown; "" where that is not known. Raises `StoreError`."""
        owner, channel, ts = interaction_events.place_of(event)
        if owner != workspace.owner:
            return ""
        ts = ts or await self._roots.thread(owner, channel, event)
        return workspace.link(channel, ts) if ts else ""
