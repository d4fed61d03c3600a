"""The App Home: published whenever a person opens it or chooses something there."""

from collections.abc import Sequence
from dataclasses import replace

import structlog

from adapters.slack.connection.errors import API_ERRORS, log_reason
from adapters.slack.connection.workspaces import Workspace, Workspaces
from adapters.slack.inbound.interaction_events import locate_event
from adapters.slack.inbound.parse import build_actor
from adapters.slack.people.users import UserDirectory
from adapters.slack.thread_conversations import ThreadConversations
from adapters.slack.types import ADAPTER, Json
from adapters.slack.ui import home_view
from bot.background import BackgroundTasks
from bot.errors import StoreError, UsageError
from bot.models import CommandSpec
from bot.ports import Profiles

log = structlog.get_logger(__name__)


class AppHome:
    """The App Home of every person."""

    def __init__(
        self,
        *,
        workspaces: Workspaces,
        users: UserDirectory,
        threads: ThreadConversations,
        services: Profiles,
        commands: Sequence[CommandSpec],
        prefix: str,
        background: BackgroundTasks,
    ) -> None:
        self._workspaces = workspaces
        self._users = users
        self._threads = threads
        self._services = services
        self._commands = commands
        self._prefix = f"/{prefix}"
        self._background = background

    def publish(self, workspace: Workspace, user: str) -> None:
        """Publish the home of a person, in the background."""
        self._background.start(self._publish(workspace, user))

    async def save_preference(self, workspace: Workspace, user: str, action: Json) -> None:
        """Save what a person chose, and publish their home again, with what is saved."""
        name = str(action.get("action_id")).removeprefix(home_view.PREFERENCE)
        chosen_option = action.get("selected_option") or action  # a choice, or a number that was typed
        value = str(chosen_option.get("value") or home_view.DEFAULT)
        try:
            chosen = None if value == home_view.DEFAULT else value
            await self._services.set_preference(ADAPTER, workspace.scoped(user), name, chosen)
        except (StoreError, UsageError) as exc:  # the latter: the home was opened before the choices changed
            log.info("preference not saved", reason=str(exc))
        self.publish(workspace, user)

    async def _publish(self, workspace: Workspace, user: str) -> None:
        person = await self._users.find(workspace, user)
        try:
            within = f"{workspace.owner}." if workspace.is_one_of_many else None
            profile = await self._services.profile(ADAPTER, build_actor(person, workspace), within=within)
            if workspace.is_one_of_many and workspace.enterprise:  # an administrator is one of a single workspace
                profile = replace(profile, everybody=())
            links = {event: link for event, _ in profile.recent if (link := await self._link(workspace, event))}
            view = home_view.build_home(profile, self._commands, prefix=self._prefix, locale=person.locale, links=links)
        except StoreError as exc:
            log.warning("profile not read", reason=str(exc))
            view = home_view.build_error(person.locale)
        try:
            await self._workspaces.client_of(workspace).views_publish(user_id=user, view=view)
        except API_ERRORS as exc:
            log.warning("home not published", reason=log_reason(exc))

    async def _link(self, workspace: Workspace, event: str) -> str:
        """Return the address of an event's answer; "" where it is unknown. Raises `StoreError`."""
        owner, channel, ts = locate_event(event)
        if owner != workspace.owner:
            return ""
        ts = ts or await self._threads.thread_of(owner, channel, event)
        return workspace.link(channel, ts) if ts else ""
