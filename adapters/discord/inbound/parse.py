"""A message → an event. Pure: nothing is asked of Discord or of the core."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import discord

from adapters.discord.reply_target import Address
from bot.commandline import parser
from bot.i18n import translate
from bot.models import Actor, Attachment, CommandSpec, Event, Location

ADAPTER = "discord"
_TITLE = 80  # characters of a thread's name
_QUOTE = 2000  # characters that are repeated of a message that somebody answers to
_MARKUP = re.compile(r"<(?:(@[!&]?|#)(\d{15,20})|a?(:\w{2,32}:)\d{15,20}|/([^:<>]{1,100}):\d{15,20})>")
_MARKS = re.compile(r"(?<!\w)[`*_~|>#]+(?=\S)|(?<=\S)[`*_~|]+(?!\w)|^#+ ", re.MULTILINE)
TALK = ("chat", "code")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a message is, as far as the conversation is concerned."""

    channel: str  #: what settings attach to: the parent of a thread
    thread: str = ""  #: the thread it is in, "" outside of threads
    root: str = ""  #: the first message of the chain of replies that it belongs to, "" where it begins one
    is_command: bool = False  #: that chain begins at the answer to a slash command
    opens: Literal["", "talk", "all"] = ""  #: which answers open a thread: none, those to chat and code, all


def event(message: discord.Message, commands: Sequence[CommandSpec], *, me: int, spot: Spot, locale: str = "") -> Event:
    """What a message asks for, once it is known to be for the bot. `me`: the bot's own id."""
    locale = locale or (str(message.guild.preferred_locale) if message.guild else "")
    text = said(message, me=me)
    answered = reply_of(message)
    request = parser.parse(text, commands, locale=locale, bare=True)
    prompt, problem = request.prompt, request.rejection
    attachments = attachments_of(message)
    spec = next((spec for spec in commands if spec.name == request.command), None)
    if answered is not None and answered.author.id != me:
        attachments += attachments_of(answered)
        if request.command in TALK:
            prompt = "\n\n".join(part for part in (quoted(answered, me=me), prompt) if part)
        elif spec is not None and not prompt and spec.prompt is not None and (words := said(answered, me=me)):
            prompt = words
            problem = "" if problem == parser.parse(f"/{spec.name}", commands, locale=locale).rejection else problem
    elif answered is not None and spec is not None and any(option.kind == "file" for option in spec.options):
        attachments += attachments_of(answered)
    options = dict(request.options)
    for option in spec.options if spec else ():
        if option.kind == "file" and option.name in options and not options[option.name].startswith("https://"):
            del options[option.name]  # a file is attached here, not named
    if not problem and any(is_voice(attachment) for attachment in message.attachments):
        problem = translate("discord.voice", locale)
    opening = bool(spot.opens) and not problem and (spot.opens == "all" or request.command in TALK)
    thread = spot.thread or (str(message.id) if opening else "")
    guild = guild_of(message)
    address = Address(
        conversation=conversation_of(message, spot, thread),
        guild=guild,
        channel=str(message.channel.id),
        message=str(message.id),
        opens=title_of(text or prompt, request.command) if opening else "",
        user=str(message.author.id),
        locale=locale,
        is_dm="" if guild else "1",
    )
    return Event(
        id=str(message.id),
        adapter=ADAPTER,
        conversation=address.conversation,
        actor=actor_of(message.author, locale),
        location=Location(workspace=guild, channel=spot.channel, thread=thread, is_private=not guild),
        command=request.command,
        prompt=prompt,
        options=options,
        attachments=attachments,
        reply_to=address.to_reply_to(),
        received_at=datetime.now(UTC),
        rejection=problem,
    )


def conversation_of(message: discord.Message, spot: Spot, thread: str) -> str:
    """The key of what is talked about together: direct messages, a thread, a chain of replies, a channel's commands.

    A thread that is opened at a message has that message's id.
    """
    if not guild_of(message):
        return f"d{message.channel.id}"
    if thread:
        return f"t{thread}"
    return f"c{message.channel.id}" if spot.is_command else f"r{spot.root or message.id}"


def guild_of(message: discord.Message) -> str:
    """The server's id, "" in direct messages."""
    return str(message.guild.id) if message.guild else str(getattr(message.channel, "guild_id", None) or "")


def actor_of(user: "discord.User | discord.Member", locale: str) -> Actor:
    """Who asks. Roles are ids: anybody can give a role of another server any name."""
    if isinstance(user, discord.Member):
        roles = tuple(str(role.id) for role in user.roles if not role.is_default())
        is_admin = user.guild_permissions.manage_guild
    else:
        roles, is_admin = (), False
    return Actor(
        id=str(user.id), name=user.display_name, locale=locale, roles=roles, is_admin=is_admin, is_bot=user.bot
    )


# ------------------------------------------------------------------ is it meant for the bot


def is_mention(message: discord.Message, me: int) -> bool:
    """Whether the message names the bot, or the role that Discord made for it."""
    if any(user.id == me for user in message.mentions):
        return True
    return bool(message.raw_role_mentions) and any(
        role.tags is not None and role.tags.bot_id == me for role in message.role_mentions
    )


def is_for_others(message: discord.Message, me: int) -> bool:
    """Whether the message names, or answers to, somebody else and not the bot."""
    answered = reply_of(message)
    if answered is not None and answered.author.id not in (me, message.author.id):
        return True
    return any(user.id not in (me, message.author.id) for user in message.mentions)


def reply_of(message: discord.Message) -> discord.Message | None:
    """The message that this one answers to, as far as it was told along."""
    reference = message.reference
    if reference is None or message.type is not discord.MessageType.reply:
        return None
    return reference.resolved if isinstance(reference.resolved, discord.Message) else None


def is_voice(attachment: discord.Attachment) -> bool:
    """Whether a file is a recorded voice message."""
    return attachment.is_voice_message()


# ------------------------------------------------------------------ what it says


def said(message: discord.Message, *, me: int = 0) -> str:
    """The text of a message with names for ids and without the mention of the bot, forwarded text included."""
    parts = [plain(message.content, message, me)]
    for snapshot in message.message_snapshots:
        parts += ["\n".join(f"> {line}" for line in plain(snapshot.content, message, me).splitlines())]
    parts += [f"[{sticker.name}]" for sticker in message.stickers]
    if not any(parts):  # what other bots write is often in embeds alone
        parts = [text for embed in message.embeds for text in (embed.title, embed.description) if text]
    return "\n\n".join(part for part in parts if part)


def plain(text: str, message: discord.Message, me: int) -> str:
    """Text with names in place of Discord's ids; mentions of the bot are left out."""
    if "<" not in text:
        return text.strip()
    people = {str(user.id): user.display_name for user in message.mentions}
    own = {str(role.id) for role in message.role_mentions if role.tags is not None and role.tags.bot_id == me}
    roles = {str(role.id): role.name for role in message.role_mentions}
    channels: Mapping[str, str] = {str(channel.id): channel.name for channel in message.channel_mentions}

    def name(match: re.Match[str]) -> str:
        kind, number, emoji, command = match.groups()
        if emoji or command:
            return emoji or f"/{command}"
        if number == str(me) or number in own:
            return ""
        if kind == "#":
            return f"#{channels[number]}" if number in channels else match[0]
        known = roles if kind == "@&" else people
        return f"@{known[number]}" if number in known else match[0]

    return _MARKUP.sub(name, text).strip()


def quoted(message: discord.Message, *, me: int = 0) -> str:
    """A message as a quotation with its author's name; "" for one without text."""
    text = said(message, me=me)[:_QUOTE]
    if not text:
        return ""
    return "\n".join(f"> {line}" for line in f"{message.author.display_name}: {text}".splitlines())


def title_of(text: str, command: str) -> str:
    """What to call a thread: the beginning of the question, on one line and without Markdown."""
    words = _MARKS.sub("", text.split("```", maxsplit=1)[0] or text)
    line = " ".join(words.split()) or command
    return line if len(line) <= _TITLE else line[: _TITLE - 1].rsplit(" ", 1)[0][: _TITLE - 1] + "…"


def attachments_of(message: discord.Message) -> tuple[Attachment, ...]:
    """The files of a message and of what it forwards; bytes are read later, by id."""
    found = [*message.attachments, *(file for snapshot in message.message_snapshots for file in snapshot.attachments)]
    return tuple(attachment_of(file, message) for file in found)


def attachment_of(file: discord.Attachment, message: discord.Message) -> Attachment:
    """One file; its address stops working after a while, so that where it was found is kept too."""
    source = {"channel": str(message.channel.id), "message": str(message.id), "id": str(file.id), "url": file.url}
    return Attachment(name=file.filename, content_type=file.content_type or "", size=file.size, source=source)


def started_by(message: discord.Message) -> discord.Message | None:
    """The message in the channel at which a thread was opened, from the thread's first, empty one."""
    reference = message.reference
    return reference.resolved if reference is not None and isinstance(reference.resolved, discord.Message) else None
