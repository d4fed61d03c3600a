"""From a message to an event. Pure: calls neither Discord nor the core."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Literal
from urllib.parse import urlsplit

import discord

from adapters.discord.inbound.message_parts import embeds_of, media_of, text_of_poll
from adapters.discord.reply_target import ReplyTarget, created_at
from adapters.kit.forms import without_file_names
from adapters.kit.texts import titles
from bot.catchup.plain_words import Counted, as_catchup
from bot.commandline import parser
from bot.commandline.mentions import Subject, keeps_ids, write_mention
from bot.commandline.secrets import hide_secret, names_secret_command
from bot.models import Actor, Attachment, CommandSpec, Event, Location
from bot.values import valueclass

ADAPTER = "discord"
_MAX_NAME = 80  # characters of a thread's name
_MAX_QUOTE = 2000  # characters quoted of the message that is replied to
_MARKUP = re.compile(r"<(?:(@[!&]?|#)(\d{15,20})|a?(:\w{2,32}:)\d{15,20}|/([^:<>]{1,100}):\d{15,20})>")
_SUBJECTS: Mapping[str, Subject] = {"@": "person", "@!": "person", "@&": "role", "#": "channel"}
#: What a message says of those that it mentions, by what begins the mention.
_MENTIONED: Mapping[str, Callable[[discord.Message], Sequence[Any]]] = {
    "@": attrgetter("mentions"),
    "@!": attrgetter("mentions"),
    "@&": attrgetter("role_mentions"),
    "#": attrgetter("channel_mentions"),
}
_FORMATTING = re.compile(r"(?<!\w)[`*_~|>#]+(?=\S)|(?<=\S)[`*_~|]+(?!\w)|^#+ ", re.MULTILINE)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
#: Commands that are answered in a conversation.
TEXT_COMMANDS = ("chat", "code")


@valueclass(frozen=True, slots=True)
class MessageContext:
    """Position of a message: its channel, thread and chain of replies."""

    channel: str  #: the channel that settings attach to; the parent of a thread
    thread: str = ""  #: the thread it is in; "" outside of threads
    root: str = ""  #: the first message of its chain of replies; "" where it begins one
    asker: str = ""  #: the person whose slash command the chain's first message answers; "": it answers none
    starts_thread: Literal["", "text", "all"] = ""  #: which answers start a thread: none, those of `TEXT_COMMANDS`, all


def event_from_message(
    message: discord.Message,
    commands: Sequence[CommandSpec],
    *,
    me: int,
    context: MessageContext,
    locale: str = "",
    plain_words: Counted = "all",
) -> Event:
    """Parse a message that addresses the bot. `me`: the bot's own id; `plain_words`: those that ask to catch up."""
    locale = locale or (str(message.guild.preferred_locale) if message.guild else "")
    text = read_text(message, me=me)
    if message.message_snapshots:
        text = hide_secret(text, commands)
    replied = replied_message(message)
    request = parser.parse(text, commands, locale=locale, bare=True)
    attachments = read_attachments(message)
    if message.guild and replied is None and not (attachments or message.message_snapshots):
        is_in_thread = bool(context.thread)
        request = as_catchup(request, text, commands, is_in_thread=is_in_thread, counted=plain_words)
    prompt, rejection = request.prompt, request.rejection
    spec = next((spec for spec in commands if spec.name == request.command), None)
    if spec is not None and keeps_ids(spec):
        request = parser.parse(read_text(message, me=me, with_ids=True), commands, locale=locale, bare=True)
        prompt, rejection = request.prompt, request.rejection
    if replied is not None and replied.author.id != me:
        attachments += read_attachments(replied)
        if request.command in TEXT_COMMANDS:
            prompt = "\n\n".join(part for part in (quote_message(replied, me=me, commands=commands), prompt) if part)
        elif (
            spec is not None and not prompt and spec.prompt is not None and (words := _words_of(replied, commands, me))
        ):
            prompt = words
            is_for_prompt = rejection == parser.parse(f"/{spec.name}", commands, locale=locale).rejection
            rejection = "" if is_for_prompt else rejection
    elif replied is not None and spec is not None and any(option.kind == "file" for option in spec.options):
        attachments += read_attachments(replied)
    starts_thread = context.starts_thread == "all" or (
        context.starts_thread == "text" and request.command in TEXT_COMMANDS
    )
    starts_thread = starts_thread and not rejection
    thread = context.thread or (str(message.id) if starts_thread else "")
    guild = guild_id_of(message)
    target = ReplyTarget(
        conversation=conversation_of(message, context, thread),
        guild=guild,
        channel=str(message.channel.id),
        message=str(message.id),
        thread_name=thread_name_of(text or prompt, request.command) if starts_thread else "",
        user=str(message.author.id),
        locale=locale,
        is_dm="" if guild else "1",
        direct="1" if guild and rejection and spec is not None and spec.secrets else "",
    )
    return Event(
        id=str(message.id),
        adapter=ADAPTER,
        conversation=target.conversation,
        actor=build_actor(message.author, locale),
        location=Location(workspace=guild, channel=context.channel, thread=thread, is_private=not guild),
        command=request.command,
        prompt=prompt,
        options=without_file_names(request.options, spec),
        attachments=attachments,
        reply_to=target.to_reply_to(),
        received_at=datetime.now(UTC),
        written_at=created_at(target.message),
        is_message=True,
        rejection=rejection,
    )


def _words_of(replied: discord.Message, commands: Sequence[CommandSpec], me: int) -> str:
    """Return the text of a message that is replied to, as a prompt; "" where it may have a secret in it."""
    text = read_text(replied, me=me)
    return "" if names_secret_command(text, commands) else text


def conversation_of(message: discord.Message, context: MessageContext, thread: str) -> str:
    """Return the conversation's key: a direct message channel, a thread, a chain of replies, a person's commands.

    A thread that is started from a message has that message's id.
    """
    if not guild_id_of(message):
        return f"d{message.channel.id}"
    if thread:
        return f"t{thread}"
    if context.asker:
        return conversation_of_commands(str(message.channel.id), context.asker)
    return f"r{context.root or message.id}"


def conversation_of_commands(channel: str, user: str) -> str:
    """Return the key of the conversation that a person's slash commands in a channel are.

    Each person has their own, so that nobody waits for another. The ids of buttons contain it, hence the short form.
    """
    number, digits = int(user), ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return f"c{channel}u{digits}"


def guild_id_of(message: discord.Message) -> str:
    """Return the server's id; "" in direct messages."""
    return str(message.guild.id) if message.guild else str(getattr(message.channel, "guild_id", None) or "")


def build_actor(user: "discord.User | discord.Member", locale: str) -> Actor:
    """Return the author as an actor. Roles are ids, because servers may give their roles the same names."""
    if isinstance(user, discord.Member):
        roles = tuple(str(role.id) for role in user.roles if not role.is_default())
        is_admin = user.guild_permissions.manage_guild
    else:
        roles, is_admin = (), False
    return Actor(
        id=str(user.id), name=user.display_name, locale=locale, roles=roles, is_admin=is_admin, is_bot=user.bot
    )


# ------------------------------------------------------------------ whom it addresses


def is_mention(message: discord.Message, me: int) -> bool:
    """Whether the message mentions the bot, or the role that Discord created for it."""
    if me in [user.id for user in message.mentions]:
        return True
    return bool(message.raw_role_mentions) and any(_is_of_bot(role, me) for role in message.role_mentions)


def _is_of_bot(role: discord.Role, me: int) -> bool:
    return role.tags is not None and role.tags.bot_id == me


def is_for_others(message: discord.Message, me: int) -> bool:
    """Whether the message mentions, or replies to, another person or bot."""
    replied = replied_message(message)
    if replied is not None and replied.author.id not in (me, message.author.id):
        return True
    return any(user.id not in (me, message.author.id) for user in message.mentions)


def is_reply(message: discord.Message) -> bool:
    """Whether the message replies to another, which may be deleted."""
    return message.type is discord.MessageType.reply and message.reference is not None


def replied_message(message: discord.Message) -> discord.Message | None:
    """Return the message that this one replies to, if Discord sent it along."""
    reference = message.reference
    if reference is None or message.type is not discord.MessageType.reply:
        return None
    return reference.resolved if isinstance(reference.resolved, discord.Message) else None


def starter_of(message: discord.Message) -> discord.Message | None:
    """Return the message that a thread was started from, given the thread's first, empty one."""
    reference = message.reference
    return reference.resolved if reference is not None and isinstance(reference.resolved, discord.Message) else None


# ------------------------------------------------------------------ text and files


def read_text(message: discord.Message, *, me: int = 0, with_ids: bool = False) -> str:
    """Return the text of a message and of what it forwards, with names for ids and no mention of the bot.

    `with_ids`: mentions are written with their ids, as commands read them.
    """
    parts = [resolve_markup(text, message, me, with_ids=with_ids) for text in _texts_of(message)]
    for snapshot in message.message_snapshots:
        text = resolve_markup("\n\n".join(_texts_of(snapshot) or embeds_of(snapshot)), message, me)
        parts += ["\n".join(f"> {line}" for line in text.splitlines())]
    if message.poll is not None:
        parts += [text_of_poll(message.poll)]
    return "\n\n".join(filter(None, parts) if any(parts) else embeds_of(message))


def resolve_markup(text: str, message: discord.Message, me: int, *, with_ids: bool = False) -> str:
    """Replace ids of people, roles, channels and emoji by their names; leave out mentions of the bot."""
    if "<" not in text:
        return text.strip()

    def name(match: re.Match[str]) -> str:
        kind, number, emoji, command = match.groups()
        if emoji or command:
            return emoji or f"/{command}"
        if number == str(me):
            return ""
        found = next((one for one in _MENTIONED[kind](message) if str(one.id) == number), None)
        if isinstance(found, discord.Role) and _is_of_bot(found, me):
            return ""
        shown = getattr(found, "display_name", "") or getattr(found, "name", "")
        if with_ids:
            return write_mention(_SUBJECTS[kind], number, shown)
        return match[0] if found is None else f"{kind[0]}{shown}"

    return _MARKUP.sub(name, text).strip()


def keep_ids(text: str) -> str:
    """Return text of a slash command with its mentions as commands read them; Discord sends no names along."""
    return _MARKUP.sub(lambda match: write_mention(_SUBJECTS[match[1]], match[2]) if match[2] else match[0], text)


def quote_message(
    message: discord.Message, *, me: int = 0, limit: int = _MAX_QUOTE, commands: Sequence[CommandSpec] = ()
) -> str:
    """Return a message as a Markdown quote with its author's name; "" for one without text.

    `commands`: whose secrets, typed into the message, are left out.
    """
    text = hide_secret(read_text(message, me=me), commands)
    return titles.quote(text[:limit], author=message.author.display_name)


def thread_name_of(text: str, command: str) -> str:
    """Return a name for a thread: the beginning of the question, on one line and without Markdown."""
    return titles.title_of(text, _MAX_NAME, marks=_FORMATTING, fallback=command)


def read_attachments(message: discord.Message) -> tuple[Attachment, ...]:
    """Return the files of a message and of what it forwards, to be downloaded later.

    Discord lists a file that a component shows there and nowhere else.
    """
    found: list[Attachment] = []
    holders: list[discord.Message | discord.MessageSnapshot] = [message, *message.message_snapshots]
    for holder in holders:
        found += [read_file(file, message) for file in holder.attachments]
        for component in _leaves(holder.components):
            found += [_read_media(*media, message) for media in media_of(component)]
    return tuple(found)


def read_file(file: discord.Attachment, message: discord.Message) -> Attachment:
    """Return one file. Its URL expires, so the source holds its message as well."""
    source = {"channel": str(message.channel.id), "message": str(message.id), "id": str(file.id), "url": file.url}
    return Attachment(name=file.filename, content_type=file.content_type or "", size=file.size, source=source)


def _leaves(components: Iterable[Any]) -> Iterator[Any]:
    """Yield the components that contain no others, with the accessories of sections."""
    for component in components:
        children = getattr(component, "children", None)
        if children is None:
            yield component
        else:
            yield from _leaves(children)
            if isinstance(component, discord.SectionComponent):
                yield component.accessory


def _texts_of(message: discord.Message | discord.MessageSnapshot) -> list[str]:
    """Return what is written in a message itself and in its components v2, and the names of its stickers."""
    texts = [c.content for c in _leaves(message.components) if isinstance(c, discord.TextDisplay)]
    return [text for text in (message.content, *texts, *(f"[{one.name}]" for one in message.stickers)) if text]


def has_spoiler(message: discord.Message) -> bool:
    """Whether a file of the message is hidden until it is clicked."""
    shown = list(_leaves(message.components))
    is_hidden = [component.spoiler for component in shown if isinstance(component, discord.FileComponent)]
    for component in shown:
        if isinstance(component, discord.MediaGalleryComponent):
            is_hidden += [item.spoiler for item in component.items]
    return any(is_hidden) or any(file.is_spoiler() for file in message.attachments)


def _read_media(media: discord.UnfurledMediaItem, name: str, size: int | None, message: discord.Message) -> Attachment:
    """Return a file that a component shows; what was not uploaded to Discord is read from Discord's proxy alone."""
    url = media.url if media.attachment_id else media.proxy_url or ""
    source = {"channel": str(message.channel.id), "message": str(message.id), "url": url}
    return Attachment(
        name=name or urlsplit(url).path.rpartition("/")[2] or "file",
        content_type=media.content_type or "",
        size=size,
        source={**source, "id": str(media.attachment_id or "")},
    )
