"""From an interaction to an event: slash commands, context menus, modals and buttons. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import discord

from adapters.discord.gateway.readable_messages import parse_message
from adapters.discord.inbound import parse
from adapters.discord.inbound.parse import ADAPTER
from adapters.discord.inbound.reply_mode import SETTING
from adapters.discord.reply_target import ReplyTarget
from adapters.discord.setup.application_commands import SPOILER, USER_COMMANDS, context_menu_name
from adapters.discord.ui import modals
from adapters.discord.ui.buttons import conversation_of
from adapters.kit.message_actions import (
    ANSWERED_PUBLICLY,
    EPHEMERAL_ACTIONS,
    MESSAGE_ACTIONS,
    REJECTIONS,
    request_of,
)
from bot.commandline.mentions import Subject, keeps_ids, write_mention
from bot.commandline.secrets import names_secret_command
from bot.i18n import translate
from bot.models import Actor, Attachment, CommandSpec, Event, Location
from bot.values import valueclass

_AVATAR_SIZE = 512  # pixels
_MAX_QUOTE = 6000  # characters quoted of a message that an action is about
_RESOLVED: Mapping[str, Subject] = {"users": "person", "roles": "role", "channels": "channel"}
_PICKERS = (6, 7, 8, 9)  # types of options that name a user, a channel, a role, a user or a role


@valueclass(frozen=True, slots=True)
class AcknowledgedEvent:
    """An event, and whether its acknowledgement is ephemeral."""

    event: Event
    is_private: bool


def event_from_command(interaction: discord.Interaction, spec: CommandSpec) -> AcknowledgedEvent:
    """Parse a slash command."""
    data = data_of(interaction)
    values = {str(o["name"]): o.get("value") for o in data.get("options", ())}
    is_spoiler = values.pop(SPOILER, False) is True
    files = _files(data, [str(values.pop(name)) for name in _file_options(spec) if values.get(name)])
    options = {name: _text(value) for name, value in values.items() if value is not None}
    if keeps_ids(spec):
        picked = [str(option["name"]) for option in data.get("options", ()) if option.get("type") in _PICKERS]
        options = {
            name: _picked([text], data) if name in picked else parse.keep_ids(text) for name, text in options.items()
        }
    parsed = _from_options(interaction, spec, options, files)
    if not is_spoiler:
        return parsed
    return replace(parsed, event=_with_spoiler(parsed.event))


def _with_spoiler(event: Event) -> Event:
    """Return the event; files of its answer, and of what repeats it, are hidden until they are clicked."""
    return replace(event, reply_to={**event.reply_to, "spoiler": "1"}, inherited=("spoiler",))


def event_of_reply_mode(interaction: discord.Interaction, spec: CommandSpec, mode: str) -> AcknowledgedEvent:
    """Return the event that sets the channel's reply mode, or shows it. `spec`: of the command for settings."""
    parsed = _from_options(interaction, spec, {"value": mode, "name": SETTING, "for": "channel"}, ())
    actor = replace(parsed.event.actor, is_admin=True)  # as far as this setting goes: they may manage the channel
    return replace(parsed, event=replace(parsed.event, actor=actor))


def event_from_modal(
    interaction: discord.Interaction, spec: CommandSpec, values: Mapping[str, str], files: list[str]
) -> AcknowledgedEvent:
    """Parse the modal of a command. `files`: ids of its uploads."""
    filled = {name: value for name, value in values.items() if value}
    return _from_options(interaction, spec, filled, _files(data_of(interaction), files))


def read_modal(interaction: discord.Interaction) -> tuple[dict[str, str], list[str]]:
    """Return the values of a submitted modal by option name, "" of empty fields, and the ids of its uploads."""
    data = data_of(interaction)
    values, picked, files = modals.read_values(data)
    return {**values, **{name: _picked(ids, data) for name, ids in picked.items()}}, files


def _picked(ids: Sequence[str], data: Mapping[str, Any]) -> str:
    """Return the users, roles and channels of these ids, as commands read them; Discord sends their names along."""
    resolved = data.get("resolved", {})
    found = []
    for number in ids:
        kind = next((kind for kind in _RESOLVED if number in resolved.get(kind, {})), "users")
        known = resolved.get(kind, {}).get(number, {})
        name = known.get("global_name") or known.get("username") or known.get("name") or ""
        found.append(write_mention(_RESOLVED[kind], number, str(name)))
    return " ".join(found)


def _from_options(
    interaction: discord.Interaction, spec: CommandSpec, options: dict[str, str], files: tuple[Attachment, ...]
) -> AcknowledgedEvent:
    prompt = options.pop(spec.prompt.name, "") if spec.prompt is not None else ""
    is_private = spec.is_private(options)
    base = _event(interaction, _conversation(interaction), is_private=is_private)
    event = replace(base, command=spec.name, prompt=prompt, options=options, attachments=files)
    return AcknowledgedEvent(event, is_private=is_private)


def event_from_context_menu(
    interaction: discord.Interaction, commands: Sequence[CommandSpec]
) -> AcknowledgedEvent | None:
    """Parse a context menu command of a message or a person; None for one that this version does not have."""
    data = data_of(interaction)
    names = (*MESSAGE_ACTIONS, *USER_COMMANDS)
    name = next((name for name in names if context_menu_name(name) == data.get("name")), "")
    target, resolved = str(data.get("target_id", "")), data.get("resolved", {})
    if name in MESSAGE_ACTIONS:
        return _event_from_message_action(
            interaction, name, _message(interaction, resolved["messages"][target]), commands
        )
    if name not in USER_COMMANDS:
        return None
    state = interaction.client._connection  # noqa: SLF001 - the library's own way to make one
    user = discord.User(state=state, data=resolved["users"][target])
    url = user.display_avatar.replace(size=_AVATAR_SIZE, static_format="png").url
    picture = Attachment(name="avatar.png", content_type="image/png", source={"url": url})
    base = _event(interaction, _conversation(interaction), is_private=False)
    return AcknowledgedEvent(replace(base, command=USER_COMMANDS[name], attachments=(picture,)), is_private=False)


def _event_from_message_action(
    interaction: discord.Interaction, name: str, message: discord.Message, commands: Sequence[CommandSpec]
) -> AcknowledgedEvent:
    """An ephemeral answer begins a conversation of its own."""
    action, locale = MESSAGE_ACTIONS[name], str(interaction.locale)
    history = _history_of(interaction, message) if action.reads_prior_messages else {}
    is_about_message = action.reads_prior_messages and not history
    instruction = ""
    if action.command == "chat":
        instruction = translate("discord.ask.summarise" if is_about_message else f"menu.ask.{name}", locale)
    me = interaction.client.user.id if interaction.client.user is not None else 0
    request = request_of(
        name,
        instruction=instruction,
        text=parse.read_text(message),
        quotation=parse.quote_message(message, limit=_MAX_QUOTE),
        attachments=parse.read_attachments(message),
        can_read_prior_messages=not is_about_message,
        is_secret=names_secret_command(parse.read_text(message, me=me), commands),
    )
    conversation = f"i{interaction.id}" if action.is_private else _conversation(interaction)
    base = _event(interaction, conversation, is_private=request.is_private)
    event = replace(
        base,
        command=request.command,
        prompt=request.prompt,
        attachments=request.attachments,
        rejection=translate(REJECTIONS[request.lacks], locale) if request.lacks else "",
        reply_to={**base.reply_to, **history},
        has_prior_messages=request.has_prior_messages,
    )
    return AcknowledgedEvent(event, is_private=request.is_private)


def _history_of(interaction: discord.Interaction, message: discord.Message) -> Mapping[str, str]:
    """Return the fields of `ReplyTarget` for the conversation of a message; none where there is none to read."""
    if is_direct(interaction):
        return {"history_channel": str(interaction.channel_id)}
    granted = interaction.app_permissions & interaction.permissions  # what the asker may not read stays unread
    may_read = interaction.is_guild_integration() and granted.view_channel and granted.read_message_history
    if not may_read or not interaction.client.intents.message_content:
        return {}
    if thread_of(interaction) is not None:
        return {"history_channel": str(interaction.channel_id)}
    if message.flags.has_thread:  # the thread that was started from a message has its id
        return {"history_channel": str(message.id)}
    return {"history_message": str(message.id)} if parse.is_reply(message) else {}


def event_from_button(
    interaction: discord.Interaction, pressed: re.Match[str], values: Mapping[str, str]
) -> AcknowledgedEvent:
    """Parse a button of an answer. `pressed`: its id, or that of the modal that it opened, with these `values`."""
    message, action = interaction.message, pressed["action"]
    is_seen_by_one = message is not None and message.flags.ephemeral
    is_private = action in EPHEMERAL_ACTIONS or (is_seen_by_one and action not in ANSWERED_PUBLICLY)
    conversation = conversation_of(pressed, str(interaction.channel_id))
    base = _event(interaction, conversation, is_private=is_private)
    options = {**values, "event": pressed["event"], "action": action}
    event = replace(base, command="press", options=options)
    if message is not None and parse.has_spoiler(message):
        event = _with_spoiler(event)
    return AcknowledgedEvent(event, is_private=is_private)


# ------------------------------------------------------------------ parts


def data_of(interaction: discord.Interaction) -> Mapping[str, Any]:
    """Return the interaction's data; an empty mapping where it has none."""
    data: Any = interaction.data
    return data or {}


def thread_of(interaction: discord.Interaction) -> discord.Thread | None:
    """Return the thread that it was used in."""
    return interaction.channel if isinstance(interaction.channel, discord.Thread) else None


def _conversation(interaction: discord.Interaction) -> str:
    """Return the conversation's key: a thread, a direct message channel, or the person's commands in a channel.

    Where the bot is no member, a person's conversation is their own in threads, too: others have not invited it.
    """
    if is_direct(interaction):
        return f"d{interaction.channel_id}"
    if thread_of(interaction) is not None and interaction.is_guild_integration():
        return f"t{interaction.channel_id}"
    return parse.conversation_of_commands(str(interaction.channel_id), str(interaction.user.id))


def is_direct(interaction: discord.Interaction) -> bool:
    """Whether it was used in the direct messages of one person with the bot."""
    return interaction.guild_id is None and not interaction.context.private_channel


def _event(interaction: discord.Interaction, conversation: str, *, is_private: bool) -> Event:
    locale = str(interaction.locale)
    thread = thread_of(interaction)
    channel = str(interaction.channel_id or "")
    guild = str(interaction.guild_id or "")
    target = ReplyTarget(
        conversation=conversation,
        channel=channel,
        user=str(interaction.user.id),
        guild=guild,
        locale=locale,
        is_dm="1" if is_direct(interaction) else "",
        can_post="1" if can_post(interaction) else "",
        interaction=str(interaction.id),
        application=str(interaction.application_id),
        token=interaction.token,
        deferred="private" if is_private else "public",
        upload_limit=str(interaction.filesize_limit),
    )
    return Event(
        id=str(interaction.id),
        adapter=ADAPTER,
        conversation=conversation,
        actor=build_actor(interaction, locale),
        location=Location(
            workspace=guild,
            channel=str(thread.parent_id) if thread is not None else channel,
            thread=channel if thread is not None else "",
            is_private=is_direct(interaction),
        ),
        reply_to=target.to_reply_to(),
        received_at=datetime.now(UTC),
        written_at=interaction.created_at.timestamp(),
    )


def can_post(interaction: discord.Interaction) -> bool:
    """Whether the bot itself may post where it was used; else only the interaction can answer."""
    if interaction.guild_id is None:
        return is_direct(interaction)
    granted = interaction.app_permissions
    can_send = granted.send_messages_in_threads if thread_of(interaction) is not None else granted.send_messages
    return interaction.is_guild_integration() and granted.view_channel and can_send


def build_actor(interaction: discord.Interaction, locale: str) -> Actor:
    """Return the user as an actor, with the permissions that the interaction contains."""
    actor = parse.build_actor(interaction.user, locale)
    return replace(actor, is_admin=interaction.permissions.manage_guild)


def _message(interaction: discord.Interaction, data: Mapping[str, Any]) -> discord.Message:
    state = interaction.client._connection  # noqa: SLF001 - the library's own way to make one
    channel: Any = interaction.channel or interaction.client.get_partial_messageable(int(data["channel_id"]))
    return parse_message(lambda form: discord.Message(state=state, channel=channel, data=form), data)


def _file_options(spec: CommandSpec) -> list[str]:
    return [*(option.name for option in spec.options if option.kind == "file"), "file"]


def _files(data: Mapping[str, Any], ids: Sequence[str]) -> tuple[Attachment, ...]:
    """Return the uploads of an interaction by id."""
    known = data.get("resolved", {}).get("attachments", {})
    return tuple(
        Attachment(
            name=known[number]["filename"],
            content_type=known[number].get("content_type") or "",
            size=known[number].get("size"),
            source={"id": number, "url": known[number]["url"]},
        )
        for number in ids
        if number in known
    )


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
