"""The router of the Bolt app: records what people do, and only then acknowledges it."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import structlog
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncBoltContext
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.request.payload_utils import is_action, is_event, is_shortcut, is_slash_command, is_view_submission

from adapters.kit.reply_target import encrypt_secret
from adapters.slack.connection.workspaces import NotInstalled, Workspace
from adapters.slack.inbound.app_home import AppHome
from adapters.slack.inbound.assistant import Assistant
from adapters.slack.inbound.interactions import InteractionHandler
from adapters.slack.inbound.mention_copies import MentionCopies
from adapters.slack.inbound.messages import MessageHandler
from adapters.slack.inbound.parse import find_mentions
from adapters.slack.inbound.recent_threads import RecentThreads
from adapters.slack.inbound.services import InboundServices
from adapters.slack.reply_target import ReplyTarget
from adapters.slack.setup.observed_events import (
    CHANNEL_ID_CHANGED,
    COMMANDS,
    GROUP_EVENTS,
    INTERACTIVITY,
    SHORTCUTS,
    UNINSTALL_EVENTS,
    ObservedEvents,
    kind_of,
)
from adapters.slack.shared_channels import SharedChannels
from adapters.slack.timing import Timing
from adapters.slack.types import ADAPTER, AckBody, Json
from adapters.slack.ui import home_view
from adapters.slack.ui.buttons import BUTTON
from bot.background import BackgroundTasks
from bot.models import CommandSpec
from bot.ports import Receipt, Sink, receipt

log = structlog.get_logger(__name__)

_NOT_FOUND = 404  # of HTTP
_ACKNOWLEDGED = BoltResponse(status=200)  # one for all events: nobody changes it
_EventListener = Callable[[Json, Workspace], Awaitable[None]]


class EventRouter(AsyncMiddleware):
    """Routes requests of one app, as its one middleware: finds their workspace, and answers them.

    Bolt's own listeners are tried one after the other, and for each it makes all that a listener may ask for: that
    cost as much as the rest of an event. Its authorization makes objects that nothing here asks for.
    """

    def __init__(
        self,
        inbound: InboundServices,
        *,
        sink: Sink,
        commands: Sequence[CommandSpec],
        prefix: str,
        observed: ObservedEvents,
        timing: Timing,
    ) -> None:
        core, workspaces, users = inbound.core, inbound.workspaces, inbound.users
        self._is_recorded = core.call_recorder is not None
        self._workspaces = workspaces
        self._shared_channels = SharedChannels(workspaces, core)
        self._places = core.places
        self._groups = inbound.groups
        self._observed = observed
        self._background = BackgroundTasks(ADAPTER)
        recent = RecentThreads(workspaces, inbound.threads, core, timing)
        sink = recent.watching(sink)
        self._assistant = Assistant(workspaces, users, core, self._background)
        self._home = AppHome(
            workspaces=workspaces,
            users=users,
            threads=inbound.threads,
            services=core,
            commands=commands,
            prefix=prefix,
            background=self._background,
        )
        self.messages = MessageHandler(
            inbound,
            sink=sink,
            commands=commands,
            assistant=self._assistant,
            copies=MentionCopies(core, recent, timing),
            observed=observed,
            background=self._background,
            late_event=timing.late_event,
        )
        self._interactions = InteractionHandler(
            inbound,
            recent=recent,
            sink=encrypt_secret(sink, ReplyTarget, core),
            commands=commands,
            prefix=prefix,
            timing=timing,
        )
        self._on_events: dict[str, _EventListener] = {
            "message": self.messages.on_message,
            "app_mention": self.messages.on_message,
            "app_home_opened": self._on_home_opened,
            "app_context_changed": self._on_context_changed,
            "agent_session_stopped": self._on_stop,
            **dict.fromkeys(GROUP_EVENTS, self._on_groups_changed),
        }

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,  # noqa: ARG002 - the signature is Bolt's
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002
    ) -> BoltResponse:
        """Process a request, then acknowledge it. Raises `StoreError` for an event, which Slack then sends again."""
        if not self._is_recorded:
            return await self._process(req, next)
        has_envelope = req.mode == "socket_mode" and req.raw_body
        token = receipt.set(Receipt((req.raw_body, "payload") if has_envelope else req.body, time.time()))
        try:
            return await self._process(req, next)
        finally:
            receipt.reset(token)

    async def _process(self, req: AsyncBoltRequest, next_: Callable[[], Awaitable[BoltResponse]]) -> BoltResponse:
        body, context = req.body, req.context
        event = body["event"] if is_event(body) else None
        team, enterprise = context.team_id or "", (context.enterprise_id or "") if context.is_enterprise_install else ""
        if event is not None and event["type"] in UNINSTALL_EVENTS:  # no token works any more
            await self._on_uninstalled(event, team, enterprise, at=float(body.get("event_time") or time.time()))
            return _ACKNOWLEDGED
        if event is None and body.get("type") == "url_verification":
            return await next_()
        try:
            workspace = await self._workspaces.find(team, enterprise)
        except NotInstalled:
            return await next_()
        if workspace.enterprise and team:
            workspace = replace(workspace, team=team)
        if event is not None and event["type"] == CHANNEL_ID_CHANGED:
            await self._on_channel_id_changed(event, workspace)
            return _ACKNOWLEDGED
        channel_ids = self._workspaces.channel_ids
        if channel_ids.has_peers or workspace.owner in channel_ids.by_owner:
            body = await channel_ids.read_payload(workspace.owner, body)
            event = body["event"] if event is not None else None
        if event is None:
            return await self._answer(body, context, workspace)
        is_shared = body.get("is_ext_shared_channel") and workspace.is_one_of_many
        if is_shared and event["type"] in ("message", "app_mention"):
            message = event.get("message") or event.get("previous_message") or event
            place = str(event["channel"]), str(message.get("thread_ts") or message.get("ts") or "")
            workspace = await self._shared_channels.find(workspace, *place, mentioned=find_mentions(message))
        listener = self._on_events.get(str(event["type"]))
        if listener is not None:  # else the app is subscribed to it and does not need it
            await listener(event, workspace)
        return _ACKNOWLEDGED

    async def _answer(self, body: dict[str, Any], context: AsyncBoltContext, workspace: Workspace) -> BoltResponse:
        reply: AckBody | None = None
        if is_action(body):
            await self._on_action(body, workspace)
        elif is_slash_command(body):
            self._observed.record(COMMANDS)
            reply = await self._interactions.on_command(workspace, body)
        elif is_view_submission(body):
            self._observed.record(INTERACTIVITY)
            reply = await self._interactions.on_view_submission(workspace, body)
        elif is_shortcut(body):
            self._observed.record(SHORTCUTS)
            await self._interactions.on_shortcut(workspace, body)
        else:
            return BoltResponse(status=_NOT_FOUND)
        changed = self._workspaces.channel_ids.by_owner.get(workspace.owner)
        if reply and changed is not None:
            reply = changed.to_slack(reply)
        return await context.ack(**(reply or {}))

    async def _on_action(self, body: Json, workspace: Workspace) -> None:
        self._observed.record(INTERACTIVITY)
        for action in body.get("actions") or ():
            name = str(action.get("action_id"))
            if name.startswith(BUTTON):
                await self._interactions.on_button(workspace, body, action)
            elif name.startswith(home_view.OPEN_FORM):
                await self._interactions.open_form(workspace, body, name.removeprefix(home_view.OPEN_FORM))
            elif name.startswith(home_view.PREFERENCE):
                await self._home.save_preference(workspace, str((body.get("user") or {}).get("id") or ""), action)

    async def _on_home_opened(self, event: Json, workspace: Workspace) -> None:
        self._observed.record(kind_of(event))
        if event.get("tab") == "messages":
            self._assistant.suggest_prompts(workspace, event)
        else:
            self._home.publish(workspace, str(event.get("user") or ""))

    async def _on_context_changed(self, event: Json, workspace: Workspace) -> None:
        self._observed.record(kind_of(event))
        self._assistant.suggest_prompts(workspace, event)

    async def _on_stop(self, event: Json, workspace: Workspace) -> None:
        self._observed.record(kind_of(event))
        await self._interactions.on_stop(workspace, event)

    async def _on_uninstalled(self, event: Json, team: str, enterprise: str, *, at: float) -> None:
        if event["type"] == "tokens_revoked" and not (event.get("tokens") or {}).get("bot"):
            return  # tokens of people, which the app does not have
        if not await self._workspaces.forget(team, enterprise, before=at):
            log.info("app was removed before it was installed again", team=team, enterprise=enterprise)
            return
        log.warning("app removed", team=team, enterprise=enterprise, kind=event["type"])
        for removed in filter(None, (team, enterprise)):
            await self._places.removed(ADAPTER, removed)

    async def _on_channel_id_changed(self, event: Json, workspace: Workspace) -> None:
        self._observed.record(kind_of(event))
        old, new = str(event["old_channel_id"]), str(event["new_channel_id"])
        await self._workspaces.channel_ids.change(workspace.owner, old, new)

    async def _on_groups_changed(self, event: Json, workspace: Workspace) -> None:
        self._observed.record(kind_of(event))
        self._groups.changed(workspace)

    async def close(self) -> None:
        """Cancel background tasks."""
        await self._background.close()
