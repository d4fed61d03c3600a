"""A message → what it says and asks for. Pure: nothing is asked of Slack or of the core."""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from adapters.kit import titles
from adapters.kit.forms import without_file_names
from adapters.slack.connection.workspaces import Workspace
from adapters.slack.inbound.users import Person
from adapters.slack.reply_target import Address
from bot.commandline import parser
from bot.i18n import translate
from bot.models import Actor, Attachment, CommandSpec, Event, Location

ADAPTER = "slack"
TALK = ("chat", "code")
Json = Mapping[str, Any]

_MARKUP = re.compile(r"<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>")
_TITLE = 60  # characters of a thread's name in the agent view
_QUOTE = 300  # characters of a prompt that are repeated in the message that begins its thread
_MARKS = re.compile(r"(?<!\w)[`*_~>]+(?=\S)|(?<=\S)[`*_~]+(?!\w)", re.MULTILINE)
_GONE = ("tombstone", "hidden_by_limit")
_VOICE = ("slack_audio", "slack_video")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a message is."""

    workspace: Workspace
    channel: str
    thread: str  #: ts of the thread's first message, its own where it begins one
    conversation: str
    is_dm: bool = False
    has_prior_messages: bool = False  #: people talked there before the bot was called


def message_id(owner: str, channel: str, ts: str) -> str:
    """The id of what a message asks: the same for every notice of it."""
    return f"{owner}.{channel}.{ts}"


def event(
    message: Json, commands: Sequence[CommandSpec], *, spot: Spot, person: Person, people: Mapping[str, Person]
) -> Event:
    """What a message asks for, once it is known to be for the bot. `people`: who it names."""
    workspace = spot.workspace
    text = said(message, people, me=workspace.bot_user)
    request = parser.parse(text, commands, locale=person.locale, bare=True)
    spec = next((spec for spec in commands if spec.name == request.command), None)
    attachments = attachments_of(message, workspace)
    prompt, problem = request.prompt, request.rejection
    if request.command in TALK and str(message.get("text") or "").strip():
        prompt = "\n\n".join(part for part in (*shared(message, people), prompt) if part)
    if not problem and any(is_voice(file) for file in message.get("files") or ()):
        problem = translate("slack.voice", person.locale)
    address = Address(
        conversation=spot.conversation,
        team=workspace.team,
        enterprise=workspace.enterprise,
        channel=spot.channel,
        user=person.id,
        user_team=person.team or workspace.team,
        thread=spot.thread,
        message=str(message["ts"]),
        surface="agent" if spot.is_dm else "",
        is_dm="1" if spot.is_dm else "",
        locale=person.locale,
    )
    return Event(
        id=message_id(workspace.owner, spot.channel, str(message["ts"])),
        adapter=ADAPTER,
        conversation=spot.conversation,
        actor=actor_of(person, workspace, is_bot=is_bot(message)),
        location=Location(
            workspace=workspace.team or workspace.enterprise,
            channel=workspace.scoped(spot.channel),
            thread=spot.thread,
            is_private=spot.is_dm,
        ),
        command=request.command,
        prompt=prompt,
        options=without_file_names(request.options, spec),
        attachments=attachments,
        reply_to=address.to_reply_to(),
        received_at=datetime.now(UTC),
        rejection=problem,
        has_prior_messages=spot.has_prior_messages,
    )


def actor_of(person: Person, workspace: Workspace, *, is_bot: bool = False) -> Actor:
    """Who asks."""
    return Actor(
        id=workspace.scoped(person.id),
        name=person.name,
        locale=person.locale,
        is_admin=person.is_admin,
        is_bot=is_bot or person.is_bot,
        is_stranger=person.is_stranger_to(workspace),
    )


# ------------------------------------------------------------------ is it meant for the bot


def is_bot(message: Json) -> bool:
    """Whether an app or an integration wrote it."""
    return bool(message.get("bot_id")) or message.get("subtype") == "bot_message"


def is_mention(message: Json, me: str) -> bool:
    """Whether the message names the bot."""
    return message.get("type") == "app_mention" or me in mentioned(message)


def mentioned(message: Json) -> list[str]:
    """Ids of the people, and groups of people, that the message names, in order."""
    text = str(message.get("text") or "")
    found = (match for match in _MARKUP.finditer(text) if match[1] == "@" or match[2].startswith("subteam^"))
    return list(dict.fromkeys(match[2].removeprefix("subteam^") for match in found))


def is_for_others(message: Json, me: str) -> bool:
    """Whether the message names somebody else and not the bot."""
    named = mentioned(message)
    return me not in named and any(user != message.get("user") for user in named)


def is_voice(file: Json) -> bool:
    """Whether a file is a clip recorded in Slack."""
    return file.get("subtype") in _VOICE


# ------------------------------------------------------------------ what it says


def said(message: Json, people: Mapping[str, Person], *, me: str = "") -> str:
    """The text of a message with names for ids and without the mention of the bot."""
    text = str(message.get("text") or "")
    if not text.strip():  # what other apps write is often in blocks or attachments alone
        text = "\n".join(part for part in (*_block_texts(message), *_attached_texts(message)) if part)
    return plain(text, people, me=me)


def plain(text: str, people: Mapping[str, Person], *, me: str = "") -> str:
    """Text with names in place of ids and addresses as people write them, without the mention of the bot."""

    def name(match: re.Match[str]) -> str:
        kind, target, label = match.groups()
        if kind == "@":
            if target == me:
                return ""
            known = people[target].name if target in people else ""
            return f"@{known or label or target}"
        if kind == "#":
            return f"#{label or target}"
        if kind == "!":
            return label or f"@{target.partition('^')[0]}"
        target = target.removeprefix("mailto:").removeprefix("tel:")
        return target if not label or label in target else f"[{label}]({target})"

    return html.unescape(_MARKUP.sub(name, text)).strip() if "<" in text or "&" in text else text.strip()


def _block_texts(message: Json) -> list[str]:
    found = []
    for block in message.get("blocks") or ():
        text = block.get("text")
        found.append(str(text.get("text") or "") if isinstance(text, dict) else str(text or ""))
        found += [str(field.get("text") or "") for field in block.get("fields") or ()]
        found += ["".join(_leaves(part)) for part in block.get("elements") or () if block.get("type") == "rich_text"]
    return found


def _leaves(element: Json) -> list[str]:
    if element.get("type") == "user":
        return [f"<@{element.get('user_id')}>"]
    if element.get("type") == "link":
        return [str(element.get("text") or element.get("url"))]
    if element.get("elements") is None:
        return [str(element.get("text") or "")]
    return [text for part in element["elements"] for text in _leaves(part)]


def _attached_texts(message: Json) -> list[str]:
    """Texts of messages that were shared, and of what apps attach."""
    return [
        str(attachment.get(field) or "")
        for attachment in message.get("attachments") or ()
        for field in ("pretext", "title", "text")
    ]


def shared(message: Json, people: Mapping[str, Person]) -> list[str]:
    """Messages that were forwarded with this one, as quotations with their authors' names."""
    found = []
    for attachment in message.get("attachments") or ():
        text = plain(str(attachment.get("text") or ""), people)
        if text and (attachment.get("is_share") or attachment.get("is_msg_unfurl")):
            found.append(titles.quote(text, author=str(attachment.get("author_name") or "")))
    return found


def quoted(message: Json, people: Mapping[str, Person], *, me: str = "") -> str:
    """A message as a quotation with its author's name; "" for one without text."""
    return titles.quote(said(message, people, me=me), author=author_of(message, people))


def author_of(message: Json, people: Mapping[str, Person]) -> str:
    """The name of who wrote it; "" when it is not known."""
    person = people.get(str(message.get("user") or ""))
    if person is not None and person.name:
        return person.name
    profile = message.get("bot_profile") or {}
    return str(message.get("username") or profile.get("name") or "")


def title_of(text: str) -> str:
    """What to call a thread in the agent view: the beginning of the question, on one line and without marks."""
    return titles.title_of(text, _TITLE, marks=_MARKS)


def parent_of(event: Event, command: str) -> str:
    """The message that begins the thread of a slash command or a form, in Markdown: who asked what.

    It names the asker as `<@id>`, the one mention that may come out of it.
    """
    options = "".join(f" --{name} {value}" for name, value in event.options.items())
    words = titles.shorten(" ".join(event.prompt.split()), _QUOTE)
    asked = " ".join(part for part in (f"`{command}`", words, f"`{options.strip()}`" if options else "") if part)
    return translate("slack.parent", event.actor.locale, user=event.reply_to.get("user", ""), asked=asked)


def attachments_of(message: Json, workspace: Workspace) -> tuple[Attachment, ...]:
    """The files of a message; bytes are read later, with the bot's token."""
    shared = [file for item in message.get("attachments") or () for file in item.get("files") or ()]
    files = [*(message.get("files") or ()), *shared]
    return tuple(
        attachment_of(file, workspace) for file in files if file.get("mode") not in ("tombstone", "hidden_by_limit")
    )


def attachment_of(file: Json, workspace: Workspace) -> Attachment:
    """One file. What Slack tells only when asked (`file_access: check_file_info`) is asked for when it is read."""
    source = {
        "team": workspace.team,
        "enterprise": workspace.enterprise,
        "id": str(file.get("id") or ""),
        "url": str(file.get("url_private_download") or file.get("url_private") or ""),
    }
    return Attachment(
        name=str(file.get("name") or file.get("title") or file.get("id") or "file"),
        content_type=str(file.get("mimetype") or ""),
        size=file["size"] if isinstance(file.get("size"), int) else None,
        source={name: value for name, value in source.items() if value},
    )
