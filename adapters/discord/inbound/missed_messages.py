"""Missed messages: after a restart, or a session that could not be resumed, they are read from the history, once."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress

import discord
import structlog

from adapters.discord.gateway.client import DiscordClient
from adapters.discord.gateway.errors import describe_error
from adapters.discord.gateway.unavailable_servers import UnavailableServers
from adapters.discord.inbound import history, parse
from adapters.discord.inbound.messages import MessageHandler
from adapters.discord.timing import Timing
from adapters.kit.connection.backoff import Backoff
from adapters.kit.errors import NETWORK_ERRORS
from bot.background import BackgroundTasks
from bot.errors import BotError, StoreError
from bot.i18n import translate
from bot.ports import AdapterServices

log = structlog.get_logger(__name__)

#: Storage namespace and key: the id of the newest message received, so that a restart knows what it missed.
NAMESPACE, NEWEST = "discord.heard", "newest"
#: Channels that are read after one lost session, and messages read of each.
MAX_CHANNELS, MAX_MESSAGES = 200, 300
_FIRST = 1  # a position before every message
#: Distance of two ids: a message may arrive ten seconds later than a newer one of another channel.
LATE = 10_000 << 22
_MAX_TRIES = 20  # of reading a channel
_TEXT_CHANNELS = (discord.TextChannel, discord.VoiceChannel, discord.StageChannel)


class MissedMessages:
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
        #: by shard: newest message before what is not read yet; None: not known yet
        self._gaps: dict[int, int | None] = {}
        self._read: dict[int, set[int]] = {}  # by shard: channels whose gap is read
        #: by shard: newest message of the process that had it before; None: not read yet
        self._restored: dict[int, int | None] = {}
        self._saved: dict[int, int] = {}
        self._unavailable = UnavailableServers(services)
        self._readers: dict[int, asyncio.Task[None]] = {}
        self._tasks = BackgroundTasks("missed messages")

    # -- the position, saved

    async def take_over(self, shards: Collection[int]) -> None:
        """Read what an earlier process saved of these shards. Call it before they are connected.

        Where that fails, it is repeated later.
        """
        self._restored |= dict.fromkeys(shards)
        try:
            for shard in shards:
                await self._restore(shard)
        except StoreError as exc:
            log.warning("last message not known yet", reason=str(exc))

    async def let_go(self, shards: Collection[int]) -> None:
        """Save what the next process needs to know of these shards, and forget them."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timing.position_timeout):
                await self.save_position()
        for shard in shards:
            if (reader := self._readers.pop(shard, None)) is not None:
                reader.cancel()
            for known in (self._lost_at, self._gaps, self._read, self._restored, self._saved):
                known.pop(shard, None)

    async def _restore(self, shard: int) -> int:
        found = self._restored.get(shard)
        if found is None:
            await self._messages.active_channels.restore()
            await self._unavailable.restore()
            saved = await self._services.storage(NAMESPACE, has_secrets=False).items()
            found = self._restored[shard] = read_position(saved, shard, self._count)
        return found

    @property
    def _count(self) -> int:
        return self._get_client().shard_count or 1

    @property
    def _certain_position(self) -> int:
        """Id of a message up to which none is left to be received; `_FIRST` or less: not known."""
        position = self._messages.position
        return max(position - LATE, min(position, _FIRST))

    async def save_periodically(self) -> None:
        """Save the position periodically until cancelled."""
        while True:
            await asyncio.sleep(self._timing.position_interval)
            await self.save_position()

    async def save_position(self) -> None:
        """Save the id of the newest message before which none is left to be read or recorded, for each shard."""
        gaps = list(self._gaps.values())
        if None in gaps:
            return
        position = min([self._messages.position, *(gap for gap in gaps if gap is not None)])
        for shard, saved in self._saved.items():
            if position > saved:
                try:
                    await self._services.storage(NAMESPACE, has_secrets=False).set(
                        position_name(shard, self._count), str(position)
                    )
                    self._saved[shard] = position
                except StoreError as exc:
                    log.warning("last message not saved", reason=str(exc))

    async def stop(self) -> None:
        """Stop reading; what is not read yet is read after the next session begins."""
        await self._tasks.close()

    # -- events of the gateway

    async def on_disconnect(self, shard: int) -> None:
        """Remember the newest message before the connection was lost."""
        self._lost_at.setdefault(shard, self._certain_position)

    async def on_resume(self, shard: int) -> None:
        """Forget the lost connection: the resumed session delivered what was missed."""
        self._lost_at.pop(shard, None)

    async def on_connect(self, shard: int) -> None:
        """Remember where the gap before a new session begins; it is read when the servers are known."""
        since = self._lost_at.pop(shard, 0) or self._restored.get(shard)
        self._saved.setdefault(shard, 0)  # from now on its position is known, and saved
        if since == 0:  # the first session ever: all that is heard from now on is missed if the process ends
            await self._move_position(_FIRST)
        else:
            self._gaps.setdefault(shard, since)  # one that is not read yet begins earlier
            self._read[shard] = set()
            self._messages.read_missed = self._read_before

    async def on_ready(self, shard: int) -> None:
        """Read the gap in the channels where the bot takes part. The core ignores messages that it knows."""
        if (reader := self._readers.get(shard)) is not None:
            reader.cancel()
        if shard in self._gaps:
            self._readers[shard] = self._tasks.start(self._read_gap(shard))
        else:
            await self._move_position(self._find_newest(shard))

    async def on_server_unavailable(self, guild: discord.Guild) -> None:
        """Note that from now on messages of a server do not arrive."""
        known = {place.id for place in (*guild.channels, *guild.threads)}
        self._read.setdefault(guild.shard_id, set()).difference_update(known)
        since = self._gaps.get(guild.shard_id, self._certain_position)
        if since is not None and since > _FIRST:  # else it is noted when that is known
            self._messages.read_missed = self._read_before
            await self._unavailable.add(guild.id, since)

    async def on_server_available(self, guild: discord.Guild) -> None:
        """Read what was missed in a server while it was unavailable, or before Discord told of it."""
        if self._unavailable.since(guild.id):
            self._tasks.start(self._read_server(guild))

    # -- reading

    async def _read_gap(self, shard: int) -> None:
        newest = self._find_newest(shard)
        backoff = Backoff(first=self._timing.missed_retry, longest=60 * self._timing.missed_retry)
        since = self._gaps[shard]
        while since is None:
            try:
                since = self._gaps[shard] = await self._restore(shard)
            except StoreError:
                await asyncio.sleep(backoff.next())
        guilds = self._guilds_of(shard)
        for guild in guilds:
            if since and guild.unavailable:
                await self._unavailable.add(guild.id, since)
            elif self._unavailable.since(guild.id):
                await self._read_server(guild)
        if since:
            await self._read_channels(shard, self._find_channels(guilds, since, has_direct=shard == 0), since)
        del self._gaps[shard]
        await self._move_position(newest)

    async def _read_server(self, guild: discord.Guild) -> None:
        since = self._unavailable.since(guild.id)
        await self._read_channels(guild.shard_id, self._find_channels([guild], since), since)
        await self._unavailable.remove(guild.id)

    async def _read_channels(self, shard: int, channels: "list[discord.abc.MessageableChannel]", since: int) -> None:
        backoff = Backoff(first=self._timing.missed_retry, longest=60 * self._timing.missed_retry)
        for _ in range(_MAX_TRIES):
            channels = [channel for channel in channels if not await self._try_channel(shard, channel, since)]
            if not channels:
                return
            await asyncio.sleep(backoff.next())
        log.error("missed messages never read", channels=[channel.id for channel in channels])

    def _find_newest(self, shard: int) -> int:
        """Return the newest message in the shard's servers: by Discord's clock, as this machine's may be wrong."""
        places = [place for guild in self._guilds_of(shard) for place in (*guild.channels, *guild.threads)]
        return max((getattr(place, "last_message_id", None) or 0 for place in places), default=0)

    def _guilds_of(self, shard: int) -> list[discord.Guild]:
        return [guild for guild in self._get_client().guilds if guild.shard_id == shard]

    async def _move_position(self, number: int) -> None:
        self._messages.newest_id = max(self._messages.newest_id, number)
        await self.save_position()

    async def _read_before(self, message: discord.Message) -> None:
        """Read what was missed in a message's channel at once, so that it is recorded in the order written.

        Direct messages of somebody new are known only from here on. The message's handler holds the channel's lock.
        """
        channel, guild = message.channel, parse.guild_id_of(message)
        shard = (int(guild) >> 22) % self._count if guild else 0
        is_known = self._takes_part(channel)
        since = self._gaps.get(shard) or (self._restored.get(shard) if not is_known else None)
        since = self._unavailable.since(int(guild or 0)) or since
        if since and channel.id not in self._read[shard] and (is_known or not guild):
            await self._try_to_read(shard, channel, since)

    async def _try_channel(self, shard: int, channel: "discord.abc.MessageableChannel", since: int) -> bool:
        async with self._messages.lock(channel.id):
            return channel.id in self._read[shard] or await self._try_to_read(shard, channel, since)

    async def _try_to_read(self, shard: int, channel: "discord.abc.MessageableChannel", since: int) -> bool:
        """Read what was missed in one channel; False: it has to be repeated."""
        try:
            await self._read_channel(channel, since)
        except (discord.Forbidden, discord.NotFound) as exc:
            log.info("missed messages can't be read", channel=channel.id, reason=describe_error(exc))
        except (discord.DiscordException, BotError, *NETWORK_ERRORS) as exc:
            log.warning("missed messages not read", channel=channel.id, reason=describe_error(exc))
            return False
        except Exception:  # a defect: no channel ends the others
            log.exception("missed messages not read", channel=channel.id)
            return False
        self._read[shard].add(channel.id)
        return True

    async def _read_channel(self, channel: "discord.abc.MessageableChannel", since: int) -> None:
        client = self._get_client()
        missed = await history.read_messages(client, channel, limit=MAX_MESSAGES + 1, after=since)
        reach = _snowflake_of(-self._timing.missed_reach)
        too_old = [message for message in missed if message.id < reach]
        is_too_much = len(missed) > MAX_MESSAGES and self._takes_part(channel)
        if is_too_much or any(map(self._messages.is_to_me, too_old)):
            await self._say_that_too_much_was_missed(channel, since)
        for message in missed[-MAX_MESSAGES:]:
            if message.id >= reach:
                await self._messages.record(message)
                if message.edited_at is not None:
                    await self._messages.apply_edit(message)
        log.info("missed messages read", channel=channel.id, messages=len(missed))

    async def _say_that_too_much_was_missed(self, channel: "discord.abc.MessageableChannel", since: int) -> None:
        """Say so once: the nonce keeps another process, or another try, from saying it again."""
        guild = getattr(channel, "guild", None)
        locale = str(guild.preferred_locale) if guild is not None else ""
        try:
            await channel.send(translate("request.missed", locale), nonce=f"missed{since}"[:25])
        except (discord.HTTPException, discord.RateLimited, *NETWORK_ERRORS) as exc:
            log.warning("not said that messages were missed", channel=channel.id, reason=describe_error(exc))

    def _find_channels(
        self, guilds: Sequence[discord.Guild], since: int, *, has_direct: bool = False
    ) -> "list[discord.abc.MessageableChannel]":
        """Return the channels and threads that have a message newer than `since`, those with the newest first.

        First come the bot's threads and where it was asked lately, then direct messages, of which no newest message is
        known, then the others: somebody may have mentioned it there for the first time.
        """
        client = self._get_client()
        known: list[discord.abc.MessageableChannel] = []
        others: list[discord.abc.MessageableChannel] = []
        newest: dict[int, int] = {}
        for guild in guilds:
            for place in (*guild.threads, *(one for one in guild.channels if isinstance(one, _TEXT_CHANNELS))):
                newest[place.id] = place.last_message_id or 0
                if newest[place.id] <= since:
                    continue
                if self._takes_part(place):
                    known.append(place)
                elif _may_read(guild, place):
                    others.append(place)
        for found in (known, others):
            found.sort(key=lambda place: newest[place.id], reverse=True)
        if has_direct:
            direct = [channel for channel, guild in self._messages.active_channels if not guild]
            known += [client.get_partial_messageable(int(channel)) for channel in direct]
        if (left := len(known) + len(others) - MAX_CHANNELS) > 0:
            log.warning("messages missed in too many channels", read=MAX_CHANNELS, left=left)
        return [*known, *others][:MAX_CHANNELS]

    def _takes_part(self, channel: "discord.abc.MessageableChannel") -> bool:
        """Whether it is the bot's own thread, or somebody asked there lately."""
        user = self._get_client().user
        is_own = isinstance(channel, discord.Thread) and user is not None and channel.owner_id == user.id
        return is_own or str(channel.id) in self._messages.active_channels


def _may_read(guild: discord.Guild, channel: "discord.abc.GuildChannel | discord.Thread") -> bool:
    """Whether the bot may read a channel's history; True where that is not known."""
    me, place = guild.me, channel.parent if isinstance(channel, discord.Thread) else channel
    return me is None or place is None or place.permissions_for(me).read_message_history


def position_name(shard: int, count: int) -> str:
    """Return the name under which the position of a shard of so many is stored."""
    return NEWEST if count == 1 else f"{NEWEST}.{shard}/{count}"


def read_position(saved: Mapping[str, str], shard: int, count: int) -> int:
    """Return the newest message that is known to be recorded, with all before it, of a shard; 0: none.

    With another number of shards it was what all of these together knew.
    """
    groups: dict[int, dict[int, int]] = {}
    for name, value in saved.items():
        number, _, of = name.removeprefix(NEWEST).removeprefix(".").partition("/")
        groups.setdefault(int(of or 1), {})[int(number or 0)] = int(value)
    own = groups.get(count, {}).get(shard, 0)
    return max([own, *(min(group.values()) for of, group in groups.items() if of != count and len(group) == of)])


def _snowflake_of(seconds: float) -> int:
    """Return the smallest id of that moment, in seconds from now."""
    return discord.utils.time_snowflake(discord.utils.utcnow()) + (int(seconds * 1000) << 22)
