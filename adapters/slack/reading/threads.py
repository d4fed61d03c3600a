"""Reading of a thread's newest messages, and of a channel's messages as a reader sees them.

Slack returns the oldest messages of a thread first, and the thread's first message on each page.
https://docs.slack.dev/reference/methods/conversations.replies
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from adapters.slack.connection.workspaces import Workspace
from adapters.slack.types import Json
from bot.errors import DeliveryDelayed

log = structlog.get_logger(__name__)

#: The factor by which a stretch of time is made longer, or shorter, when it held too little or too much.
_LONGER, _SHORTER = 5.0, 4.0
_FILLED = 0.7  # of a page, as no thread is even


def is_own(workspace: Workspace, message: Json) -> bool:
    """Whether the service wrote the message."""
    bot = message.get("bot_id")
    return message.get("user") == workspace.bot_user or (bool(bot) and bot == workspace.bot)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadMessages:
    """Messages of a thread between two times."""

    root: Json | None  #: the thread's first message, also where it is older
    replies: Sequence[Json]  #: the newest that were read, oldest first
    is_cut: bool = False  #: there are earlier ones
    is_interrupted: bool = False  #: there are later ones, too: Slack allowed to read no more


class ReadPage(Protocol):
    """Reads the oldest messages of a thread between two times, both included, in seconds since 1970."""

    async def __call__(self, since: float, until: float) -> tuple[Sequence[Json], bool]:
        """Return a page, and whether nothing follows it. Raises `DeliveryError`."""


@dataclass(slots=True)
class _Newest:
    """The newest replies so far, and pages further back that do not reach up to them."""

    thread: str
    since: float
    upper: float  #: the time from which on all is known
    found: dict[str, Json] = field(default_factory=dict)
    pages: list[tuple[float, float, dict[str, Json]]] = field(default_factory=list)  #: where each begins and ends

    @property
    def lowest(self) -> float:
        """The time before which nothing new is to be found."""
        return self.pages[-1][1] if self.pages else self.since

    @property
    def number(self) -> int:
        """The number of replies that are known."""
        return len(self.found) + sum(len(replies) for *_, replies in self.pages)

    def add(self, lower: float, page: Sequence[Json], *, is_whole: bool) -> int:
        """Add what was read from a time on; return the number of its replies.

        Of a page without replies, which may be said to have others after it, nothing later is to be expected.
        """
        replies = {str(message["ts"]): message for message in page if message["ts"] != self.thread}
        if not is_whole and replies:
            self.pages.append((lower, float([*replies][-1]), replies))
            return len(replies)
        self.found, self.upper = replies | self.found, lower
        while self.pages and self.upper <= self.pages[-1][1]:
            lower, _, earlier = self.pages.pop()
            self.found, self.upper = earlier | self.found, lower
        return len(replies)


async def read_newest(
    read: ReadPage, thread: str, *, since: float, until: float, count: int, page: int, requests: int
) -> ThreadMessages:
    """Return the newest `count` replies between two times, or some more, in a few requests. Raises `DeliveryError`.

    Where not all are on one page, stretches of time are requested, the newest first, so that a reading that Slack, or
    the number of `requests`, interrupts has the newest. `page`: messages of one request.
    """
    first, is_whole = await read(since, until)
    root = next((message for message in first if message["ts"] == thread), None)
    last = float((root or {}).get("latest_reply") or until)
    newest = _Newest(thread, since, min(until, last))
    newest.add(since, first, is_whole=is_whole)
    begin = max(since, float(thread))
    replies = max(int((root or {}).get("reply_count") or 0), len(first), 1)
    lower = newest.upper - min(2 * count, _FILLED * page) * (newest.upper - begin) / replies
    for _ in range(requests - 1):
        if newest.upper <= since or len(newest.found) >= count:
            break
        is_last = replies - newest.number <= page  # what is left fits on one
        lower, upper = newest.lowest if is_last else max(lower, newest.lowest), newest.upper
        try:
            found, is_whole = await read(lower, upper)
        except DeliveryDelayed as exc:
            log.warning("thread read in part", reason=str(exc))
            break
        number = newest.add(lower, found, is_whole=is_whole)
        if is_whole or not number:
            wanted = min(2 * (count - len(newest.found)), _FILLED * page)
            longer = min(_LONGER, wanted / number) if number else _LONGER
            lower = newest.upper - (upper - lower) * longer
        else:
            lower = upper - (upper - lower) / _SHORTER
    if newest.found or not newest.pages:
        return ThreadMessages(root=root, replies=[*newest.found.values()], is_cut=newest.upper > since)
    replies_there = [*newest.pages[-1][2].values()]
    return ThreadMessages(root=root, replies=replies_there, is_cut=len(newest.pages) > 1, is_interrupted=True)
