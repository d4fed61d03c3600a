"""An interaction → an event. Pure: slash commands, shortcuts, forms, pressed buttons and Slack's own Stop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from adapters.kit.message_actions import EPHEMERAL_ACTIONS, MESSAGE_ACTIONS, request_of
from adapters.slack.connection.workspaces import Workspace
from adapters.slack.inbound import parse
from adapters.slack.inbound.parse import ADAPTER, Json
from adapters.slack.inbound.recent_threads import Talk
from adapters.slack.inbound.users import Person
from adapters.slack.reply_target import Address
from adapters.slack.ui.buttons import Button
from bot.commandline import parser
from bot.i18n import translate
from bot.models import CommandSpec, Event, Location

#: What may be made by a form from anywhere. Slack allows five.
ANYWHERE = ("image", "audio", "video")
#: Commands that mean nothing without a conversation, and one that is for the channel where there is none.
OF_A_TALK = ("export", "reset", "retry", "stop")
OF_A_TALK_OR_CHANNEL = ("model",)
_CHANNEL = "channel"
#: What a message lacks for what was asked of it → the sentence that says so.
_LACKS = {"text": "slack.no_text", "picture": "slack.no_picture"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who used something, and where."""

    workspace: Workspace
    person: Person
    channel: str
    id: str  #: of the event
    thread: str = ""
    conversation: str = ""  #: "": one of its own
    response_url: str = ""

    @property
    def is_dm(self) -> bool:
        """Whether it was in the direct messages of one person with the bot; other direct messages look the same."""
        return self.channel.startswith("D")

    def event(self, *, private: bool) -> Event:
        """A request for nothing yet."""
        workspace = self.workspace
        now = datetime.now(UTC)
        conversation = self.conversation or self.id
        address = Address(
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
            asked=str(now.timestamp()) if self.response_url else "",
            locale=self.person.locale,
        )
        return Event(
            id=self.id,
            adapter=ADAPTER,
            conversation=conversation,
            actor=parse.actor_of(self.person, workspace),
            location=Location(
                workspace=workspace.team or workspace.enterprise,
                channel=workspace.scoped(self.channel),
                thread=self.thread,
                is_private=self.is_dm,
            ),
            reply_to=address.to_reply_to(),
            received_at=now,
        )


def with_parent(event: Event, command: str) -> Event:
    """The event, answered under a message of its own that says who asked what."""
    return replace(event, reply_to={**event.reply_to, "parent": parse.parent_of(event, command)})


# ------------------------------------------------------------------ commands


def slash(asker: Asker, spec: CommandSpec, request: parser.Request, *, command: str, talk: Talk | None = None) -> Event:
    """A slash command. `command`: as it is written, with slash and prefix; `talk`: the asker's newest in the channel.

    What makes something begins a thread of its own. What is about a conversation is about the newest one, and is
    answered there. Everything else, and a choice without a conversation to make it for, is about the channel, and is
    told the asker alone.
    """
    options = {name: value for name, value in request.options.items() if _is_usable(spec, name, value)}
    if talk is not None:
        asker = replace(asker, conversation=talk.conversation, thread=talk.thread)
    elif spec.kind is None:
        asker = replace(asker, conversation=channel_of(asker))
        if spec.option(_CHANNEL) is not None:
            options = {_CHANNEL: "yes", **options}
    event = asker.event(private=spec.kind is None and talk is None)
    event = replace(event, command=spec.name, prompt=request.prompt, options=options)
    return with_parent(event, command) if spec.kind is not None else event


def channel_of(asker: Asker) -> str:
    """The conversation of what is asked by commands in a channel, about no thread."""
    return f"{asker.workspace.owner}.{asker.channel}"


def _is_usable(spec: CommandSpec, name: str, value: str) -> bool:
    option = spec.option(name)
    return option is None or option.kind != "file" or value.startswith("https://")


def submitted(
    asker: Asker, spec: CommandSpec, values: Mapping[str, str], files: Sequence[Json], *, command: str
) -> Event:
    """A form of a command."""
    options = dict(values)
    prompt = options.pop(spec.prompt.name, "") if spec.prompt is not None else ""
    event = replace(
        asker.event(private=False),
        command=spec.name,
        prompt=prompt,
        options=options,
        attachments=tuple(parse.attachment_of(file, asker.workspace) for file in files),
    )
    return with_parent(event, command)


# ------------------------------------------------------------------ messages


def on_message(asker: Asker, name: str, message: Json, people: Mapping[str, Person]) -> Event:
    """A shortcut of a message. `asker.conversation` is that of the message's thread."""
    locale = asker.person.locale
    me = asker.workspace.bot_user
    asked = request_of(
        name,
        instruction=translate(f"slack.ask.{name}", locale) if MESSAGE_ACTIONS[name].command == "chat" else "",
        text=parse.said(message, people, me=me),
        quotation=parse.quoted(message, people, me=me),
        attachments=parse.attachments_of(message, asker.workspace),
    )
    is_own = MESSAGE_ACTIONS[name].is_private  # what is answered to one person alone is a conversation of its own
    event = (replace(asker, conversation="") if is_own else asker).event(private=asked.is_private)
    return replace(
        event,
        command=asked.command,
        prompt=asked.prompt,
        attachments=asked.attachments,
        rejection=translate(_LACKS[asked.lacks], locale) if asked.lacks else "",
        has_prior_messages=asked.has_prior_messages,
    )


# ------------------------------------------------------------------ buttons


def press(asker: Asker, button: Button, given: Mapping[str, str], *, label: str) -> Event:
    """A pressed button, with what a form asked for. `label`: what it says, for where no thread is yet."""
    asker = replace(asker, conversation=button.conversation)
    quiet = button.action in EPHEMERAL_ACTIONS
    event = replace(
        asker.event(private=quiet),
        command="press",
        options={**given, "event": button.event, "action": button.action},
    )
    if quiet or asker.thread:
        return event
    parent = translate("slack.parent", asker.person.locale, user=asker.person.id, asked=f"`{label or button.action}`")
    return replace(event, reply_to={**event.reply_to, "parent": parent})


def stop(asker: Asker) -> Event:
    """Slack's own Stop, of everything that runs in a thread."""
    return replace(asker.event(private=True), command="stop")


def id_of(owner: str, *parts: Any) -> str:
    """The id of an event that is no message: the same for the same interaction, and no message's."""
    return ".".join((owner, *(str(part) for part in parts if part)))


def place_of(event: str) -> tuple[str, str, str]:
    """Owner, channel and ts of the message that an event's id names; without a ts where that message came later."""
    match event.split("."):
        case [owner, channel, seconds, fraction] if seconds.isdecimal():
            return owner, channel, f"{seconds}.{fraction}"
        case [owner, channel, "press", seconds, fraction, *_] if seconds.isdecimal():
            return owner, channel, f"{seconds}.{fraction}"
        case [owner, channel, "command", *_]:
            return owner, channel, ""
        case _:
            return "", "", ""
