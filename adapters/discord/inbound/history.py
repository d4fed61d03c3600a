"""What was said before the bot was asked: chains of replies and the beginning of a thread."""

from collections import OrderedDict
from collections.abc import Iterable

import discord

from adapters.discord.gateway.client import Client
from adapters.discord.gateway.errors import delivering
from adapters.discord.inbound import parse
from adapters.discord.reply_target import Address
from bot.models import Attachment, PriorMessages, Turn

#: Messages that a chain of replies is followed back.
CHAIN = 25
_PAGE = 100  # messages that Discord gives at once
_KEPT = 4000  # chains that are remembered, so that each message of one costs no more than one request


async def earlier(client: Client, address: Address, *, limit: int) -> PriorMessages:
    """The newest `limit` turns before the question. Raises `DeliveryError`."""
    with delivering():
        if address.conversation.startswith("t") and not address.opens:
            return await _thread(client, address, limit)
        return await _chain(client, address, limit)


async def _thread(client: Client, address: Address, limit: int) -> PriorMessages:
    channel = client.get_partial_messageable(int(address.channel))
    before = discord.Object(int(address.message or address.interaction))
    found = [message async for message in channel.history(limit=min(limit, _PAGE), before=before)]
    found.reverse()
    files: tuple[Attachment, ...] = ()
    starter = next((m for m in found if m.id == int(address.channel)), None)  # of a forum's post
    if found and found[0].type is discord.MessageType.thread_starter_message:
        starter = parse.started_by(found[0])
        found[0:1] = [starter] if starter else []
    if starter is not None:
        files = parse.attachments_of(starter)
    return PriorMessages(turns=_turns(client, found), attachments=files)


async def _chain(client: Client, address: Address, limit: int) -> PriorMessages:
    found: list[discord.Message] = []
    message = await _fetch(client, int(address.channel), int(address.message))
    for _ in range(min(limit, CHAIN)):
        message = await _before(client, message) if message else None
        if message is None:
            break
        found.append(message)
    return PriorMessages(turns=_turns(client, reversed(found)))


async def _fetch(client: Client, channel: int, message: int) -> discord.Message | None:
    try:
        return await client.get_partial_messageable(channel).fetch_message(message)
    except (discord.NotFound, discord.Forbidden):
        return None


async def _before(client: Client, message: discord.Message) -> discord.Message | None:
    """The message that this one answers to."""
    answered = parse.reply_of(message)
    if answered is not None and (answered.reference is None or answered.type is not discord.MessageType.reply):
        return answered  # what it answers to came along with it, and it is the first of its chain
    if message.type is not discord.MessageType.reply or message.reference is None or not message.reference.message_id:
        return None
    return await _fetch(client, message.reference.channel_id, message.reference.message_id)


def _turns(client: Client, messages: Iterable[discord.Message]) -> tuple[Turn, ...]:
    me = client.user.id if client.user else 0
    turns = []
    for message in messages:
        text = parse.said(message, me=me)
        if text and message.author.id == me:
            turns.append(Turn(role="assistant", content=text, at=message.created_at))
        elif text:
            name, actor = message.author.display_name, str(message.author.id)
            turns.append(Turn(role="user", content=text, speaker=name, actor=actor, at=message.created_at))
    return tuple(turns)


class Chains:
    """The first message of each chain of replies, found by following it back."""

    def __init__(self) -> None:
        self._roots: OrderedDict[int, tuple[str, bool]] = OrderedDict()

    async def root(self, client: Client, message: discord.Message) -> tuple[str, bool]:
        """The id of the chain's first message, and whether that answers a slash command; of no chain: "", False.

        What can't be read any more ends the chain.
        """
        if message.type is not discord.MessageType.reply or message.reference is None:
            return "", False
        passed = [message.id]
        at: discord.Message | None = message
        found = None
        while at is not None and found is None and len(passed) <= CHAIN:
            if at.type is not discord.MessageType.reply or at.reference is None or not at.reference.message_id:
                found = str(at.id), at.interaction_metadata is not None
                break
            found = self._roots.get(at.reference.message_id)
            passed.append(at.reference.message_id)
            if found is None:
                at = await _before(client, at)
        found = found or (str(passed[-1]), False)
        for one in passed:
            self._roots[one] = found
            self._roots.move_to_end(one)
        while len(self._roots) > _KEPT:
            self._roots.popitem(last=False)
        return found
