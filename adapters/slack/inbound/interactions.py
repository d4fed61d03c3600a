"""Slash commands, shortcuts, forms and buttons: recorded as events, and only then acknowledged."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog

from adapters.kit.bounded import BoundedDict
from adapters.kit.forms import problems
from adapters.kit.message_actions import ANSWERED_PUBLICLY, MESSAGE_ACTIONS
from adapters.slack.connection.channel_problem import can_read
from adapters.slack.connection.direct_messages import DirectMessages, post_private_sentence, unread_sentence
from adapters.slack.connection.errors import API_ERRORS, log_reason
from adapters.slack.connection.workspaces import Workspace, is_direct
from adapters.slack.inbound.acks import ephemeral, first_input, routed_to, view_errors
from adapters.slack.inbound.interaction_events import (
    InteractionContext,
    context_of_button,
    event_from_button,
    event_from_command,
    event_from_message_shortcut,
    event_from_stop,
    event_from_view_submission,
    interaction_id,
    locate_message,
    read_response_url,
)
from adapters.slack.inbound.parse import find_mentions, message_id, read_command
from adapters.slack.inbound.recent_threads import RecentThreads
from adapters.slack.inbound.services import InboundServices
from adapters.slack.shortcuts import BUTTON_FORM, COMMAND_FORM, GLOBAL_SHORTCUTS, thread_need
from adapters.slack.timing import Timing
from adapters.slack.types import ADAPTER, AckBody, Json, Person
from adapters.slack.ui.buttons import ActionButton
from adapters.slack.ui.modals import TARGET_CHANNEL, build_modal, private_metadata, read_values
from bot.commandline import parser
from bot.errors import StoreError
from bot.i18n import translate
from bot.models import CommandSpec, Event
from bot.ports import Sink, ValueSigner

log = structlog.get_logger(__name__)

_PRESSES = 10_000  # buttons in memory
_NOT_RECORDED = "request.not_recorded"


class InteractionHandler:
    """Records interactions as events, and answers those that can't become one."""

    def __init__(
        self,
        inbound: InboundServices,
        *,
        recent: RecentThreads,
        sink: Sink,
        commands: Sequence[CommandSpec],
        prefix: str,
        timing: Timing,
    ) -> None:
        self._workspaces = inbound.workspaces
        self._users = inbound.users
        self._threads = inbound.threads
        self._services = inbound.core
        self._recent = recent
        self._sink = sink
        self._specs = {spec.name: spec for spec in commands}
        self._commands = commands
        self._prefix = f"/{prefix}"
        self._patience = timing.interaction_patience
        self._direct_messages = DirectMessages(inbound.workspaces, patience=timing.interaction_patience)
        #: Buttons that were just pressed: message, person and button.
        self._pressed: BoundedDict[tuple[str, ...], None] = BoundedDict(_PRESSES, lifetime=timing.double_press)

    # -- slash commands

    async def on_command(self, workspace: Workspace, body: Json) -> AckBody:
        """Record a slash command. Wrong input is answered with the usage; a missing prompt opens the command's form."""
        person = await self._find_person(workspace, body)
        typed = str(body.get("command") or "")
        spec = self._specs.get(typed.removeprefix(self._prefix))
        text = read_command(str(body.get("text") or ""), spec, workspace)
        if spec is None or not typed.startswith(self._prefix):
            return ephemeral(translate("slack.no_command", person.locale, command=typed, help=f"{self._prefix}help"))
        channel = str(body.get("channel_id") or "")
        needs_form = not text and spec.kind is not None and spec.prompt is not None and not spec.needs_no_form
        if needs_form and await self._open_command_form(workspace, body, spec, person, channel=channel):
            return None
        request = parser.parse(f"{typed} {text}", self._commands, locale=person.locale, prefix=self._prefix)
        if request.rejection:
            usage = translate("slack.form.usage", person.locale, usage=parser.usage_line(spec, prefix=self._prefix))
            return ephemeral(f"{request.rejection}\n{usage}")
        context = InteractionContext(
            workspace=workspace,
            person=person,
            channel=channel,
            event_id=interaction_id(workspace.owner, channel, "command", body.get("trigger_id")),
            response_url=str(body.get("response_url") or ""),
            is_dm=await self._direct_messages.are_in(workspace, channel, person.id),
        )
        return await self._record_command(context, spec, request, command=typed)

    async def _record_command(
        self, context: InteractionContext, spec: CommandSpec, request: parser.Request, *, command: str
    ) -> AckBody:
        """Record a command; the acknowledgement of one about a conversation says which."""
        locale, recent = context.person.locale, None
        if need := thread_need(spec, request.options):
            try:
                here = context.workspace, context.channel, context.person
                recent = await self._recent.find(*here, is_dm=context.is_dm)
            except StoreError as exc:
                log.warning("conversations not read", reason=str(exc))
                return ephemeral(translate(_NOT_RECORDED, locale))
        if recent is None and need == "required":
            return ephemeral(translate("slack.which_conversation", locale, command=spec.name))
        problem = await self._record(event_from_command(context, spec, request, command=command, recent=recent))
        if problem:
            return ephemeral(translate(problem, locale))
        if recent is None or not recent.ts:
            return None
        return routed_to(recent, context.workspace, context.channel, locale=locale)

    async def _open_command_form(
        self, workspace: Workspace, body: Json, spec: CommandSpec, person: Person, *, channel: str = ""
    ) -> bool:
        """Open a command's form. `channel`: of the answer; "": the form asks for it. False: it did not open."""
        is_shortcut = spec.name in GLOBAL_SHORTCUTS
        spec = await self._services.narrow(spec)
        title = translate(f"slack.make.{spec.name}", person.locale) if is_shortcut else f"{self._prefix}{spec.name}"
        metadata = {"channel": channel, "response_url": str(body.get("response_url") or "")} if channel else {}
        view = build_modal(
            spec,
            spec.options,
            callback_id=f"{COMMAND_FORM}{spec.name}",
            title=title,
            locale=person.locale,
            signer=self._form_signer(workspace, person),
            metadata=metadata,
            asks_channel=not channel,
        )
        return await self._open_view(workspace, body, view)

    async def _open_view(self, workspace: Workspace, body: Json, view: Mapping[str, Any]) -> bool:
        client = self._workspaces.client_of(workspace)
        try:
            await client.views_open(trigger_id=str(body.get("trigger_id")), view=dict(view))
        except API_ERRORS as exc:
            log.warning("form not opened", reason=log_reason(exc))
            return False
        return True

    # -- shortcuts

    async def on_shortcut(self, workspace: Workspace, body: Json) -> None:
        """Open a command's form, or record a message's shortcut."""
        name = str(body.get("callback_id") or "")
        if body.get("type") != "message_action":
            await self.open_form(workspace, body, name.removeprefix(COMMAND_FORM))
            return
        person = await self._find_person(workspace, body)
        if name not in MESSAGE_ACTIONS:
            await self._notify(workspace, body, person, "request.outdated")
            return
        message = body.get("message") or {}
        channel = str((body.get("channel") or {}).get("id") or "")
        ts = str(body.get("message_ts") or message.get("ts") or "")
        thread = str(message.get("thread_ts") or ts)
        try:
            conversation = await self._find_conversation(workspace, channel, thread)
        except StoreError as exc:
            log.warning("conversation not read", reason=str(exc))
            await self._notify(workspace, body, person, _NOT_RECORDED)
            return
        context = InteractionContext(
            workspace=workspace,
            person=person,
            channel=channel,
            thread=thread,
            conversation=conversation,
            event_id=interaction_id(workspace.owner, channel, "shortcut", body.get("trigger_id")),
            response_url=str(body.get("response_url") or ""),
            is_dm=await self._direct_messages.are_in(workspace, channel, person.id),
        )
        people = await self._users.find_many(workspace, [str(message.get("user") or ""), *find_mentions(message)])
        event = event_from_message_shortcut(context, name, message, people, self._commands)
        client = self._workspaces.client_of(workspace)
        if event.has_prior_messages and not await can_read(client, channel, thread, patience=self._patience):
            event = replace(event, has_prior_messages=False, rejection=unread_sentence(channel, person.locale))
        await self._record_or_notify(workspace, body, event)

    async def open_form(self, workspace: Workspace, body: Json, command: str) -> None:
        """Open a command's form for a global shortcut or a button of the App Home."""
        spec = self._specs.get(command)
        person = await self._find_person(workspace, body)
        if spec is None:
            await self._notify(workspace, body, person, "request.outdated")
        elif not await self._open_command_form(workspace, body, spec, person):
            await self._notify(workspace, body, person, "slack.form.late")

    # -- buttons

    async def on_button(self, workspace: Workspace, body: Json, action: Json) -> None:
        """Open the form that a button needs, or record the press."""
        person = await self._find_person(workspace, body)
        place = (workspace.owner, locate_message(body)[0])
        button = ActionButton.of(action, self._services.signer(ADAPTER, *place, person=person.id))
        if button is None:
            await self._notify(workspace, body, person, "request.outdated")
            return
        spec = self._specs.get(button.command)
        spec = await self._services.narrow(spec) if spec is not None and button.prompts_for else spec
        names = button.prompts_for.split(",")
        pressed = {"event": button.event, "action": button.action, "actor": workspace.scoped(person.id)}
        try:
            options = await self._services.form_options(ADAPTER, spec, names, locale=person.locale, **pressed)
        except StoreError as exc:
            log.warning("request of a button not read", reason=str(exc))
            await self._notify(workspace, body, person, _NOT_RECORDED)
            return
        value = str(action.get("value") or "")
        press = (workspace.owner, *locate_message(body), person.id, value)
        if press in self._pressed:
            log.info("button pressed twice", action=button.action)
            return
        self._pressed[press] = None
        label = str((action.get("text") or {}).get("text") or "")
        label = f"{self._prefix}{button.command}" if button.action in ANSWERED_PUBLICLY else label
        is_dm = await self._direct_messages.are_in(workspace, place[1], person.id)
        context = context_of_button(workspace, body, person, button, str(action.get("action_ts") or ""), is_dm=is_dm)
        if spec is None or not options:
            if not await self._record_or_notify(workspace, body, event_from_button(context, button, {}, label=label)):
                self._pressed.pop(press, None)
            return
        metadata = {"button": value, "channel": context.channel, "thread": context.thread, "label": label}
        view = build_modal(
            spec,
            options,
            callback_id=BUTTON_FORM,
            title=label or spec.name,
            locale=person.locale,
            signer=self._form_signer(workspace, person),
            metadata=metadata,
            is_optional=True,
        )
        if not await self._open_view(workspace, body, view):
            self._pressed.pop(press, None)
            await self._notify(workspace, body, person, "slack.form.late")

    # -- forms

    async def on_view_submission(self, workspace: Workspace, body: Json) -> AckBody:
        """Record a submitted form. Errors are shown in it, and nothing typed is lost."""
        view = body.get("view") or {}
        person = await self._find_person(workspace, body)
        name = str(view.get("callback_id") or "")
        metadata = private_metadata(view, self._form_signer(workspace, person))
        if metadata is None:
            return view_errors({first_input(view): translate("request.outdated", person.locale)})
        values, files = read_values(view, workspace.scoped)
        filled = {name: value for name, value in values.items() if value}
        button = ActionButton.decode(metadata.get("button", "")) if name == BUTTON_FORM else None
        spec = self._specs.get(button.command if button is not None else name.removeprefix(COMMAND_FORM))
        if spec is None:
            return view_errors({first_input(view): translate("request.outdated", person.locale)})
        more = self._services.form_problems(ADAPTER, spec, filled, locale=person.locale)
        if found := problems(await self._services.narrow(spec), filled, locale=person.locale, more=more):
            return view_errors(found)
        channel = filled.pop(TARGET_CHANNEL, "") or metadata.get("channel", "")
        context = InteractionContext(
            workspace=workspace,
            person=person,
            channel=channel,
            thread=metadata.get("thread", ""),
            event_id=interaction_id(workspace.owner, "form", view.get("id")),
            response_url=read_response_url(body) or metadata.get("response_url", ""),
            is_dm=await self._direct_messages.are_in(workspace, channel, person.id),
        )
        if button is not None:
            event = event_from_button(context, button, values, label=metadata.get("label", ""))
        else:
            command = f"{self._prefix}{spec.name}"
            event = event_from_view_submission(context, spec, filled, files, command=command)
            request = parser.parse(f"{command} {event.prompt}", [spec], locale=person.locale, prefix=self._prefix)
            if not event.prompt.strip() and request.rejection:
                return view_errors({first_input(view): request.rejection.replace("`", "")})
        if problem := await self._record(event):
            return view_errors({first_input(view): translate(problem, person.locale)})
        return None

    def _form_signer(self, workspace: Workspace, person: Person) -> ValueSigner:
        return self._services.signer(ADAPTER, workspace.owner, person=person.id)

    # -- Slack's own Stop

    async def on_stop(self, workspace: Workspace, event: Json) -> None:
        """Record a stop of everything that runs in a thread of the agent view. Raises `StoreError`."""
        channel, thread = str(event.get("channel") or ""), str(event.get("thread_ts") or "")
        conversation = await self._find_conversation(workspace, channel, thread)
        context = InteractionContext(
            workspace=workspace,
            person=await self._users.find(workspace, str(event.get("user") or "")),
            channel=channel,
            thread=thread,
            conversation=conversation,
            event_id=interaction_id(workspace.owner, channel, thread, "stop", event.get("event_ts")),
            is_dm=is_direct(channel),  # the bot has written there
        )
        await self._sink(event_from_stop(context))

    # -- shared steps

    async def _record_or_notify(self, workspace: Workspace, body: Json, event: Event) -> bool:
        problem = await self._record(event)
        if problem == _NOT_RECORDED:
            await self._notify(workspace, body, await self._find_person(workspace, body), problem)
        return not problem

    async def _record(self, event: Event) -> str:
        """Record an event; return the key of the sentence that says why it is not recorded, "" when it is."""
        try:
            return "" if await self._sink(event) else "request.refused_before"
        except StoreError as exc:
            log.warning("interaction not recorded", reason=str(exc))
            return _NOT_RECORDED

    async def _notify(self, workspace: Workspace, body: Json, person: Person, key: str) -> None:
        """Send a sentence to the person alone: in the channel of the interaction, else in their direct messages."""
        channel, _ = locate_message(body)
        thread = (body.get("container") or {}).get("thread_ts") or (body.get("message") or {}).get("thread_ts")
        client, text = self._workspaces.client_of(workspace), translate(key, person.locale)
        try:
            await post_private_sentence(client, text, user=person.id, channel=channel, thread=thread)
        except API_ERRORS as exc:
            log.warning("person not notified", reason=log_reason(exc), kind=str(body.get("type")))

    async def _find_conversation(self, workspace: Workspace, channel: str, thread: str) -> str:
        linked = await self._threads.conversation_of(workspace.owner, channel, thread)
        return linked or message_id(workspace.owner, channel, thread)

    async def _find_person(self, workspace: Workspace, body: Json) -> Person:
        user = body.get("user")
        if isinstance(user, dict):
            return await self._users.find(workspace, str(user.get("id") or ""), team=str(user.get("team_id") or ""))
        return await self._users.find(workspace, str(body.get("user_id") or ""), team=str(body.get("team_id") or ""))
