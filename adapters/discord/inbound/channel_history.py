"""What people wrote in a channel or thread, page by page, within Discord's limits and the asker's rights."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import discord

from adapters.discord.gateway.client import DiscordClient
from adapters.discord.gateway.errors import raise_delivery_errors
from adapters.discord.inbound.channel_access import ChannelAccess, find_access
from adapters.discord.inbound.history import read_messages
from adapters.discord.inbound.parse import read_text
from adapters.discord.reply_target import ReplyTarget
from adapters.discord.settings import PORTAL
from bot.errors import DeliveryRefused, UsageError
from bot.i18n import translate
from bot.ports import ChannelHistory, ChannelMessage, ChannelSpan

_PAGE = 100  # messages that Discord returns at once
#: Threads whose messages are read, those with the newest first, and messages of each.
_MAX_THREADS, _MAX_REPLIES = 20, 200
_PUBLIC_THREADS = (10, 11)


class ChannelReading:
    """The reading for one request."""

    def __init__(
        self, client: DiscordClient, target: ReplyTarget, span: ChannelSpan, on_progress: Callable[[int], None]
    ) -> None:
        self._client = client
        self._target = target
        self._span = span
        self._on_progress = on_progress
        self._me = client.user.id if client.user is not None else 0
        self._since = _snowflake(span.since) if span.since is not None else 0
        self._until = _snowflake(span.until)

    async def read(self) -> ChannelHistory:
        """See `ChannelReader.read_channel`."""
        access = await self._find_access()
        with raise_delivery_errors():
            messages, is_cut = await self._read_pages(access.channel)
            replies, unread = ([], 0) if access.is_thread else await self._read_threads(access)
        found = sorted((*messages, *replies), key=lambda message: message.id)
        if len(found) > self._span.limit:
            found, is_cut = found[-self._span.limit :], True
        own = [message for message in found if self._is_by_asker(message)]
        return ChannelHistory(
            messages=tuple(self._to_message(message, access) for message in found),
            own=own[-1].created_at if own else None,
            is_cut=is_cut,
            unread_replies=unread,
        )

    async def _find_access(self) -> ChannelAccess:
        """Return what is read. Raises `UsageError` where the asker, or the bot, may not, and `DeliveryError`."""
        target = self._target
        if not target.guild:
            raise self._refusal("discord.catchup.dm")
        if not self._client.intents.message_content:
            raise self._refusal("discord.catchup.no_content", portal=PORTAL)
        try:
            with raise_delivery_errors():
                access = await find_access(self._client, guild=target.guild, channel=target.channel, member=target.user)
        except DeliveryRefused as exc:
            raise self._refusal("discord.catchup.bot_may_not") from exc
        if not access.bot_may:
            raise self._refusal("discord.catchup.bot_may_not")
        if not access.member_may:
            raise self._refusal("discord.catchup.may_not")
        return access

    def _refusal(self, key: str, **values: object) -> UsageError:
        return UsageError(translate(key, self._target.locale, **values))

    async def _read_pages(self, channel: int) -> tuple[list[discord.Message], bool]:
        """Return the messages in the span, and whether there are earlier ones."""
        place = self._client.get_partial_messageable(channel)
        found: list[discord.Message] = []
        before = self._until
        while True:
            page = await read_messages(self._client, place, limit=_PAGE, before=before, after=self._since)
            found += [message for message in page if not message.is_system()]
            self._on_progress(len(found))
            if len(page) < _PAGE or (self._span.until_own and any(map(self._is_by_asker, page))):
                return found, False
            if len(found) >= self._span.limit:
                return found, True
            before = page[0].id

    async def _read_threads(self, access: ChannelAccess) -> tuple[list[discord.Message], int]:
        """Return the messages in the span of the channel's open public threads, and how many may be unread."""
        data: Any = await self._client.http.get_active_threads(int(self._target.guild))
        threads = [
            thread
            for thread in data["threads"]
            if str(thread["parent_id"]) == str(access.channel)
            and thread["type"] in _PUBLIC_THREADS
            and int(thread.get("last_message_id") or 0) > self._since
        ]
        threads.sort(key=lambda thread: int(thread["last_message_id"]), reverse=True)
        found: list[discord.Message] = []
        unread = sum(int(thread.get("message_count") or 0) for thread in threads[_MAX_THREADS:])
        for thread in threads[:_MAX_THREADS]:
            place = self._client.get_partial_messageable(int(thread["id"]))
            page = await read_messages(self._client, place, limit=_MAX_REPLIES, before=self._until, after=self._since)
            if len(page) == _MAX_REPLIES:
                unread += max(0, int(thread.get("message_count") or 0) - _MAX_REPLIES)
            found += [message for message in page if not message.is_system()]
        return found, unread

    def _is_by_asker(self, message: discord.Message) -> bool:
        return str(message.author.id) == self._target.user

    def _to_message(self, message: discord.Message, access: ChannelAccess) -> ChannelMessage:
        is_own = message.author.id == self._me
        files = ", ".join(file.filename for file in message.attachments)
        text = read_text(message)
        channel = message.channel.id
        return ChannelMessage(
            id=f"{channel}/{message.id}",
            at=message.created_at,
            speaker=message.author.display_name,
            actor="" if message.author.bot else str(message.author.id),
            text=f"{text} [{files}]".strip() if files else text,
            # A thread that was started from a message has that message's id.
            thread=f"{access.channel}/{channel}" if channel != access.channel else "",
            is_app=message.author.bot and not is_own,
            is_own=is_own,
        )


def link_of(target: ReplyTarget, name: str) -> str:
    """Return the address of a message by its `ChannelMessage.id`, as clients copy it."""
    return f"https://discord.com/channels/{target.guild or '@me'}/{name}"


def _snowflake(time: datetime) -> int:
    """Return the least id of that time."""
    return discord.utils.time_snowflake(time.astimezone(UTC))
