"""Incoming messages: those that address the bot are recorded as events; edits and deletions are applied to them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Literal

import discord
import structlog

from adapters.discord.gateway.client import DiscordClient
from adapters.discord.gateway.errors import describe_error
from adapters.discord.inbound import parse
from adapters.discord.inbound.history import ReplyChains
from adapters.discord.inbound.parse import ADAPTER, MessageContext
from adapters.discord.inbound.places import ServedPlaces
from adapters.discord.inbound.reply_mode import ReplyModes
from adapters.discord.reply_target import ReplyTarget
from adapters.discord.timing import Timing
from adapters.kit.active_channels import ActiveChannels
from adapters.kit.bounded import BoundedDict
from adapters.kit.errors import NETWORK_ERRORS
from adapters.kit.participation import MutedParticipants
from adapters.kit.per_key import PerKey
from adapters.kit.plain_words import build_event
from adapters.kit.store_outage import hold
from adapters.kit.written_languages import WrittenLanguages
from bot.errors import StoreError
from bot.i18n import translate
from bot.models import CommandSpec, Event, Location
from bot.ports import AdapterServices, ChannelSettings, Sink

log = structlog.get_logger(__name__)

_USER_TYPES = (discord.MessageType.default, discord.MessageType.reply)
_DAY = 86400.0
_STRANGER = "stranger"  # the value of a person who was told so
_REMEMBERED = 5000  # people's locales, and threads


class MessageHandler:
    """Turns messages into events, one after the other in each channel."""

    def __init__(
        self,
        *,
        client: Callable[[], DiscordClient],
        services: AdapterServices,
        reply_modes: ReplyModes,
        sink: Sink,
        commands: Sequence[CommandSpec],
        served: ServedPlaces,
        timing: Timing,
    ) -> None:
        self._served, self._timing = served, timing
        self._get_client = client
        self._services = services
        self._reply_modes = reply_modes
        self._sink = sink
        self._commands = commands
        self._chains = ReplyChains()
        self._muted = MutedParticipants(services, ADAPTER)
        self._locks: PerKey[int, asyncio.Lock] = PerKey()
        self._threads: BoundedDict[int, discord.Thread | None] = BoundedDict(_REMEMBERED)  # those the library lacks
        self._refused: BoundedDict[int, None] = BoundedDict(_REMEMBERED, lifetime=_DAY)  # strangers who were told so
        self._explained: BoundedDict[int, None] = BoundedDict(_REMEMBERED)  # where it was said that mentions are needed
        self.locales: BoundedDict[int, str] = BoundedDict(_REMEMBERED)  # of people who used an interaction
        self._written_languages = WrittenLanguages()  # messages have no locale
        self.active_channels = ActiveChannels(services, ADAPTER)  #: each with its server; "" for direct messages
        self._own_id = 0  # the bot's, the same in every session; 0: not known yet
        self.newest_id = 0  #: id of the newest message received
        self._pending: set[int] = set()  # messages that are received and not recorded yet
        #: reads what was missed in a message's channel, to be recorded before the message; None: this is the first run
        self.read_missed: Callable[[discord.Message], Awaitable[None]] | None = None

    @property
    def _client(self) -> DiscordClient:
        return self._get_client()

    @property
    def _me(self) -> int:
        if not self._own_id and (user := self._client.user) is not None:
            self._own_id = user.id
        return self._own_id

    @property
    def position(self) -> int:
        """Id of a message up to which all that were received are recorded."""
        return min(self._pending) - 1 if self._pending else self.newest_id

    # -- events of the gateway

    async def on_message(self, message: discord.Message) -> None:
        """Record a message that addresses the bot, and before it what was missed in its channel."""
        self.newest_id = max(self.newest_id, message.id)
        if not self._is_from_user(message):
            return
        self._pending.add(message.id)
        try:
            async with self.lock(message.channel.id):
                if self.read_missed is not None:
                    await self.read_missed(message)
                await self.record(message)
        finally:
            self._pending.discard(message.id)

    def note_own_message(self, message: int) -> None:
        """Note the id of a message of the bot: nothing before it is left to be read."""
        self.newest_id = max(self.newest_id, message)

    async def record(self, message: discord.Message) -> None:
        """Record a message that addresses the bot; while the database is away, hold it and try again.

        The caller holds the channel's lock.
        """
        if not self._is_from_user(message):
            return
        is_addressed = False

        async def attempt() -> None:
            nonlocal is_addressed
            event = await self._parse(message)
            if event is None:
                return
            is_addressed = True
            if not await self._served.serves_message(message, event.location.workspace):
                await self._refuse_stranger(message)
            else:
                place = str(message.channel.id), event.location.workspace
                await self.active_channels.add_with(self._sink(event), *place)
                await self._remove_secret(message, event)

        try:
            await hold(attempt, self._timing.outage, message=message.id)
        except StoreError as exc:
            log.warning("message not recorded", message=message.id, reason=str(exc))
            if is_addressed or self.is_to_me(message):
                await self._reply(message, "discord.not_recorded")
        except Exception:  # a bug, or a kind of message that is new: the author gets an answer all the same
            log.exception("message not parsed", message=message.id)
            if is_addressed or self.is_to_me(message):
                await self._reply(message, "request.not_recorded")

    async def on_message_edit(self, message: discord.Message) -> None:
        """Revise the event of an edited question; record a message that names the bot since it was edited."""
        async with self.lock(message.channel.id):
            await self.apply_edit(message)

    async def apply_edit(self, message: discord.Message) -> None:
        """See `on_message_edit`. An edit that is applied already is ignored. The caller holds the channel's lock."""
        if not self._is_from_user(message):
            return

        async def attempt() -> None:
            event = await self._parse(message, is_edit=True)
            if event is not None and await self._served.serves_message(message, event.location.workspace):
                await self._services.revise(event)
                if parse.is_mention(message, self._me):
                    await self._sink(event)  # it may name the bot only now; an event that is recorded is ignored
                await self._remove_secret(message, event)

        try:
            await hold(attempt, self._timing.outage, edited=message.id)
        except StoreError as exc:
            log.warning("edit not recorded", message=message.id, reason=str(exc))

    async def on_message_delete(self, channel: int, messages: set[int]) -> None:
        """Retract the events of deleted questions."""
        async with self.lock(channel):
            for message in messages:
                try:
                    retract = partial(self._services.retract, ADAPTER, str(message))
                    await hold(retract, self._timing.outage, deleted=message)
                except StoreError as exc:
                    log.warning("deletion not recorded", message=message, reason=str(exc))

    def is_to_me(self, message: discord.Message) -> bool:
        """Whether a message is for the bot wherever it is said: it mentions the bot, or is a direct message."""
        if not self._is_from_user(message):
            return False
        return parse.is_mention(message, self._me) or (not message.author.bot and not parse.guild_id_of(message))

    def _is_from_user(self, message: discord.Message) -> bool:
        return message.author.id != self._me and not message.webhook_id and message.type in _USER_TYPES

    def lock(self, channel: int) -> asyncio.Lock:
        """Return the lock of a channel: its messages are recorded one after the other."""
        return self._locks.find_or_make(channel, asyncio.Lock)

    async def _reply(self, message: discord.Message, key: str) -> None:
        text = translate(key, self._locale(message))
        try:
            await message.channel.send(text, reference=message.to_reference(fail_if_not_exists=False))
        except (discord.HTTPException, discord.RateLimited, *NETWORK_ERRORS) as exc:
            log.warning("reply not sent", message=message.id, reason=describe_error(exc))

    async def _remove_secret(self, message: discord.Message, event: Event) -> None:
        """Delete a message in which a secret was typed, where the bot may; its author is told what to do."""
        if not event.rejection or not ReplyTarget.of(event.reply_to).direct:
            return
        try:
            await message.delete()
        except (discord.HTTPException, discord.RateLimited, *NETWORK_ERRORS) as exc:
            log.warning("message with a secret not deleted", message=message.id, reason=describe_error(exc))

    async def _refuse_stranger(self, message: discord.Message) -> None:
        """Tell a person in private, at most once a day, that the place is not served."""
        if message.author.bot or message.author.id in self._refused:
            return
        self._refused[message.author.id] = None
        refusals = self._services.storage(f"discord.refused.{message.author.id}", has_secrets=False)
        try:
            if await refusals.get(_STRANGER):  # by another process, or before a restart
                return
            await refusals.set(_STRANGER, str(message.id), expires=datetime.now(UTC) + timedelta(seconds=_DAY))
            await message.author.send(translate("discord.stranger", self._locale(message)))
        except (StoreError, discord.HTTPException, discord.RateLimited, *NETWORK_ERRORS) as exc:
            log.info("stranger not told", message=message.id, reason=describe_error(exc))

    def _locale(self, message: discord.Message) -> str:
        server, person = str(message.guild.preferred_locale) if message.guild else "", message.author.id
        return self.locales.get(person) or self._written_languages.of(person, message.content, server)

    # -- whether it addresses the bot, and its context

    async def _parse(self, message: discord.Message, *, is_edit: bool = False) -> Event | None:
        """Return the event of a message that addresses the bot, else None. Raises `StoreError`."""
        is_mention = parse.is_mention(message, self._me)
        if message.author.bot and not is_mention:
            return None
        if not parse.guild_id_of(message):
            return await self._event(message, MessageContext(channel=str(message.channel.id)))
        thread = await self._find_thread(message, is_mention=is_mention)
        if thread is not None:
            return await self._parse_in_thread(message, thread, is_mention=is_mention, is_edit=is_edit)
        replied = parse.replied_message(message)
        is_reply_to_me = replied is not None and replied.author.id == self._me
        settings = await self._settings_of(message, message.channel.id)
        if not is_mention and not is_reply_to_me and not await self._is_for_all(message, settings):
            return None
        is_reply = parse.is_reply(message)
        root, asker = await self._chains.find_root(self._client, message) if is_reply else ("", "")
        context = MessageContext(
            str(message.channel.id),
            root=root,
            asker=asker,
            starts_thread=await self._starts_thread(message, settings, is_reply_to_me=is_reply_to_me),
        )
        event = await self._event(message, context)
        if replied is None or await self._services.participants(ADAPTER, event.conversation):
            return event
        return replace(event, has_prior_messages=True)

    async def _settings_of(self, message: discord.Message, channel: int | None) -> ChannelSettings:
        place = Location(workspace=parse.guild_id_of(message), channel=str(channel))
        return await self._services.channel_settings(ADAPTER, place)

    async def _is_for_all(self, message: discord.Message, settings: ChannelSettings) -> bool:
        """Whether a message without a mention is for the bot, as all of its channel are, but for those to others."""
        if not settings.answers_all or message.author.bot or parse.is_for_others(message, self._me):
            return False
        if not _has_content(message):
            await self._explain_missing_content(message, message.channel.id)
            return False
        return True

    async def _event(self, message: discord.Message, context: MessageContext) -> Event:
        locale = self._locale(message)
        build = partial(parse.event_from_message, message, self._commands, me=self._me, context=context, locale=locale)
        return await build_event(self._services, build, begun_by=context.thread)

    async def _parse_in_thread(
        self, message: discord.Message, thread: discord.Thread, *, is_mention: bool, is_edit: bool
    ) -> Event | None:
        """Answer without a mention everybody in the bot's own thread, elsewhere a person alone with the bot.

        A participant who addresses somebody else is muted until they address the bot again. An edit mutes nobody, and
        the question of somebody who was muted since can be edited.
        """
        people = await self._services.participants(ADAPTER, f"t{thread.id}")
        user = str(message.author.id)
        replied = parse.replied_message(message)
        is_for_others = parse.is_for_others(message, self._me)
        is_reply_to_me = replied is not None and replied.author.id == self._me and not is_for_others
        addresses_me = is_mention or (is_reply_to_me and bool(people))
        takes_part = bool(people) and (thread.owner_id == self._me or set(people) == {user})
        is_post = message.id == thread.id  # the first message of a forum post
        if (people or is_post) and not takes_part:
            takes_part = (await self._settings_of(message, thread.parent_id)).answers_all
        if takes_part and user not in people:
            takes_part = user not in await self._services.departed(ADAPTER, f"t{thread.id}")
        is_addressed = await self._muted.is_addressed(
            (str(thread.parent_id), str(thread.id)),
            user,
            is_mention=addresses_me,
            is_for_others=is_for_others,
            takes_part=takes_part,
            is_edit=is_edit,
        )
        if not is_addressed:
            return None
        if not is_mention and not _has_content(message):
            await self._explain_missing_content(message, thread.id)
            return None
        event = await self._event(message, MessageContext(str(thread.parent_id), thread=str(thread.id)))
        return event if people else replace(event, has_prior_messages=True)

    async def _explain_missing_content(self, message: discord.Message, place: int) -> None:
        """Say once a thread or channel that without the message content intent only mentions can be read."""
        if not self._client.intents.message_content and place not in self._explained:
            self._explained[place] = None
            await self._reply(message, "discord.mention_me")

    async def _find_thread(self, message: discord.Message, *, is_mention: bool) -> discord.Thread | None:
        """Return the thread of a message. A channel that the library does not know is fetched if it matters."""
        channel = message.channel
        if not isinstance(channel, discord.PartialMessageable):
            return channel if isinstance(channel, discord.Thread) else None
        if channel.id not in self._threads:
            if not is_mention and not await self._services.participants(ADAPTER, f"t{channel.id}"):
                return None
            try:
                fetched = await self._client.fetch_channel(channel.id)
            except (discord.HTTPException, discord.InvalidData, discord.RateLimited, *NETWORK_ERRORS):
                return None
            self._threads[channel.id] = fetched if isinstance(fetched, discord.Thread) else None
        return self._threads[channel.id]

    async def _starts_thread(
        self, message: discord.Message, settings: ChannelSettings, *, is_reply_to_me: bool
    ) -> Literal["", "text", "all"]:
        """Return which answers to this message start a thread."""
        channel, guild = message.channel, message.guild
        if guild is None or not isinstance(channel, discord.TextChannel):
            return ""
        mode = await self._reply_modes.get(str(guild.id), str(channel.id), settings)
        if mode == "reply" or (mode == "auto" and is_reply_to_me):
            return ""
        granted = channel.permissions_for(guild.me)
        if not (granted.create_public_threads and granted.send_messages_in_threads):
            return ""
        return "all" if mode == "thread" else "text"


def _has_content(message: discord.Message) -> bool:
    """Whether Discord sent along what a message says; without the message content intent it does not."""
    parts = (message.content, message.attachments, message.stickers, message.message_snapshots, message.components)
    return any(parts) or message.poll is not None
