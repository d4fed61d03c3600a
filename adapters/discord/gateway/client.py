"""The library's client: what is asked of the gateway, and to whom its events go; nothing is cached without need."""

import re
import time
from dataclasses import dataclass
from typing import Protocol

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, Route

from adapters.discord.ui.buttons import Press

#: Seconds that a request may wait for its rate limit before it is given up for a later try.
MAX_WAIT = 60.0
#: Seconds between two looks for rate limits of channels that are quiet.
FORGETS = 30.0


class Messages(Protocol):
    """Who hears messages. Each method is called in a task of its own, in the order of arrival."""

    async def message(self, message: discord.Message) -> None:
        """Somebody wrote."""

    async def edited(self, message: discord.Message) -> None:
        """Somebody changed what they wrote."""

    async def deleted(self, channel: int, messages: set[int]) -> None:
        """Messages are gone."""


class Interactions(Protocol):
    """Who hears commands, forms and buttons."""

    async def interaction(self, interaction: discord.Interaction) -> None:
        """Somebody used a command or a form, or asks for choices."""

    async def pressed(self, interaction: discord.Interaction, button: re.Match[str]) -> None:
        """Somebody pressed a button of an answer."""


class Sessions(Protocol):
    """Who hears of the connections themselves."""

    async def begin(self) -> None:
        """Learn how far was heard before; called once, before connecting."""

    async def keep_noting(self) -> None:
        """Write down now and then how far was heard, until cancelled."""

    async def put_note(self) -> None:
        """Write down how far was heard."""

    async def begun(self, shard: int) -> None:
        """A new session has begun: what was said before it will not be told."""

    async def ready(self, shard: int) -> None:
        """The servers of a new session are known."""

    async def interrupted(self, shard: int) -> None:
        """A connection was lost."""

    async def resumed(self, shard: int) -> None:
        """A session goes on: what was missed has been told."""


@dataclass(frozen=True, slots=True)
class Ears:
    """Everybody who hears the gateway."""

    messages: Messages
    interactions: Interactions
    sessions: Sessions


class Client(discord.AutoShardedClient):
    """A client that keeps servers, channels and roles, but neither messages nor members."""

    def __init__(self, ears: Ears | None, *, message_content: bool) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=message_content)
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody here wants to speak
        super().__init__(
            intents=intents,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=MAX_WAIT,
        )
        self.ears = ears
        self.add_dynamic_items(Press)
        _seldom(self.http)

    def without_message_content(self) -> None:
        """Ask the gateway for no messages that are not meant for the bot; before connecting."""
        self._connection._intents.message_content = False  # noqa: SLF001 - what is allowed is known only after logging in

    def sockets(self) -> dict[int, DiscordWebSocket]:
        """The gateway connections by shard."""
        return {shard: info._parent.ws for shard, info in self.shards.items()}  # noqa: SLF001 - nothing else tells

    def is_heard(self) -> bool:
        """Whether every connection is open and has a session."""
        sockets = self.sockets().values()
        return bool(sockets) and all(socket.open and socket.session_id for socket in sockets)

    async def on_message(self, message: discord.Message) -> None:
        """Somebody wrote."""
        if self.ears is not None:
            await self.ears.messages.message(message)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Somebody changed a message."""
        if self.ears is not None and payload.message.edited_at is not None:  # else: a link's preview came
            await self.ears.messages.edited(payload.message)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """A message is gone."""
        if self.ears is not None:
            await self.ears.messages.deleted(payload.channel_id, {payload.message_id})

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Messages are gone."""
        if self.ears is not None:
            await self.ears.messages.deleted(payload.channel_id, payload.message_ids)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """A command, a form or a button was used."""
        if self.ears is not None:
            await self.ears.interactions.interaction(interaction)

    async def on_shard_connect(self, shard: int) -> None:
        """A new session has begun."""
        if self.ears is not None:
            await self.ears.sessions.begun(shard)

    async def on_shard_ready(self, shard: int) -> None:
        """The servers of a new session are known."""
        if self.ears is not None:
            await self.ears.sessions.ready(shard)

    async def on_shard_resumed(self, shard: int) -> None:
        """A session goes on."""
        if self.ears is not None:
            await self.ears.sessions.resumed(shard)

    async def on_shard_disconnect(self, shard: int) -> None:
        """A connection was lost."""
        if self.ears is not None:
            await self.ears.sessions.interrupted(shard)


def _seldom(http: HTTPClient) -> None:
    """Let the library look for rate limits that it may forget now and then.

    It would look through all of them at each new channel, and every answer may open a thread.
    """
    look = http._try_clear_expired_ratelimits  # noqa: SLF001 - it offers no other way
    looked = 0.0

    def now_and_then() -> None:
        nonlocal looked
        now = time.monotonic()
        if now - looked > FORGETS:
            looked = now
            look()

    http._try_clear_expired_ratelimits = now_and_then  # type: ignore[method-assign] # noqa: SLF001


def use_api(url: str) -> None:
    """Send every request of the library in this process to another REST API."""
    Route.BASE = url


def use_gateway(url: str) -> None:
    """Where a session that can't be resumed begins anew; the library would use Discord's own."""
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url)
