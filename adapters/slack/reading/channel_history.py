"""Reads the messages of a channel or thread page by page, as far as Slack and the rights of the asker allow.

Slack tells an app neither what a person has read, nor threads by their newest reply: `conversations.history` lists
first messages alone, so a thread whose first message is older than the span is not found.
https://docs.slack.dev/reference/methods/conversations.history
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog

from adapters.slack.connection.direct_messages import unread_sentence
from adapters.slack.connection.errors import error_code
from adapters.slack.connection.paging import LARGEST_PAGE, RESTRICTED_PAGE, next_cursor
from adapters.slack.connection.web_api import WebApi
from adapters.slack.connection.workspaces import Workspace
from adapters.slack.inbound.parse import find_author, find_mentions, is_bot, is_spoken, read_text
from adapters.slack.people.users import UserDirectory
from adapters.slack.reading.threads import ThreadMessages, is_own, read_newest
from adapters.slack.types import Json, Person
from bot.errors import DeliveryDelayed, DeliveryError, UsageError
from bot.i18n import translate
from bot.ports import ChannelHistory, ChannelMessage, ChannelSpan

log = structlog.get_logger(__name__)

#: Requests for a thread whose replies do not fit on a page, in addition to those for more than a page of them.
_REQUESTS = 5
#: Threads whose replies are read, those with the newest first.
_MAX_THREADS = 40
_MAX_NAMES = 100  # people who are looked up, those who wrote most first
_SCOPES = {"C": "channels", "G": "groups", "D": "im"}
_NO_MEMBER = frozenset({"channel_not_found", "not_in_channel"})


class ChannelReading:
    """The reading for one request."""

    def __init__(
        self, api: WebApi, users: UserDirectory, span: ChannelSpan, on_progress: Callable[[int], None]
    ) -> None:
        self._api = api
        self._target = api.target
        self._users = users
        self._span = span
        self._on_progress = on_progress
        self._limits: list[str] = []
        self._is_cut = False
        self._read = 0  # messages, for the progress
        self._read_until: datetime | None = None  # where a thread was read in part

    async def read(self) -> ChannelHistory:
        """See `ChannelReader.read_channel`."""
        target = self._target
        if target.is_dm:
            raise UsageError(self._translate("slack.catchup.dm"))
        await self._require_member()
        is_thread = bool(target.thread) and target.thread != target.message
        found = await (self._read_thread() if is_thread else self._read_channel())
        unread = 0 if is_thread else await self._read_replies(found)
        messages = sorted((m for m in found.values() if is_spoken(m)), key=lambda m: float(m["ts"]))
        if len(messages) > self._span.limit:
            messages, self._is_cut = messages[-self._span.limit :], True
        workspace = await self._api.workspace()
        people = await self._find_people(workspace, messages)
        own = [message for message in messages if self._is_by_asker(message)]
        return ChannelHistory(
            messages=tuple(_to_message(message, workspace, people) for message in messages),
            own=_time(own[-1]) if own else None,
            is_cut=self._is_cut,
            read_until=self._read_until,
            unread_replies=unread,
            limits=tuple(self._limits),
        )

    # -- who may

    async def _require_member(self) -> None:
        """Raise `UsageError` where the asker is no member of the channel now."""
        cursor = ""
        while True:
            page = await self._call("conversations.members", "read", limit=LARGEST_PAGE, cursor=cursor or None)
            if self._target.user in (page.get("members") or ()):
                return
            cursor = next_cursor(page)
            if not cursor:
                raise UsageError(self._translate("slack.catchup.no_member"))

    async def _call(self, method: str, right: str, **arguments: Any) -> Json:
        """Call a method on the channel. Raises `UsageError` with what the app lacks for it, and `DeliveryError`."""
        try:
            return await self._api.call(method, channel=self._target.channel, **arguments)
        except DeliveryError as exc:
            code = error_code(exc.__cause__) if exc.__cause__ is not None else ""
            if code == "missing_scope":
                scope = _needed_scope(exc.__cause__) or f"{_SCOPES.get(self._target.channel[:1], 'channels')}:{right}"
                raise UsageError(self._translate("slack.catchup.scope", scope=scope)) from exc
            if code in _NO_MEMBER:
                raise UsageError(unread_sentence(self._target.channel, self._target.locale)) from exc
            raise

    def _translate(self, key: str, **values: object) -> str:
        return translate(key, self._target.locale, **values)

    # -- pages

    async def _read_channel(self) -> dict[str, Json]:
        """Return the channel's messages in the span by ts, the newest first."""
        found: dict[str, Json] = {}
        cursor = ""
        while True:
            page = await self._page(cursor, max(self._span.limit - len(found), 1))
            if page is None:
                self._is_cut = True
                return found
            messages = page.get("messages") or ()
            found.update((str(message["ts"]), message) for message in messages)
            self._read = len(found)
            self._on_progress(self._read)
            cursor = next_cursor(page)
            if not cursor or (self._span.until_own and any(map(self._is_by_asker, messages))):
                return found
            if len(found) >= self._span.limit:
                self._is_cut = True
                return found
            if len(messages) == RESTRICTED_PAGE:
                self._limits = [self._translate("slack.catchup.restricted")]

    async def _read_thread(self) -> dict[str, Json]:
        """Return a thread's newest messages in the span by ts."""
        pages = -(-self._span.limit // LARGEST_PAGE)
        read = await self._read_newest(self._target.thread, count=self._span.limit, requests=_REQUESTS + 2 * pages)
        self._is_cut = read.is_cut
        if read.is_interrupted:
            self._read_until = _time(read.replies[-1])
        root = [read.root] if read.root is not None and not read.is_cut else []
        return {str(message["ts"]): message for message in (*root, *read.replies) if self._is_within(message)}

    async def _read_newest(self, thread: str, *, count: int, requests: int) -> ThreadMessages:
        """Return a thread's newest replies in the span. Raises `UsageError` and `DeliveryError`."""

        async def read(since: float, until: float) -> tuple[Sequence[Json], bool]:
            page = await self._call(
                "conversations.replies",
                "history",
                ts=thread,
                oldest=f"{since:.6f}" if since else None,
                latest=f"{until:.6f}",
                inclusive=True,
                limit=LARGEST_PAGE,
            )
            messages, is_whole = page.get("messages") or (), not next_cursor(page)
            if not is_whole and len(messages) == RESTRICTED_PAGE:
                self._limits = [self._translate("slack.catchup.restricted")]
            self._read += len(messages)
            self._on_progress(self._read)
            return messages, is_whole

        span = self._span
        since = span.since.timestamp() if span.since is not None else 0.0
        until = span.until.timestamp()
        return await read_newest(
            read, thread, since=since, until=until, count=count, page=LARGEST_PAGE, requests=requests
        )

    async def _page(self, cursor: str, limit: int) -> Json | None:
        """Return a page of the channel; None: Slack allows no more now, after at least one page."""
        try:
            return await self._call(
                "conversations.history",
                "history",
                latest=f"{self._span.until.timestamp():.6f}",
                oldest=f"{self._span.since.timestamp():.6f}" if self._span.since is not None else None,
                limit=min(LARGEST_PAGE, limit),
                cursor=cursor or None,
            )
        except DeliveryDelayed as exc:
            if not cursor:
                raise
            log.warning("channel read in part", reason=str(exc))
            return None

    async def _read_replies(self, found: dict[str, Json]) -> int:
        """Add the replies in the span of the threads that begin in it; return the number of those not read."""
        threads = [message for message in found.values() if self._has_replies(message)]
        threads.sort(key=lambda message: float(message["latest_reply"]), reverse=True)
        unread = sum(int(message["reply_count"]) for message in threads[_MAX_THREADS:])
        for number, message in enumerate(threads[:_MAX_THREADS]):
            try:
                read = await self._read_newest(str(message["ts"]), count=LARGEST_PAGE, requests=_REQUESTS)
            except DeliveryDelayed as exc:
                log.warning("threads read in part", reason=str(exc))
                return unread + sum(int(other["reply_count"]) for other in threads[number:_MAX_THREADS])
            replies = [reply for reply in read.replies if self._is_within(reply)]
            found.update((str(reply["ts"]), reply) for reply in replies)
            if read.is_cut or read.is_interrupted:
                unread += max(0, int(message["reply_count"]) - len(replies))
        return unread

    def _has_replies(self, message: Json) -> bool:
        latest = float(message.get("latest_reply") or 0)
        return bool(message.get("reply_count")) and latest > (self._span.since.timestamp() if self._span.since else 0.0)

    def _is_within(self, message: Json) -> bool:
        since = self._span.since.timestamp() if self._span.since is not None else 0.0
        return since < float(message["ts"]) < self._span.until.timestamp()

    def _is_by_asker(self, message: Json) -> bool:
        return message.get("user") == self._target.user and is_spoken(message) and not is_bot(message)

    # -- names

    async def _find_people(self, workspace: Workspace, messages: Sequence[Json]) -> Mapping[str, Person]:
        """Look up who wrote, and who is mentioned."""
        counts = Counter(str(message.get("user") or "") for message in messages if not is_bot(message))
        counts.update(user for message in messages for user in find_mentions(message))
        users = [user for user, _ in counts.most_common()]
        return await self._users.find_many(workspace, users, limit=_MAX_NAMES)


def _to_message(message: Json, workspace: Workspace, people: Mapping[str, Person]) -> ChannelMessage:
    by_service = is_own(workspace, message)
    user, ts, thread = str(message.get("user") or ""), str(message["ts"]), str(message.get("thread_ts") or "")
    files = ", ".join(str(file.get("name") or "") for file in message.get("files") or ())
    text = read_text(message, people)
    return ChannelMessage(
        id=f"{ts}/{thread}" if thread not in ("", ts) else ts,
        at=_time(message),
        speaker=find_author(message, people),
        actor="" if is_bot(message) else workspace.scoped(user),
        text=f"{text} [{files}]".strip() if files else text,
        thread=thread if thread != ts else "",
        is_app=is_bot(message) and not by_service,
        is_own=by_service,
    )


def link_of(workspace: Workspace, channel: str, name: str) -> str:
    """Return the address of a message by its `ChannelMessage.id`."""
    ts, _, thread = name.partition("/")
    return workspace.link(channel, ts, thread)


def _time(message: Json) -> datetime:
    return datetime.fromtimestamp(float(message["ts"]), UTC)


def _needed_scope(exc: BaseException | None) -> str:
    """Return the scope that Slack names as missing; "": it names none."""
    data = getattr(getattr(exc, "response", None), "data", None)
    return str(data.get("needed") or "").partition(",")[0] if isinstance(data, dict) else ""
