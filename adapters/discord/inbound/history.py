"""Messages before the question: chains of replies, and the messages of a thread."""

from collections.abc import Iterable
from typing import Any

import discord
import structlog

from adapters.discord.gateway.client import DiscordClient
from adapters.discord.gateway.errors import raise_delivery_errors
from adapters.discord.gateway.readable_messages import parse_message
from adapters.discord.inbound import parse
from adapters.discord.reply_target import ReplyTarget
from adapters.kit.bounded import BoundedDict
from bot.models import Attachment, PriorMessages, Turn

log = structlog.get_logger(__name__)

#: Messages that a chain of replies is followed back.
MAX_CHAIN = 25
_PAGE = 100  # messages that Discord returns at once
_REMEMBERED = 4000  # messages whose chain is known, so that each message of a chain costs at most one request


async def read_prior_messages(client: DiscordClient, target: ReplyTarget, *, limit: int) -> PriorMessages:
    """Return the newest `limit` turns before the question. Raises `DeliveryError`."""
    is_in_thread = target.conversation.startswith("t") and not target.thread_name
    channel = target.history_channel or (target.channel if is_in_thread else "")
    with raise_delivery_errors():
        if channel:
            return await _read_channel(client, channel, before=target.source_id, limit=limit)
        last = await _fetch(client, int(target.channel), int(target.history_message or target.message))
        if target.history_message:
            return await _read_chain(client, last, limit)
        return await _read_chain(client, await _fetch_replied(client, last) if last else None, limit)


async def _read_channel(client: DiscordClient, channel_id: str, *, before: str, limit: int) -> PriorMessages:
    """Read a thread or direct messages; the files are those of the message that a thread was started from."""
    channel = client.get_partial_messageable(int(channel_id))
    messages = await read_messages(client, channel, limit=min(limit, _PAGE), before=int(before))
    files: tuple[Attachment, ...] = ()
    starter = next((m for m in messages if m.id == channel.id), None)  # of a forum's post
    if messages and messages[0].type is discord.MessageType.thread_starter_message:
        starter = parse.starter_of(messages[0])
        messages[0:1] = [starter] if starter else []
    if starter is not None:
        files = parse.read_attachments(starter)
    return PriorMessages(turns=_to_turns(client, messages), attachments=files)


async def read_messages(
    client: DiscordClient,
    channel: "discord.abc.MessageableChannel",
    *,
    limit: int,
    before: int | None = None,
    after: int = 0,
) -> list[discord.Message]:
    """Return the newest `limit` messages between two ids, oldest first. Raises the errors of requests.

    A message that the library can't parse is left out, so that it hides no other.
    """
    found: list[discord.Message] = []
    count, is_more = 0, True
    while is_more and count < limit:
        wanted = min(_PAGE, limit - count)
        page = await client.http.logs_from(channel.id, wanted, before=before)
        new = [data for data in page if int(data["id"]) > after]
        for data in new:
            try:
                found.append(_create_message(client, channel, data))
            except Exception as exc:  # noqa: BLE001 - foreign data in foreign code: any error is possible
                log.warning("message skipped", channel=channel.id, message=data["id"], reason=type(exc).__name__)
        count += len(new)
        is_more = len(new) == wanted
        before = int(page[-1]["id"]) if page else before
    found.sort(key=lambda message: message.id)
    return found


def _create_message(client: DiscordClient, channel: "discord.abc.MessageableChannel", data: Any) -> discord.Message:
    """Return a message of the REST API. Raises whatever the library does where it can't parse it."""
    state = client._connection  # noqa: SLF001 - the library's own way to make one
    return parse_message(lambda form: state.create_message(channel=channel, data=form), data)


async def _read_chain(client: DiscordClient, last: discord.Message | None, limit: int) -> PriorMessages:
    """Follow a chain of replies back from its last message, which is included."""
    chain: list[discord.Message] = []
    message = last
    most = min(limit, MAX_CHAIN)
    while message is not None and len(chain) < most:
        chain.append(message)
        message = await _fetch_replied(client, message) if len(chain) < most else None
    return PriorMessages(turns=_to_turns(client, reversed(chain)))


async def _fetch(client: DiscordClient, channel: int, message: int) -> discord.Message | None:
    try:
        data = await client.http.get_message(channel, message)
    except (discord.NotFound, discord.Forbidden):
        return None
    try:
        return _create_message(client, client.get_partial_messageable(channel), data)
    except Exception as exc:  # noqa: BLE001 - foreign data in foreign code: any error is possible
        log.warning("message skipped", channel=channel, message=message, reason=type(exc).__name__)
        return None


async def _fetch_replied(client: DiscordClient, message: discord.Message) -> discord.Message | None:
    """Return the message that this one replies to, if it can be read."""
    replied = parse.replied_message(message)
    if replied is not None and (replied.reference is None or replied.type is not discord.MessageType.reply):
        return replied  # it begins the chain, so its own reference, which Discord does not send along, is not needed
    if message.type is not discord.MessageType.reply or message.reference is None or not message.reference.message_id:
        return None
    return await _fetch(client, message.reference.channel_id, message.reference.message_id)


def _to_turns(client: DiscordClient, messages: Iterable[discord.Message]) -> tuple[Turn, ...]:
    me = client.user.id if client.user else 0
    turns = []
    for message in messages:
        text, time = parse.read_text(message, me=me), message.created_at
        if text and message.author.id == me:
            turns.append(Turn(role="assistant", content=text, at=time, written_at=time.timestamp()))
        elif text:
            name, actor = message.author.display_name, str(message.author.id)
            said = Turn(role="user", content=text, speaker=name, actor=actor, at=time, written_at=time.timestamp())
            turns.append(said)
    return tuple(turns)


class ReplyChains:
    """The first message of each chain of replies, found by following the chain back and remembered."""

    def __init__(self) -> None:
        self._roots: BoundedDict[int, tuple[str, str]] = BoundedDict(_REMEMBERED)

    async def find_root(self, client: DiscordClient, message: discord.Message) -> tuple[str, str]:
        """Return the id of the first message of a reply's chain, and the person whose slash command it answers, or "".

        A message that can't be read any more ends the chain.
        """
        passed = [message.id]
        current: discord.Message | None = message
        root = None
        while current is not None and root is None and len(passed) <= MAX_CHAIN:
            reference = current.reference
            if current.type is not discord.MessageType.reply or reference is None or not reference.message_id:
                metadata = current.interaction_metadata
                root = str(current.id), str(metadata.user.id) if metadata is not None else ""
                break
            root = self._roots.get(reference.message_id)
            passed.append(reference.message_id)
            if root is None:
                current = await _fetch_replied(client, current)
        root = root or (str(passed[-1]), "")
        for each in passed:
            self._roots[each] = root
        return root
