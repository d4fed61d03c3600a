"""The listeners of the Bolt app. They record what people do, and only then acknowledge it."""

import re
from collections.abc import Sequence

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from adapters.kit.reply_target import encrypt_secret
from adapters.slack.connection.workspaces import Workspaces, workspace_of
from adapters.slack.inbound.app_home import AppHome
from adapters.slack.inbound.assistant import Assistant
from adapters.slack.inbound.interactions import InteractionHandler
from adapters.slack.inbound.messages import MessageHandler
from adapters.slack.inbound.recent_threads import RecentThreads
from adapters.slack.inbound.thread_state import ThreadConversations
from adapters.slack.inbound.user_groups import UserGroups
from adapters.slack.inbound.users import UserDirectory
from adapters.slack.reply_target import ReplyTarget
from adapters.slack.setup.observed_events import (
    COMMANDS,
    GROUP_EVENTS,
    INTERACTIVITY,
    SHORTCUTS,
    UNINSTALL_EVENTS,
    ObservedEvents,
    kind_of,
)
from adapters.slack.shortcuts import suggested_prompts
from adapters.slack.timing import Timing
from adapters.slack.types import ADAPTER, Json
from adapters.slack.ui import home_view
from adapters.slack.ui.buttons import BUTTON
from bot.background import BackgroundTasks
from bot.models import CommandSpec
from bot.ports import AdapterServices, Sink

log = structlog.get_logger(__name__)

_ANY = re.compile(".*", re.DOTALL)


class EventRouter:
    """Routes requests of one app. Listeners raise `StoreError`: Slack gets no acknowledgement and sends again."""

    def __init__(
        self,
        *,
        workspaces: Workspaces,
        users: UserDirectory,
        groups: UserGroups,
        threads: ThreadConversations,
        services: AdapterServices,
        sink: Sink,
        commands: Sequence[CommandSpec],
        prefix: str,
        observed: ObservedEvents,
        timing: Timing,
    ) -> None:
        self._workspaces = workspaces
        self._groups = groups
        self._observed = observed
        self._background = BackgroundTasks(ADAPTER)
        recent = RecentThreads(workspaces, threads, services, timing)
        sink = recent.watching(sink)
        self._assistant = Assistant(workspaces, users, self._background, suggested_prompts(commands))
        self._home = AppHome(
            workspaces=workspaces,
            users=users,
            threads=threads,
            services=services,
            commands=commands,
            prefix=prefix,
            background=self._background,
        )
        self._messages = MessageHandler(
            workspaces=workspaces,
            users=users,
            threads=threads,
            services=services,
            sink=sink,
            commands=commands,
            assistant=self._assistant,
            observed=observed,
            background=self._background,
            late_event=timing.late_event,
        )
        self._interactions = InteractionHandler(
            workspaces=workspaces,
            users=users,
            threads=threads,
            services=services,
            recent=recent,
            sink=encrypt_secret(sink, ReplyTarget, services),
            commands=commands,
            prefix=prefix,
            timing=timing,
        )

    def register(self, app: AsyncApp) -> None:
        """Add the listeners to the app, the most frequent first: Bolt tries one after the other."""
        app.event("message")(self._messages.on_message)
        app.event("app_mention")(self._messages.on_message)
        app.action(_ANY)(self._on_action)
        app.command(_ANY)(self._on_command)
        app.view(_ANY)(self._on_view_submission)
        app.shortcut(_ANY)(self._on_shortcut)
        app.event("app_home_opened")(self._on_home_opened)
        app.event("agent_session_stopped")(self._on_stop)
        for kind in UNINSTALL_EVENTS:
            app.event(kind)(self._on_uninstalled)
        for kind in GROUP_EVENTS:
            app.event(kind)(self._on_groups_changed)
        app.event(_ANY)(self._on_other)

    async def _on_action(self, body: Json, context: AsyncBoltContext, ack: AsyncAck) -> None:
        self._observed.record(INTERACTIVITY)
        workspace = workspace_of(context)
        for action in body.get("actions") or ():
            name = str(action.get("action_id"))
            if name.startswith(BUTTON):
                await self._interactions.on_button(workspace, body, action)
            elif name.startswith(home_view.OPEN_FORM):
                await self._interactions.open_form(workspace, body, name.removeprefix(home_view.OPEN_FORM))
            elif name.startswith(home_view.PREFERENCE):
                await self._home.save_preference(workspace, str((body.get("user") or {}).get("id") or ""), action)
        await ack()

    async def _on_command(self, body: Json, context: AsyncBoltContext, ack: AsyncAck) -> None:
        self._observed.record(COMMANDS)
        reply = await self._interactions.on_command(workspace_of(context), body)
        await ack(**(reply or {}))

    async def _on_view_submission(self, body: Json, context: AsyncBoltContext, ack: AsyncAck) -> None:
        self._observed.record(INTERACTIVITY)
        reply = await self._interactions.on_view_submission(workspace_of(context), body)
        await ack(**(reply or {}))

    async def _on_shortcut(self, body: Json, context: AsyncBoltContext, ack: AsyncAck) -> None:
        self._observed.record(SHORTCUTS)
        await self._interactions.on_shortcut(workspace_of(context), body)
        await ack()

    async def _on_home_opened(self, event: Json, context: AsyncBoltContext) -> None:
        self._observed.record(kind_of(event))
        workspace = workspace_of(context)
        if event.get("tab") == "messages":
            self._assistant.suggest_prompts(workspace, event)
        else:
            self._home.publish(workspace, str(event.get("user") or ""))

    async def _on_stop(self, event: Json, context: AsyncBoltContext) -> None:
        self._observed.record(kind_of(event))
        await self._interactions.on_stop(workspace_of(context), event)

    async def _on_uninstalled(self, event: Json, context: AsyncBoltContext) -> None:
        if event.get("type") == "tokens_revoked" and not (event.get("tokens") or {}).get("bot"):
            return  # tokens of people, which the app does not have
        team, enterprise = context.team_id or "", (context.enterprise_id or "") if context.is_enterprise_install else ""
        log.warning("app removed", team=team, enterprise=enterprise, kind=event.get("type"))
        await self._workspaces.forget(team, enterprise)

    async def _on_groups_changed(self, event: Json, context: AsyncBoltContext) -> None:
        self._observed.record(kind_of(event))
        self._groups.changed(workspace_of(context))

    async def _on_other(self, ack: AsyncAck) -> None:
        """Acknowledge an event that the app is subscribed to and does not need; else Slack sends it again."""
        await ack()

    async def close(self) -> None:
        """Cancel background tasks."""
        await self._background.close()
