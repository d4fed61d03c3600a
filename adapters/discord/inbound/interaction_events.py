"""An interaction → an event. Pure: slash commands, context menus, forms and pressed buttons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import discord

from adapters.discord.inbound import parse
from adapters.discord.inbound.parse import ADAPTER
from adapters.discord.reply_target import Address
from adapters.discord.setup.application_commands import ON_MESSAGE, ON_USER, SPOILER, menu_name
from bot.i18n import translate
from bot.models import Actor, Attachment, CommandSpec, Event, Location

#: actions whose answer is a word to who pressed
_QUIET = ("good", "bad", "delete", "stop")
_ANIMATED = "512"  # pixels of a person's picture


@dataclass(frozen=True, slots=True)
class Asked:
    """An event, and whether it is to be acknowledged to the asker alone."""

    event: Event
    is_private: bool


def slash(interaction: discord.Interaction, spec: CommandSpec) -> Asked:
    """A slash command."""
    data = data_of(interaction)
    values = {str(o["name"]): o.get("value") for o in data.get("options", ())}
    is_hidden = values.pop(SPOILER, False) is True
    files = _files(data, [str(values.pop(name)) for name in _file_options(spec) if values.get(name)])
    options = {name: _text(value) for name, value in values.items() if value is not None}
    found = _asked(interaction, spec, options, files)
    if not is_hidden:
        return found
    return replace(found, event=replace(found.event, reply_to={**found.event.reply_to, "hidden": "1"}))


def submitted(interaction: discord.Interaction, spec: CommandSpec, values: Mapping[str, str], ids: list[str]) -> Asked:
    """A form of a command."""
    return _asked(interaction, spec, dict(values), _files(data_of(interaction), ids))


def _asked(
    interaction: discord.Interaction, spec: CommandSpec, options: dict[str, str], files: tuple[Attachment, ...]
) -> Asked:
    prompt = options.pop(spec.prompt.name, "") if spec.prompt is not None else ""
    base = _event(interaction, _conversation(interaction), is_private=spec.private)
    return Asked(
        replace(base, command=spec.name, prompt=prompt, options=options, attachments=files), is_private=spec.private
    )


def menu(interaction: discord.Interaction) -> Asked | None:
    """An entry of the context menu of a message or a person; None for one that this version does not have.

    What is explained or summarised is told the asker alone, so it is a conversation of its own.
    """
    data = data_of(interaction)
    locale = str(interaction.locale)
    name = next((name for name in (*ON_MESSAGE, *ON_USER) if menu_name(name) == data.get("name")), "")
    target, resolved = str(data.get("target_id", "")), data.get("resolved", {})
    if name in ON_USER:
        user = discord.User(state=interaction.client._connection, data=resolved["users"][target])  # noqa: SLF001
        url = user.display_avatar.replace(size=int(_ANIMATED), static_format="png").url
        picture = Attachment(name="avatar.png", content_type="image/png", source={"url": url})
        base = _event(interaction, _conversation(interaction), is_private=False)
        return Asked(replace(base, command=ON_USER[name], attachments=(picture,)), is_private=False)
    if name not in ON_MESSAGE:
        return None
    message = _message(interaction, resolved["messages"][target])
    is_private = ON_MESSAGE[name] in parse.TALK
    conversation = f"i{interaction.id}" if is_private else _conversation(interaction)
    base = _event(interaction, conversation, is_private=is_private)
    text, files = parse.said(message), parse.attachments_of(message)
    if is_private:
        prompt = "\n\n".join(part for part in (translate(f"discord.ask.{name}", locale), parse.quoted(message)) if part)
    else:
        prompt = text
    problem = ""
    if name == "animate":
        files = tuple(file for file in files if file.content_type.startswith("image/"))
        problem = "" if files else translate("discord.no_picture", locale)
    elif not text and not files:
        problem = translate("discord.no_text", locale)
    elif name == "picture":
        files = ()
        problem = "" if text else translate("discord.no_text", locale)
    asked = replace(base, command=ON_MESSAGE[name], prompt=prompt, attachments=files, rejection=problem)
    return Asked(asked, is_private=is_private or bool(problem))


def press(
    interaction: discord.Interaction, event: str, action: str, conversation: str, given: Mapping[str, str]
) -> Asked:
    """A pressed button, with what a form asked for."""
    message = interaction.message
    is_private = action in _QUIET or (message is not None and message.flags.ephemeral)
    base = _event(interaction, conversation, is_private=is_private)
    options = {**given, "event": event, "action": action}
    return Asked(replace(base, command="press", options=options), is_private=is_private)


# ------------------------------------------------------------------ parts


def data_of(interaction: discord.Interaction) -> Mapping[str, Any]:
    """What the person chose, as Discord tells it."""
    data: Any = interaction.data
    return data or {}


def thread_of(interaction: discord.Interaction) -> discord.Thread | None:
    """The thread it was asked in."""
    return interaction.channel if isinstance(interaction.channel, discord.Thread) else None


def _conversation(interaction: discord.Interaction) -> str:
    """A thread, a direct message, or what is asked by commands in a channel."""
    if thread_of(interaction) is not None:
        return f"t{interaction.channel_id}"
    return f"d{interaction.channel_id}" if is_direct(interaction) else f"c{interaction.channel_id}"


def is_direct(interaction: discord.Interaction) -> bool:
    """Whether it was asked in the direct messages of one person with the bot."""
    return interaction.guild_id is None and not interaction.context.private_channel


def _event(interaction: discord.Interaction, conversation: str, *, is_private: bool) -> Event:
    locale = str(interaction.locale)
    thread = thread_of(interaction)
    channel = str(interaction.channel_id or "")
    guild = str(interaction.guild_id or "")
    address = Address(
        conversation=conversation,
        channel=channel,
        user=str(interaction.user.id),
        guild=guild,
        locale=locale,
        is_dm="1" if is_direct(interaction) else "",
        member="1" if may_write(interaction) else "",
        interaction=str(interaction.id),
        application=str(interaction.application_id),
        token=interaction.token,
        deferred="private" if is_private else "public",
        limit=str(interaction.filesize_limit),
    )
    return Event(
        id=str(interaction.id),
        adapter=ADAPTER,
        conversation=conversation,
        actor=actor_of(interaction, locale),
        location=Location(
            workspace=guild,
            channel=str(thread.parent_id) if thread is not None else channel,
            thread=channel if thread is not None else "",
            is_private=is_direct(interaction),
        ),
        reply_to=address.to_reply_to(),
        received_at=datetime.now(UTC),
    )


def may_write(interaction: discord.Interaction) -> bool:
    """Whether the bot itself may write where it was asked; else only the interaction can."""
    if interaction.guild_id is None:
        return is_direct(interaction)
    may = interaction.app_permissions
    sends = may.send_messages_in_threads if thread_of(interaction) is not None else may.send_messages
    return interaction.is_guild_integration() and may.view_channel and sends


def actor_of(interaction: discord.Interaction, locale: str) -> Actor:
    """Who asks, with the permissions that the interaction tells."""
    actor = parse.actor_of(interaction.user, locale)
    return replace(actor, is_admin=interaction.permissions.manage_guild)


def _message(interaction: discord.Interaction, data: Mapping[str, Any]) -> discord.Message:
    state = interaction.client._connection  # noqa: SLF001 - the library's own way to make one
    channel: Any = interaction.channel or interaction.client.get_partial_messageable(int(data["channel_id"]))
    told: Any = data
    return discord.Message(state=state, channel=channel, data=told)


def _file_options(spec: CommandSpec) -> list[str]:
    return [*(option.name for option in spec.options if option.kind == "file"), "file"]


def _files(data: Mapping[str, Any], ids: Sequence[str]) -> tuple[Attachment, ...]:
    """Files that came with an interaction."""
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
