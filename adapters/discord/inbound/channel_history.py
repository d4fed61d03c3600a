"""Reads the messages of a channel or thread page by page, as far as Discord and the rights of the asker allow."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import discord
import structlog

from adapters.discord.gateway.client import DiscordClient
from adapters.discord.gateway.errors import raise_delivery_errors
from adapters.discord.inbound.channel_access import ChannelAccess, find_access
from adapters.discord.inbound.parse import read_text
from adapters.discord.reply_target import ReplyTarget
from adapters.discord.settings import PORTAL
from bot.errors import DeliveryRefused, UsageError
from bot.i18n import translate
from bot.ports import ChannelHistory, ChannelMessage, ChannelSpan

log = structlog.get_logger(__name__)

_PAGE = 100  # messages that Discord returns at once
#: Threads whose messages are read, those with the newest first, and messages of each.
_MAX_THREADS, _MAX_REPLIES = 20, 200
_PUBLIC_THREADS = (10, 11)
#: Types of messages that somebody has written: messages, replies, answers to commands and to menus.
_SPOKEN = (0, 19, 20, 23)
#: Fields of a message that has more than plain text.
_RICH = ("components", "message_snapshots", "poll", "sticker_items")
Json = Mapping[str, Any]


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
        self._read = 0

    async def read(self) -> ChannelHistory:
        """See `ChannelReader.read_channel`."""
        access = await self._find_access()
        with raise_delivery_errors():
            found, is_cut = await self._read_pages(access.channel, self._span.limit, until_own=self._span.until_own)
            unread = 0 if access.is_thread else await self._read_threads(access, found)
        found.sort(key=lambda message: int(message["id"]))
        if len(found) > self._span.limit:
            found, is_cut = found[-self._span.limit :], True
        own = [message for message in found if self._is_by_asker(message)]
        return ChannelHistory(
            messages=tuple(self._to_message(message, access) for message in found),
            own=_time(own[-1]) if own else None,
            is_cut=is_cut,
            unread_replies=unread,
        )

    async def _find_access(self) -> ChannelAccess:
        """Return what is read. Raises `UsageError` where the asker, or the bot, may not, and `DeliveryError`."""
        target = self._target
        if not target.guild:
            raise self._refusal("discord.catchup.dm" if target.is_dm else "discord.catchup.no_member")
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

    async def _read_pages(self, channel: int, most: int, *, until_own: bool = False) -> tuple[list[Json], bool]:
        """Return the messages of a channel or thread in the span, and whether there are earlier ones."""
        found: list[Json] = []
        before = self._until
        while True:
            page: list[Any] = await self._client.http.logs_from(channel, _PAGE, before=before)
            new = [message for message in page if int(message["id"]) > self._since]
            found += [message for message in new if message["type"] in _SPOKEN]
            self._read += len(new)
            self._on_progress(self._read)
            if len(new) < _PAGE or (until_own and any(map(self._is_by_asker, new))):
                return found, False
            if len(found) >= most:
                return found, True
            before = int(page[-1]["id"])

    async def _read_threads(self, access: ChannelAccess, found: list[Json]) -> int:
        """Add the messages in the span of the channel's open public threads; return how many may be unread."""
        data: Any = await self._client.http.get_active_threads(int(self._target.guild))
        threads = [
            thread
            for thread in data["threads"]
            if str(thread["parent_id"]) == str(access.channel)
            and thread["type"] in _PUBLIC_THREADS
            and int(thread.get("last_message_id") or 0) > self._since
        ]
        threads.sort(key=lambda thread: int(thread["last_message_id"]), reverse=True)
        unread = sum(int(thread.get("message_count") or 0) for thread in threads[_MAX_THREADS:])
        for thread in threads[:_MAX_THREADS]:
            replies, is_more = await self._read_pages(int(thread["id"]), _MAX_REPLIES)
            found += replies
            if is_more:
                unread += max(0, int(thread.get("message_count") or 0) - len(replies))
        return unread

    def _is_by_asker(self, message: Json) -> bool:
        return str(message["author"]["id"]) == self._target.user

    def _to_message(self, message: Json, access: ChannelAccess) -> ChannelMessage:
        author, channel = message["author"], str(message["channel_id"])
        is_bot, is_own = bool(author.get("bot")), str(author["id"]) == str(self._me)
        files = ", ".join(str(file["filename"]) for file in message.get("attachments") or ())
        text = self._text_of(message)
        return ChannelMessage(
            id=f"{channel}/{message['id']}",
            at=_time(message),
            speaker=str(author.get("global_name") or author.get("username") or ""),
            actor="" if is_bot else str(author["id"]),
            text=f"{text} [{files}]".strip() if files else text,
            # A thread that was started from a message has that message's id.
            thread=f"{access.channel}/{channel}" if channel != str(access.channel) else "",
            is_app=is_bot and not is_own,
            is_own=is_own,
        )

    def _text_of(self, message: Json) -> str:
        """Return the text of a message. Few have more than plain text, for which the library's object is costly."""
        content = str(message["content"])
        is_plain = "<" not in content and not any(message.get(field) for field in _RICH)
        if is_plain and (content or not message.get("embeds")):
            return content
        state = self._client._connection  # noqa: SLF001 - the library's own way to make one
        place = self._client.get_partial_messageable(int(message["channel_id"]))
        data: Any = message
        try:
            return read_text(state.create_message(channel=place, data=data))
        except Exception as exc:  # noqa: BLE001 - foreign data in foreign code: any error is possible
            log.warning("message skipped", message=message["id"], reason=type(exc).__name__)
            return content


def link_of(target: ReplyTarget, name: str) -> str:
    """Return the address of a message by its `ChannelMessage.id`, as clients copy it."""
    return f"https://discord.com/channels/{target.guild or '@me'}/{name}"


def _time(message: Json) -> datetime:
    return discord.utils.snowflake_time(int(message["id"]))


def _snowflake(time: datetime) -> int:
    """Return the least id of that time."""
    return discord.utils.time_snowflake(time.astimezone(UTC))
