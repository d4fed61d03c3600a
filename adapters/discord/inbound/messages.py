"""Hears the gateway: which messages are for the bot, and what becomes of them."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal
from weakref import WeakValueDictionary

import discord
import structlog

from adapters.discord.gateway.client import Client
from adapters.discord.gateway.errors import NETWORK, reason
from adapters.discord.inbound import parse
from adapters.discord.inbound.history import Chains
from adapters.discord.inbound.parse import ADAPTER, Spot
from adapters.discord.inbound.reply_mode import Replies
from bot.errors import StoreError
from bot.i18n import translate
from bot.models import CommandSpec, Event
from bot.ports import AdapterServices, Sink

log = structlog.get_logger(__name__)

_SPOKEN = (discord.MessageType.default, discord.MessageType.reply)
_KEPT = 5000  # people's languages, and channels' kinds, that are remembered


class Memo(OrderedDict[int, str]):
    """A small mapping that forgets what was put longest ago."""

    def put(self, key: int, value: str) -> None:
        """Remember `value`."""
        self[key] = value
        self.move_to_end(key)
        while len(self) > _KEPT:
            self.popitem(last=False)


class Receiver:
    """Turns messages into events, in each channel one after the other."""

    def __init__(
        self,
        *,
        client: Callable[[], Client],
        desk: AdapterServices,
        replies: Replies,
        sink: Sink,
        commands: Sequence[CommandSpec],
    ) -> None:
        self._client_now = client
        self._desk = desk
        self._replies = replies
        self._sink = sink
        self._commands = commands
        self._chains = Chains()
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._threads: OrderedDict[int, discord.Thread | None] = OrderedDict()  # channels that the cache does not have
        self._told = Memo()  # threads that were told that only mentions can be read
        self.locales = Memo()  #: of people who used a command: messages don't tell
        self.places = Memo()  #: channels where the bot was asked lately, with their servers
        self.newest = 0  #: id of the newest message that was heard

    @property
    def _client(self) -> Client:
        return self._client_now()

    @property
    def _me(self) -> int:
        user = self._client.user
        return user.id if user is not None else 0

    # -- messages

    async def message(self, message: discord.Message) -> None:
        """Record a message that is for the bot; when it can't be kept, say so where it was asked."""
        self.newest = max(self.newest, message.id)
        if message.author.id == self._me or message.webhook_id or message.type not in _SPOKEN:
            return
        lock = self._locks.setdefault(message.channel.id, asyncio.Lock())
        async with lock:
            asked = None
            try:
                asked = await self._event(message)
                if asked is not None:
                    self.places.put(message.channel.id, asked.location.workspace)
                    await self._sink(asked)
            except StoreError as exc:
                log.warning("message not kept", message=message.id, reason=str(exc))
                if asked is not None or parse.is_mention(message, self._me) or message.guild is None:
                    await self._tell(message, "discord.not_kept")
            except Exception:  # a mistake of ours, or a message such as none was before: no reason for silence
                log.exception("message not understood", message=message.id)
                if message.guild is None or any(user.id == self._me for user in message.mentions):
                    await self._tell(message, "discord.not_kept")

    async def edited(self, message: discord.Message) -> None:
        """Tell the core of a changed question."""
        if message.author.id == self._me or message.webhook_id or message.type not in _SPOKEN:
            return
        async with self._locks.setdefault(message.channel.id, asyncio.Lock()):
            try:
                asked = await self._event(message)
                if asked is not None:
                    await self._desk.revise(asked)
            except StoreError as exc:
                log.warning("edit not kept", message=message.id, reason=str(exc))

    async def deleted(self, channel: int, messages: set[int]) -> None:
        """Tell the core of questions that are gone."""
        async with self._locks.setdefault(channel, asyncio.Lock()):
            for message in messages:
                try:
                    await self._desk.retract(ADAPTER, str(message))
                except StoreError as exc:
                    log.warning("deletion not kept", message=message, reason=str(exc))

    async def _tell(self, message: discord.Message, key: str) -> None:
        text = translate(key, self._locale(message))
        try:
            await message.channel.send(text, reference=message.to_reference(fail_if_not_exists=False))
        except (discord.HTTPException, discord.RateLimited, *NETWORK) as exc:
            log.warning("not told", message=message.id, reason=reason(exc))

    def _locale(self, message: discord.Message) -> str:
        guild = str(message.guild.preferred_locale) if message.guild else ""
        return self.locales.get(message.author.id, guild)

    # -- is it for the bot, and where does it belong

    async def _event(self, message: discord.Message) -> Event | None:
        """The event of a message that is for the bot. Raises `StoreError`."""
        is_mention = parse.is_mention(message, self._me)
        if message.author.bot and not is_mention:
            return None
        if not parse.guild_of(message):
            return self._made(message, Spot(channel=str(message.channel.id)))
        thread = await self._thread(message, is_mention=is_mention)
        if thread is not None:
            return await self._in_thread(message, thread, is_mention=is_mention)
        answered = parse.reply_of(message)
        is_answer = answered is not None and answered.author.id == self._me
        if not is_mention and not is_answer:
            return None
        root, is_command = await self._chains.root(self._client, message)
        opens = await self._opens(message, is_answer=is_answer)
        asked = self._made(message, Spot(str(message.channel.id), root=root, is_command=is_command, opens=opens))
        return await self._continued(asked, is_chain=answered is not None)

    def _made(self, message: discord.Message, spot: Spot) -> Event:
        return parse.event(message, self._commands, me=self._me, spot=spot, locale=self._locale(message))

    async def _continued(self, asked: Event, *, is_chain: bool) -> Event:
        """The event, with earlier talk to be read where the core has none of this conversation."""
        if not is_chain or await self._desk.participants(ADAPTER, asked.conversation):
            return asked
        return replace(asked, has_prior_messages=True)

    async def _in_thread(self, message: discord.Message, thread: discord.Thread, *, is_mention: bool) -> Event | None:
        """In a thread that the bot opened everybody is heard; elsewhere who alone has been talking to it."""
        people = await self._desk.participants(ADAPTER, f"t{thread.id}")
        if not is_mention:
            if not people or parse.is_for_others(message, self._me):
                return None
            answered = parse.reply_of(message)
            is_answer = answered is not None and answered.author.id == self._me
            is_own = thread.owner_id == self._me
            if not is_own and not is_answer and set(people) != {str(message.author.id)}:
                return None
            if not (message.content or message.attachments or message.stickers or message.message_snapshots):
                await self._unreadable(message, thread)
                return None
        asked = self._made(message, Spot(str(thread.parent_id), thread=str(thread.id)))
        return asked if people else replace(asked, has_prior_messages=True)

    async def _unreadable(self, message: discord.Message, thread: discord.Thread) -> None:
        """Without the message content intent a thread is told once that only mentions can be read."""
        if not self._client.intents.message_content and thread.id not in self._told:
            self._told.put(thread.id, "")
            await self._tell(message, "discord.mention_me")

    async def _thread(self, message: discord.Message, *, is_mention: bool) -> discord.Thread | None:
        """The thread a message is in. Where the library does not know the channel, it is asked for if it matters."""
        channel = message.channel
        if not isinstance(channel, discord.PartialMessageable):
            return channel if isinstance(channel, discord.Thread) else None
        if channel.id not in self._threads:
            if not is_mention and not await self._desk.participants(ADAPTER, f"t{channel.id}"):
                return None
            try:
                found = await self._client.fetch_channel(channel.id)
            except (discord.HTTPException, discord.InvalidData, discord.RateLimited, *NETWORK):
                return None
            self._threads[channel.id] = found if isinstance(found, discord.Thread) else None
            while len(self._threads) > _KEPT:
                self._threads.popitem(last=False)
        return self._threads[channel.id]

    async def _opens(self, message: discord.Message, *, is_answer: bool) -> Literal["", "talk", "all"]:
        """Which answers to this message open a thread."""
        channel, guild = message.channel, message.guild
        if guild is None or not isinstance(channel, discord.TextChannel):
            return ""
        mode = await self._replies.mode(str(guild.id), str(channel.id))
        if mode == "reply" or (mode == "auto" and is_answer):
            return ""
        may = channel.permissions_for(guild.me)
        if not (may.create_public_threads and may.send_messages_in_threads):
            return ""
        return "all" if mode == "thread" else "talk"
