"""An interaction → an event. Pure: slash commands, shortcuts, forms, pressed buttons and Slack's own Stop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from adapters.kit.forms import without_file_names
from adapters.kit.message_actions import EPHEMERAL_ACTIONS, MESSAGE_ACTIONS, REJECTIONS, request_of
from adapters.slack.connection.workspaces import Workspace
from adapters.slack.inbound.parse import (
    build_actor,
    quote_message,
    read_attachments,
    read_file,
    read_text,
    write_parent,
)
from adapters.slack.inbound.recent_threads import RecentThread
from adapters.slack.reply_target import ReplyTarget
from adapters.slack.shortcuts import THREAD_OR_CHANNEL_COMMANDS
from adapters.slack.types import ADAPTER, Json, Person
from adapters.slack.ui.buttons import RETRY, ActionButton
from bot.commandline import parser
from bot.commandline.secrets import names_secret_command
from bot.i18n import translate
from bot.models import CommandSpec, Event, Location

_CHANNEL = "channel"  # the option of commands that can be about the whole channel


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionContext:
    """The person and the place of an interaction."""

    workspace: Workspace
    person: Person
    channel: str
    event_id: str
    thread: str = ""
    conversation: str = ""  #: "": one of its own
    response_url: str = ""
    is_pressed_private: bool = False  #: the button is under a private message
    is_dm: bool = False  #: it was in the person's direct messages with the bot; those of two people look the same

    def create_event(self, *, private: bool) -> Event:
        """Return an event that asks for nothing yet. `private`: its answer is for the person alone."""
        workspace = self.workspace
        now = datetime.now(UTC)
        conversation = self.conversation or self.event_id
        target = ReplyTarget(
            conversation=conversation,
            team=workspace.team,
            enterprise=workspace.enterprise,
            channel=self.channel,
            user=self.person.id,
            user_team=self.person.team or workspace.team,
            thread=self.thread,
            private="1" if private else "",
            is_dm="1" if self.is_dm else "",
            response_url=self.response_url,
            requested_at=str(now.timestamp()) if self.response_url else "",
            locale=self.person.locale,
        )
        return Event(
            id=self.event_id,
            adapter=ADAPTER,
            conversation=conversation,
            actor=build_actor(self.person, workspace),
            location=Location(
                workspace=workspace.team or workspace.enterprise,
                channel=workspace.scoped(self.channel),
                thread=self.thread,
                is_private=self.is_dm,
            ),
            reply_to=target.to_reply_to(),
            received_at=now,
        )


def _with_parent(event: Event, command: str) -> Event:
    """Return the event, to be answered below a message that says who asked for what."""
    return replace(event, reply_to={**event.reply_to, "parent": write_parent(event, command)})


# ------------------------------------------------------------------ commands and forms


def event_from_command(
    context: InteractionContext,
    spec: CommandSpec,
    request: parser.Request,
    *,
    command: str,
    recent: RecentThread | None = None,
) -> Event:
    """Return the event of a slash command.

    `command`: as it was typed, with slash and prefix. `recent`: the person's newest thread in the channel, for commands
    about a conversation.

    A command that makes something begins a thread of its own. One about a conversation is answered in its thread. The
    others, and a preference without a conversation, are about the channel and answered to the person alone.
    """
    options, begins_thread = without_file_names(request.options, spec), spec.kind is not None or spec.is_shared
    if recent is not None:
        context = replace(context, conversation=recent.conversation, thread=recent.ts)
    elif not begins_thread:
        context = replace(context, conversation=f"{context.workspace.owner}.{context.channel}")
        if spec.name in THREAD_OR_CHANNEL_COMMANDS:
            options = {_CHANNEL: "yes", **options}
    event = context.create_event(private=not begins_thread and recent is None)
    event = replace(event, command=spec.name, prompt=request.prompt, options=options)
    return _with_parent(event, command) if begins_thread else event


def event_from_view_submission(
    context: InteractionContext, spec: CommandSpec, values: Mapping[str, str], files: Sequence[Json], *, command: str
) -> Event:
    """Return the event of a command's form."""
    options = dict(values)
    prompt = options.pop(spec.prompt.name, "") if spec.prompt is not None else ""
    event = replace(
        context.create_event(private=False),
        command=spec.name,
        prompt=prompt,
        options=options,
        attachments=tuple(read_file(file, context.workspace) for file in files),
    )
    return _with_parent(event, command)


# ------------------------------------------------------------------ messages and buttons


def event_from_message_shortcut(
    context: InteractionContext,
    name: str,
    message: Json,
    people: Mapping[str, Person],
    commands: Sequence[CommandSpec],
) -> Event:
    """Return the event of a message's shortcut. `context.conversation` is that of the message's thread."""
    locale, bot_user = context.person.locale, context.workspace.bot_user
    action = MESSAGE_ACTIONS[name]
    text = read_text(message, people, bot_user=bot_user)
    request = request_of(
        name,
        instruction=translate(f"menu.ask.{name}", locale) if action.command == "chat" else "",
        text=text,
        quotation=quote_message(message, people, bot_user=bot_user),
        attachments=read_attachments(message, context.workspace),
        is_secret=names_secret_command(text, commands),
    )
    if action.is_private:
        context = replace(context, conversation="")
    return replace(
        context.create_event(private=request.is_private),
        command=request.command,
        prompt=request.prompt,
        attachments=request.attachments,
        rejection=translate(REJECTIONS[request.lacks], locale) if request.lacks else "",
        has_prior_messages=request.has_prior_messages,
    )


def context_of_button(
    workspace: Workspace, body: Json, person: Person, button: ActionButton, pressed_at: str, *, is_dm: bool
) -> InteractionContext:
    """Return the person and the place of a pressed button."""
    container, message = body.get("container") or {}, body.get("message") or {}
    channel, ts = locate_message(body)
    thread = str(container.get("thread_ts") or message.get("thread_ts") or button.thread)
    is_one_conversation = is_dm and not workspace.is_agent
    if not thread and not container.get("is_ephemeral") and not is_one_conversation:
        thread = ts
    press = (ts, person.id, pressed_at or body.get("trigger_id"))
    return InteractionContext(
        workspace=workspace,
        person=person,
        channel=channel,
        thread=thread,
        event_id=interaction_id(workspace.owner, channel, "press", *press),
        response_url=str(body.get("response_url") or ""),
        is_pressed_private=bool(container.get("is_ephemeral")),
        is_dm=is_dm,
    )


def event_from_button(
    context: InteractionContext, button: ActionButton, values: Mapping[str, str], *, label: str
) -> Event:
    """Return the event of a pressed button.

    `values`: of the form that the button opened; `label`: its text, for a parent where there is no thread yet.
    """
    context = replace(context, conversation=button.conversation)
    is_retry = context.is_pressed_private and button.action == RETRY  # of what was asked privately
    is_private = is_retry or button.action in EPHEMERAL_ACTIONS
    event = replace(
        context.create_event(private=is_private),
        command="press",
        options={**values, "event": button.event, "action": button.action},
    )
    if is_retry:
        event = replace(event, reply_to={**event.reply_to, "pressed_error": "1"})
    if is_private or context.thread:
        return event
    locale, user = context.person.locale, context.person.id
    parent = translate("slack.parent", locale, user=user, asked=f"`{label or button.action}`")
    return replace(event, reply_to={**event.reply_to, "parent": parent})


def event_from_stop(context: InteractionContext) -> Event:
    """Return the event of Slack's own Stop, for everything that runs in a thread."""
    return replace(context.create_event(private=True), command="stop")


# ------------------------------------------------------------------ ids


def interaction_id(owner: str, *parts: Any) -> str:
    """The id of an interaction's event: the same for the same interaction, and never that of a message."""
    return ".".join((owner, *(str(part) for part in parts if part)))


def locate_event(event_id: str) -> tuple[str, str, str]:
    """Return owner, channel and ts of the message that an event's id names; no ts where that message came later."""
    match event_id.split("."):
        case [owner, channel, seconds, fraction] if seconds.isdecimal():
            return owner, channel, f"{seconds}.{fraction}"
        case [owner, channel, "press", seconds, fraction, *_] if seconds.isdecimal():
            return owner, channel, f"{seconds}.{fraction}"
        case [owner, channel, "command", *_]:
            return owner, channel, ""
        case _:
            return "", "", ""


def locate_message(body: Json) -> tuple[str, str]:
    """Return channel and ts of the message that a button is in."""
    container = body.get("container") or {}
    channel = container.get("channel_id") or (body.get("channel") or {}).get("id") or ""
    return str(channel), str(container.get("message_ts") or "")


def read_response_url(body: Json) -> str:
    """Return the URL that answers a submitted form whose channel was picked; "": it has none."""
    urls = body.get("response_urls") or ()
    return str(urls[0].get("response_url") or "") if urls else ""
