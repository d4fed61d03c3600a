"""A message → its text, its files and the event of what it asks for. Pure."""

import html
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from adapters.kit.forms import without_file_names
from adapters.kit.texts.titles import quote, shorten, title_of
from adapters.slack.connection.workspaces import Workspace
from adapters.slack.reply_target import ReplyTarget
from adapters.slack.types import ADAPTER, Json, Person
from bot.catchup.plain_words import CATCHUP, Counted, as_catchup
from bot.commandline import parser
from bot.commandline.mentions import Subject, keeps_ids, write_mention
from bot.commandline.secrets import hide_secret
from bot.i18n import translate
from bot.models import Actor, Attachment, CommandSpec, Event, Location
from bot.values import valueclass

#: Commands whose prompt is preceded by the messages that were forwarded with it.
TEXT_COMMANDS = ("chat", "code")
_MARKUP = re.compile(r"<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>")
_TITLE = 60  # characters of a thread's name in the agent view
_QUOTE = 300  # characters of a prompt in the message that begins its thread
_MARKS = re.compile(r"(?<!\w)[`*_~>]+(?=\S)|(?<=\S)[`*_~]+(?!\w)", re.MULTILINE)
#: Subtypes of recorded clips; the container of one of sound may be one that holds video as well.
_AUDIO_CLIP, _VIDEO_CLIP = "slack_audio", "slack_video"
#: Subtypes of messages that somebody wrote; the others report joins, topics and the like.
_SPOKEN = (None, "", "file_share", "thread_broadcast", "me_message", "bot_message")
_NO_CONTENT = ("tombstone", "hidden_by_limit")  # modes of files that can't be read


@valueclass(frozen=True, slots=True, kw_only=True)
class MessageContext:
    """The place of a message."""

    workspace: Workspace
    channel: str
    thread: str  #: ts of the thread's first message, its own where it begins one; "": it is answered in place
    conversation: str
    is_dm: bool = False  #: `thread` is "" where it is in none, and the app has no agent view
    has_prior_messages: bool = False  #: people talked there before the bot was mentioned


def message_id(owner: str, channel: str, ts: str) -> str:
    """The id of a message's event: the same for every notification of the message."""
    return f"{owner}.{channel}.{ts}"


def thread_id(workspace: Workspace, message: Json) -> str:
    """Return the id of the thread of a reply, or of the thread that a message may begin."""
    root = str(message.get("thread_ts") or message.get("ts") or "")
    return message_id(workspace.owner, str(message.get("channel") or ""), root)


def direct_conversation(owner: str, channel: str) -> str:
    """The conversation of direct messages in no thread, where the app has no agent view."""
    return f"{owner}.{channel}"


def event_from_message(
    message: Json,
    commands: Sequence[CommandSpec],
    *,
    context: MessageContext,
    person: Person,
    people: Mapping[str, Person],
    plain_words: Counted = "all",
) -> Event:
    """Return the event of a message that is for the bot. `person`: its author; `people`: those whom it mentions.

    `plain_words`: those that ask to catch up.
    """
    workspace = context.workspace
    text = read_text(message, people, bot_user=workspace.bot_user)
    request = parser.parse(text, commands, locale=person.locale, bare=True)
    spec = next((spec for spec in commands if spec.name == request.command), None)
    if spec is not None and keeps_ids(spec):
        text = read_text(message, people, bot_user=workspace.bot_user, ids_of=workspace)
        request = parser.parse(text, commands, locale=person.locale, bare=True)
    viewed = viewed_channel(message.get("app_context")) if context.is_dm else ""
    if (viewed or not context.is_dm) and not (message.get("files") or message.get("attachments")):
        is_in_thread = not context.is_dm and context.thread not in ("", message["ts"])
        request = as_catchup(request, text, commands, is_in_thread=is_in_thread, counted=plain_words)
    prompt, rejection = request.prompt, request.rejection
    if request.command in TEXT_COMMANDS and str(message.get("text") or "").strip():
        prompt = "\n\n".join(filter(None, (*quote_forwarded(message, people, commands, workspace), prompt)))
    if not rejection and any(file.get("subtype") == _VIDEO_CLIP for file in message.get("files") or ()):
        rejection = translate("slack.video_clip", person.locale)
    viewed = viewed if request.command == CATCHUP else ""
    target = ReplyTarget(
        conversation=context.conversation,
        team=workspace.team,
        enterprise=workspace.enterprise,
        channel=context.channel,
        user=person.id,
        user_team=person.team or workspace.team,
        thread=context.thread,
        message=str(message["ts"]),
        surface="agent" if context.is_dm and workspace.is_agent else "",
        is_dm="1" if context.is_dm else "",
        viewed=viewed,
        locale=person.locale,
    )
    return Event(
        id=message_id(workspace.owner, context.channel, str(message["ts"])),
        adapter=ADAPTER,
        conversation=context.conversation,
        actor=build_actor(person, workspace, is_bot=is_bot(message)),
        location=Location(
            workspace=workspace.team or workspace.enterprise,
            channel=workspace.scoped(viewed or context.channel),
            thread="" if viewed else context.thread,
            is_private=context.is_dm,
        ),
        command=request.command,
        prompt=prompt,
        options=without_file_names(request.options, spec),
        attachments=read_attachments(message, workspace),
        reply_to=target.to_reply_to(),
        inherited=("viewed", "location") if viewed else (),
        received_at=datetime.now(UTC),
        written_at=float(message["ts"]),
        is_message=True,
        rejection=rejection,
        has_prior_messages=context.has_prior_messages,
    )


def viewed_channel(context: Json | None) -> str:
    """Return the channel that somebody looks at beside the messages tab, by the most relevant entity; "": none.

    https://docs.slack.dev/reference/events/app_context_changed
    """
    for entity in (context or {}).get("entities") or ():
        value = entity.get("value")
        if entity.get("type") == "slack#/types/channel_id":
            return str(value)
        if entity.get("type") == "slack#/types/message_context" and isinstance(value, dict):
            return str(value.get("channel_id") or "")
    return ""


def build_actor(person: Person, workspace: Workspace, *, is_bot: bool = False) -> Actor:
    """Return a person as the actor of an event in that workspace."""
    home = {workspace.team, workspace.enterprise, workspace.organisation} - {""}
    theirs = {person.team, person.enterprise} - {""}
    is_stranger = bool(theirs) and not theirs & home
    return Actor(
        id=workspace.scoped(person.id),
        name=person.name,
        locale=person.locale,
        time_zone=person.time_zone,
        roles=person.roles or (),
        unread_roles=workspace.scoped("S") if person.roles is None else "",
        is_admin=person.is_admin and not is_stranger,  # of their own workspace
        is_bot=is_bot or person.is_bot,
        is_stranger=is_stranger,
    )


# ------------------------------------------------------------------ is it meant for the bot


def is_bot(message: Json) -> bool:
    """Whether an app or an integration wrote the message."""
    return bool(message.get("bot_id")) or message.get("subtype") == "bot_message"


def is_spoken(message: Json) -> bool:
    """Whether somebody wrote the message, an app included."""
    return message.get("subtype") in _SPOKEN


def is_mention(message: Json, bot_user: str) -> bool:
    """Whether the message mentions the bot."""
    return message.get("type") == "app_mention" or bot_user in find_mentions(message)


def find_mentions(message: Json) -> list[str]:
    """Return the ids of the users and user groups that the message mentions, in order."""
    markup = _MARKUP.findall(str(message.get("text") or ""))
    found = [name for kind, name, _ in markup if kind == "@" or name.startswith("subteam^")]
    return list(dict.fromkeys([name.removeprefix("subteam^") for name in found]))


def is_for_others(message: Json, bot_user: str) -> bool:
    """Whether the message mentions another person and not the bot."""
    mentions = find_mentions(message)
    return bot_user not in mentions and any(user != message.get("user") for user in mentions)


# ------------------------------------------------------------------ text and files


def read_text(
    message: Json, people: Mapping[str, Person], *, bot_user: str = "", ids_of: Workspace | None = None
) -> str:
    """Return the text of a message with names in place of ids and without the mention of the bot.

    `ids_of`: the workspace whose mentions keep their ids.
    """
    text = str(message.get("text") or "")
    if not text.strip():  # what other apps write is often in blocks or attachments alone
        text = "\n".join(part for part in (*_read_blocks(message), *_read_message_attachments(message)) if part)
    return read_mrkdwn(text, people, bot_user=bot_user, ids_of=ids_of)


def read_command(text: str, spec: CommandSpec | None, workspace: Workspace) -> str:
    """Return the text of a slash command; mentions keep their ids where the command asks for them."""
    return read_mrkdwn(text, {}, ids_of=workspace if spec is not None and keeps_ids(spec) else None)


def read_mrkdwn(text: str, people: Mapping[str, Person], *, bot_user: str = "", ids_of: Workspace | None = None) -> str:
    """Return text with names in place of ids and addresses as people write them, without the mention of the bot."""

    def name(match: re.Match[str]) -> str:
        kind, target, label = match.groups()
        if kind == "@" and target == bot_user:
            return ""
        known = people[target].name if target in people else ""
        mention = _read_mention(kind, target) if ids_of is not None else None
        if mention is not None and ids_of is not None:
            subject, number = mention
            return write_mention(subject, ids_of.scoped(number), known or label or "")
        if kind == "@":
            return f"@{known or label or target}"
        if kind == "#":
            return f"#{label or target}"
        if kind == "!":
            return label or f"@{target.partition('^')[0]}"
        target = target.removeprefix("mailto:").removeprefix("tel:")
        return target if not label or label in target else f"[{label}]({target})"

    return html.unescape(_MARKUP.sub(name, text)).strip() if "<" in text or "&" in text else text.strip()


def _read_mention(kind: str, target: str) -> tuple[Subject, str] | None:
    """Return whom Slack's markup mentions; None: nobody."""
    if kind in ("@", "#"):
        return "person" if kind == "@" else "channel", target
    group = target.removeprefix("subteam^")
    return ("role", group) if group != target else None


def _read_blocks(message: Json) -> list[str]:
    found = []
    for block in message.get("blocks") or ():
        text = block.get("text")
        found.append(str(text.get("text") or "") if isinstance(text, dict) else str(text or ""))
        found += [str(field.get("text") or "") for field in block.get("fields") or ()]
        found += [
            "".join(_read_element(part)) for part in block.get("elements") or () if block.get("type") == "rich_text"
        ]
    return found


def _read_element(element: Json) -> list[str]:
    if element.get("type") == "user":
        return [f"<@{element.get('user_id')}>"]
    if element.get("type") == "link":
        return [str(element.get("text") or element.get("url"))]
    if element.get("elements") is None:
        return [str(element.get("text") or "")]
    return [text for part in element["elements"] for text in _read_element(part)]


def _read_message_attachments(message: Json) -> list[str]:
    """Return the texts of messages that were forwarded, and of attachments that apps add."""
    found: list[str] = []
    for attachment in message.get("attachments") or ():
        found += [str(attachment.get("pretext") or ""), str(attachment.get("title") or ""), _text_of(attachment)]
    return found


def _text_of(attachment: Json) -> str:
    """Return the text of an attachment; that of an app's forwarded message is often in its blocks alone."""
    holders = [attachment, *(one.get("message") or {} for one in attachment.get("message_blocks") or ())]
    return str(attachment.get("text") or "\n".join(part for one in holders for part in _read_blocks(one) if part))


def quote_forwarded(
    message: Json, people: Mapping[str, Person], commands: Sequence[CommandSpec], workspace: Workspace
) -> list[str]:
    """Return the messages that were forwarded with this one, as quotations with their authors' names."""
    found = []
    for attachment in message.get("attachments") or ():
        text = read_mrkdwn(_text_of(attachment), people, bot_user=workspace.bot_user)
        if text and (attachment.get("is_share") or attachment.get("is_msg_unfurl")):
            found.append(quote(hide_secret(text, commands), author=str(attachment.get("author_name") or "")))
    return found


def quote_message(message: Json, people: Mapping[str, Person], *, bot_user: str = "") -> str:
    """Return a message as a quotation with its author's name; "" for one without text."""
    return quote(read_text(message, people, bot_user=bot_user), author=find_author(message, people))


def find_author(message: Json, people: Mapping[str, Person]) -> str:
    """Return the name of a message's author; "" when it is unknown."""
    person = people.get(str(message.get("user") or ""))
    if person is not None and person.name:
        return person.name
    profile = message.get("bot_profile") or {}
    return str(message.get("username") or profile.get("name") or "")


def make_title(text: str) -> str:
    """Return the title of a thread that begins with this question."""
    return title_of(text, _TITLE, marks=_MARKS)


def write_parent(event: Event, command: str) -> str:
    """Return the message that begins the thread of a slash command or a form, in Markdown: who asked for what.

    It mentions the person as `<@id>`; an answer must not notify anybody else.
    """
    options = "".join(f" --{name} {value}" for name, value in event.options.items())
    words = shorten(" ".join(event.prompt.split()), _QUOTE)
    parts = (f"`{command}`", words, f"`{options.strip()}`" if options else "")
    request = " ".join(part for part in parts if part)
    return translate("slack.parent", event.actor.locale, user=event.reply_to.get("user", ""), asked=request)


def read_attachments(message: Json, workspace: Workspace) -> tuple[Attachment, ...]:
    """Return the files of a message; their bytes are downloaded later, with the bot's token."""
    forwarded = [file for item in message.get("attachments") or () for file in item.get("files") or ()]
    files = [*(message.get("files") or ()), *forwarded]
    return tuple(read_file(file, workspace) for file in files if file.get("mode") not in _NO_CONTENT)


def read_file(file: Json, workspace: Workspace) -> Attachment:
    """Return a file as an attachment. Where Slack leaves the address out (`file_access`), the download asks for it."""
    source = {
        "team": workspace.team,
        "enterprise": workspace.enterprise,
        "id": str(file.get("id") or ""),
        "url": str(file.get("url_private_download") or file.get("url_private") or ""),
    }
    content_type = str(file.get("mimetype") or "")
    if file.get("subtype") == _AUDIO_CLIP:
        content_type = content_type.replace("video/", "audio/")
    return Attachment(
        name=str(file.get("name") or file.get("title") or file.get("id") or "file"),
        content_type=content_type,
        size=file["size"] if isinstance(file.get("size"), int) else None,
        source={name: value for name, value in source.items() if value},
    )
