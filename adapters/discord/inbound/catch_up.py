"""Missed messages: after a session that could not be resumed, they are read from the history, once."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

import discord
import structlog

from adapters.discord.gateway.client import DiscordClient
from adapters.discord.gateway.errors import describe_error
from adapters.discord.inbound.messages import MessageHandler
from adapters.discord.timing import Timing
from adapters.kit.errors import NETWORK_ERRORS
from bot.errors import StoreError
from bot.ports import AdapterServices

log = structlog.get_logger(__name__)

#: Storage namespace and key: the id of the newest message received, so that a restart knows what it missed.
NAMESPACE, NEWEST = "discord.heard", "newest"
#: Channels that are read after one lost session, and messages read of each.
MAX_CHANNELS, MAX_MESSAGES = 200, 100
_TEXT_CHANNELS = (discord.TextChannel, discord.VoiceChannel, discord.StageChannel)


class CatchUp:
    """Follows the gateway sessions and reads the messages sent between two of them."""

    def __init__(
        self,
        *,
        client: Callable[[], DiscordClient],
        services: AdapterServices,
        messages: MessageHandler,
        timing: Timing,
    ) -> None:
        self._get_client = client
        self._services = services
        self._messages = messages
        self._timing = timing
        self._lost_at: dict[int, int] = {}  # by shard: newest message when the connection was lost
        self._gaps: dict[int, int] = {}  # by shard: the same, of a new session that is not ready yet
        self._restored = 0  # newest message of an earlier process
        self._saved = 0

    # -- the position, saved

    async def restore_position(self) -> None:
        """Read the newest message of an earlier process. Call it before connecting."""
        try:
            self._restored = int(await self._services.storage(NAMESPACE).get(NEWEST) or 0)
        except StoreError as exc:
            log.warning("last message not known", reason=str(exc))

    async def save_periodically(self) -> None:
        """Save the position periodically until cancelled."""
        while True:
            await asyncio.sleep(self._timing.position_interval)
            await self.save_position()

    async def save_position(self) -> None:
        """Save the id of the newest message."""
        if self._messages.newest_id > self._saved:
            self._saved = self._messages.newest_id
            try:
                await self._services.storage(NAMESPACE).set(NEWEST, str(self._saved))
            except StoreError as exc:
                log.warning("last message not saved", reason=str(exc))

    # -- events of the gateway

    async def on_disconnect(self, shard: int) -> None:
        """Remember the newest message before the connection was lost."""
        self._lost_at.setdefault(shard, self._messages.newest_id)

    async def on_resume(self, shard: int) -> None:
        """Forget the lost connection: the resumed session delivered what was missed."""
        self._lost_at.pop(shard, None)

    async def on_connect(self, shard: int) -> None:
        """Remember where the gap before a new session begins; it is read when the servers are known."""
        self._gaps[shard] = self._lost_at.pop(shard, 0) or self._restored

    async def on_ready(self, shard: int) -> None:
        """Read the gap in the channels where the bot takes part. The core ignores messages that it knows."""
        since = self._gaps.pop(shard, 0)
        if not since:
            return
        reach = int(self._timing.catch_up_reach * 1000) << 22
        since = max(since, discord.utils.time_snowflake(discord.utils.utcnow()) - reach)
        count = 0
        for channel in self._find_channels(shard, since):
            try:
                history = channel.history(limit=MAX_MESSAGES, after=discord.Object(since), oldest_first=True)
                async for message in history:
                    count += 1
                    await self._messages.on_message(message)
            except (discord.HTTPException, discord.RateLimited, *NETWORK_ERRORS) as exc:
                log.warning("missed messages not read", channel=channel.id, reason=describe_error(exc))
        log.info("missed messages read", shard=shard, messages=count)

    def _find_channels(self, shard: int, since: int) -> "list[discord.abc.MessageableChannel]":
        """Return the bot's threads, and channels where it was asked lately, that have a message newer than `since`."""
        client = self._get_client()
        me = client.user.id if client.user is not None else 0
        active = self._messages.active_channels
        found: OrderedDict[int, discord.abc.MessageableChannel] = OrderedDict()
        for guild in client.guilds:
            if guild.shard_id != shard:
                continue
            for thread in guild.threads:
                is_ours = thread.owner_id == me or thread.id in active
                if is_ours and (thread.last_message_id or 0) > since:
                    found[thread.id] = thread
            for channel in guild.channels:
                if (
                    isinstance(channel, _TEXT_CHANNELS)
                    and channel.id in active
                    and (channel.last_message_id or 0) > since
                ):
                    found[channel.id] = channel
        if shard == 0:  # direct messages
            for channel_id in active:
                if active[channel_id] == "":
                    found[channel_id] = client.get_partial_messageable(channel_id)
        return list(found.values())[-MAX_CHANNELS:]
