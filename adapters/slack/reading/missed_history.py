"""The histories in which missed messages are looked for, read as slowly as Slack demands."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from adapters.slack.connection.errors import delivery_errors
from adapters.slack.connection.paging import LARGEST_PAGE, RESTRICTED_PAGE, next_cursor
from adapters.slack.connection.rate_limiter import RateLimiter
from adapters.slack.connection.workspaces import Workspace, Workspaces
from adapters.slack.inbound.parse import is_mention, message_id
from adapters.slack.reading.threads import read_newest
from adapters.slack.timing import Timing
from adapters.slack.types import ADAPTER, Json
from bot.errors import DeliveryDelayed, DeliveryError, StoreError
from bot.ports import Conversations

log = structlog.get_logger(__name__)

MAX_MESSAGES = 300  #: of a channel and of a thread
_THREAD_AGE = 7 * 86400.0  # seconds before an absence in which a thread whose new replies are read may have begun
_REQUESTS = 5  # for one thread


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Numbers of places of a workspace that are read after one absence."""

    channels: int
    threads: int  #: of a channel, in which the bot takes part
    other_threads: int  #: of a channel, in which it may have been mentioned for the first time


_USUAL = Bounds(channels=200, threads=40, other_threads=5)
_RESTRICTED = Bounds(channels=10, threads=2, other_threads=0)


@dataclass(frozen=True, slots=True)
class Place:
    """A channel, or direct messages with the bot. `is_known`: the bot was asked there lately."""

    workspace: Workspace
    channel: str
    is_known: bool = True


class MissedHistory:
    """Reads channels and threads. Every method raises `DeliveryError` and `StoreError`."""

    def __init__(
        self, workspaces: Workspaces, services: Conversations, rate_limiter: RateLimiter, timing: Timing
    ) -> None:
        self._workspaces = workspaces
        self._services = services
        self._rate_limiter = rate_limiter
        self._timing = timing
        self._restricted: set[str] = set()  # owners of installations that Slack allows little

    def bounds_of(self, workspace: Workspace) -> Bounds:
        """Return how much is read of a workspace, as far as is known."""
        return _RESTRICTED if workspace.owner in self._restricted else _USUAL

    async def list_channels(self, workspace: Workspace) -> Sequence[str]:
        """Return the channels that the bot is a member of; none where Slack does not tell."""
        found: list[str] = []
        cursor = ""
        if not workspace.team:  # an organisation's token, in no workspace yet
            return found
        try:
            while True:
                page = await self._call(
                    workspace,
                    "users.conversations",
                    types="public_channel,private_channel,mpim",
                    exclude_archived=True,
                    limit=LARGEST_PAGE,
                    cursor=cursor or None,
                    team_id=workspace.team if workspace.enterprise else None,
                )
                found += [str(channel["id"]) for channel in page.get("channels") or ()]
                cursor = next_cursor(page)
                if not cursor or len(found) >= _USUAL.channels:
                    return found
        except (DeliveryError, StoreError) as exc:
            log.info("channels not listed", reason=str(exc))
            return found

    async def read_history(self, place: Place, since: float) -> tuple[Sequence[Json], bool]:
        """Return the channel's messages, newest first, and some from before; and whether there are more new ones."""
        found: list[Json] = []
        cursor, until = "", f"{self._now():.6f}"
        while True:
            page = await self._call(
                place.workspace,
                "conversations.history",
                channel=place.channel,
                oldest=f"{max(0.0, since - _THREAD_AGE):.6f}",
                latest=until,
                limit=MAX_MESSAGES,
                cursor=cursor or None,
            )
            messages, cursor = page.get("messages") or (), next_cursor(page)
            found += messages
            if not cursor or not messages or float(messages[-1]["ts"]) <= since:
                return found, False
            if len(messages) == RESTRICTED_PAGE:
                self._restricted.add(place.workspace.owner)
                return found, True
            if len(found) >= MAX_MESSAGES:
                return found[:MAX_MESSAGES], True

    async def find_threads(self, place: Place, found: Sequence[Json], since: float) -> tuple[list[str], list[str]]:
        """Return the threads with new replies in which the bot takes part, and the others; the newest first."""
        roots = {str(message["ts"]): message for message in found if message.get("reply_count")}
        newest = {ts: float(root.get("latest_reply") or 0) for ts, root in roots.items()}
        for message in found:
            if thread := thread_of(message):  # a reply that is shown in the channel, too
                newest[thread] = max(newest.get(thread, 0.0), float(message["ts"]))
        own: list[str] = []
        others: list[str] = []
        for thread in sorted(newest, key=lambda ts: newest[ts], reverse=True):
            if newest[thread] > since:
                takes_part = await self._takes_part(place, thread, roots.get(thread, {}))
                (own if takes_part else others).append(thread)
        return own, others

    async def _takes_part(self, place: Place, thread: str, root: Json) -> bool:
        bot = place.workspace.bot_user
        if root.get("user") == bot or bot in (root.get("reply_users") or ()) or is_mention(root, bot):
            return True
        conversation = message_id(place.workspace.owner, place.channel, thread)
        return bool(await self._services.participants(ADAPTER, conversation))

    async def read_thread(self, place: Place, thread: str, since: float) -> tuple[Sequence[Json], bool]:
        """Return a thread's new replies, oldest first, and whether there are more."""

        async def read(since: float, until: float) -> tuple[Sequence[Json], bool]:
            page = await self._call(
                place.workspace,
                "conversations.replies",
                channel=place.channel,
                ts=thread,
                oldest=f"{since:.6f}",
                latest=f"{until:.6f}",
                inclusive=True,
                limit=MAX_MESSAGES,
            )
            return page.get("messages") or (), not next_cursor(page)

        requests = 1 if place.workspace.owner in self._restricted else _REQUESTS
        found = await read_newest(
            read,
            thread,
            since=since,
            until=self._now(),
            count=MAX_MESSAGES,
            page=MAX_MESSAGES,
            requests=requests,
        )
        return found.replies[-MAX_MESSAGES:], found.is_cut or found.is_interrupted or len(found.replies) > MAX_MESSAGES

    def _now(self) -> float:
        return time.time() + self._timing.clock_skew

    async def _call(self, workspace: Workspace, method: str, **params: Any) -> Json:
        """Call a method as soon as Slack allows, which leaves room for what people wait for."""
        given = {name: value for name, value in params.items() if value is not None}
        while True:
            try:
                await self._rate_limiter.acquire(workspace.owner, method, best_effort=True)
                client = await self._workspaces.find_client(workspace.team, workspace.enterprise)
                with delivery_errors():
                    answer = await client.api_call(method, data=given)
                return answer.data if isinstance(answer.data, dict) else {}
            except DeliveryDelayed as exc:
                if not exc.retry_after:
                    raise
                if exc.__cause__ is not None:  # Slack's own limit
                    self._rate_limiter.block(workspace.owner, method, seconds=exc.retry_after)
                await asyncio.sleep(exc.retry_after)


def thread_of(message: Json) -> str:
    """Return the ts of the thread that a message is a reply in; "": it is none."""
    thread = str(message.get("thread_ts") or "")
    return thread if thread != message["ts"] else ""
