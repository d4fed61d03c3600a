"""After a connection that could not be resumed: what was said meanwhile is read from the history, once."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

import discord
import structlog

from adapters.discord.gateway.client import Client
from adapters.discord.gateway.errors import NETWORK, reason
from adapters.discord.inbound.messages import Receiver
from bot.errors import StoreError
from bot.ports import AdapterServices

log = structlog.get_logger(__name__)

#: Where the newest message that was heard is written down, so that a restart knows what it missed.
BOOK, NEWEST = "discord.heard", "newest"
#: Seconds between two such notes.
NOTED = 60.0
#: Seconds of missed messages that are read at most.
REACH = 3600.0
#: Channels that are looked through after one connection was lost, and messages of one of them.
CHANNELS, MESSAGES = 200, 100
_SPOKEN_IN = (discord.TextChannel, discord.VoiceChannel, discord.StageChannel)


class Sessions:
    """Hears of new sessions and catches up."""

    def __init__(self, *, client: Callable[[], Client], desk: AdapterServices, receiver: Receiver) -> None:
        self._client = client
        self._desk = desk
        self._receiver = receiver
        self._since: dict[int, int] = {}  # newest message heard when a shard's connection was lost
        self._gap: dict[int, int] = {}  # the same, of a session that has begun and is not complete yet
        self._first = 0
        self._noted = 0

    async def begin(self) -> None:
        """Learn how far an earlier process heard; before connecting."""
        try:
            self._first = int(await self._desk.storage(BOOK).get(NEWEST) or 0)
        except StoreError as exc:
            log.warning("not known what was heard before", reason=str(exc))

    async def keep_noting(self) -> None:
        """Write down now and then how far was heard, until cancelled."""
        while True:
            await asyncio.sleep(NOTED)
            await self.put_note()

    async def put_note(self) -> None:
        """Write down how far was heard."""
        if self._receiver.newest > self._noted:
            self._noted = self._receiver.newest
            try:
                await self._desk.storage(BOOK).set(NEWEST, str(self._noted))
            except StoreError as exc:
                log.warning("not noted how far was heard", reason=str(exc))

    async def interrupted(self, shard: int) -> None:
        """Remember how far was heard."""
        self._since.setdefault(shard, self._receiver.newest)

    async def resumed(self, shard: int) -> None:
        """Everything missed was told."""
        self._since.pop(shard, None)

    async def begun(self, shard: int) -> None:
        """Remember what the new session will not tell; the servers are not known yet."""
        self._gap[shard] = self._since.pop(shard, 0) or self._first

    async def ready(self, shard: int) -> None:
        """Read what was said between the sessions where the bot takes part; known messages are known to the core."""
        since = self._gap.pop(shard, 0)
        if not since:
            return
        floor = discord.utils.time_snowflake(discord.utils.utcnow()) - (int(REACH * 1000) << 22)
        since = max(since, floor)
        count = 0
        for channel in self._changed(shard, since):
            try:
                async for message in channel.history(limit=MESSAGES, after=discord.Object(since), oldest_first=True):
                    count += 1
                    await self._receiver.message(message)
            except (discord.HTTPException, discord.RateLimited, *NETWORK) as exc:
                log.warning("not caught up", channel=channel.id, reason=reason(exc))
        log.info("caught up", shard=shard, messages=count)

    def _changed(self, shard: int, since: int) -> "list[discord.abc.MessageableChannel]":
        """Where something was said since, among the places where the bot was asked lately and its own threads."""
        client = self._client()
        me = client.user.id if client.user is not None else 0
        found: OrderedDict[int, discord.abc.MessageableChannel] = OrderedDict()
        for guild in client.guilds:
            if guild.shard_id != shard:
                continue
            for thread in guild.threads:
                is_ours = thread.owner_id == me or thread.id in self._receiver.places
                if is_ours and (thread.last_message_id or 0) > since:
                    found[thread.id] = thread
            for channel in guild.channels:
                if (
                    isinstance(channel, _SPOKEN_IN)
                    and channel.id in self._receiver.places
                    and (channel.last_message_id or 0) > since
                ):
                    found[channel.id] = channel
        if shard == 0:  # direct messages
            for place in self._receiver.places:
                if self._receiver.places[place] == "":
                    found[place] = client.get_partial_messageable(place)
        return list(found.values())[-CHANNELS:]
