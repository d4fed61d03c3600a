"""Messages of a thread from before the bot was mentioned there, read once."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.connection.errors import delivery_errors
from adapters.slack.connection.workspaces import Workspace, Workspaces
from adapters.slack.inbound.parse import find_author, find_mentions, read_attachments, read_text
from adapters.slack.inbound.users import UserDirectory
from adapters.slack.reply_target import ReplyTarget
from adapters.slack.types import Json, Person
from bot.errors import DeliveryDelayed
from bot.models import PriorMessages, Turn

log = structlog.get_logger(__name__)

#: Messages of one request, at least and at most, and requests for one thread.
PAGE, LARGEST_PAGE, REQUESTS = 200, 900, 5
#: The factor by which a stretch before the question is made longer, or shorter, when it held too little or too much.
_LONGER, _SHORTER = 5.0, 4.0
_SPOKEN = (None, "", "file_share", "thread_broadcast", "me_message", "bot_message")


async def read_prior_messages(
    workspaces: Workspaces, users: UserDirectory, target: ReplyTarget, *, limit: int
) -> PriorMessages:
    """Return the newest `limit` turns of the thread before the question, and the files of its first message.

    Where Slack restricts reading, as much as it gave. Raises `DeliveryError`.
    """
    workspace = await workspaces.find(target.team, target.enterprise)
    messages = await _read_messages(workspaces.client_of(workspace), target, limit)
    before = [m for m in messages if not target.message or float(m["ts"]) < float(target.message)]
    spoken = [message for message in before if message.get("subtype") in _SPOKEN][-limit:] if limit else []
    authors = {str(message.get("user") or "") for message in spoken}
    mentioned = {user for message in spoken for user in find_mentions(message)}
    ids = sorted(authors | mentioned - {""})
    people = await users.find_many(workspace, ids, limit=len(authors) + len(mentioned))
    turns = tuple(turn for message in spoken if (turn := _build_turn(workspace, message, people)).content)
    first = next((message for message in before if message.get("ts") == target.thread), None)
    files = read_attachments(first, workspace) if first is not None and not _is_own(workspace, first) else ()
    return PriorMessages(turns=turns, attachments=files)


async def _read_messages(client: AsyncWebClient, target: ReplyTarget, limit: int) -> Sequence[Json]:
    """Return the newest messages before the question, `limit` of them where a page has so many, and the thread's first.

    Slack returns the oldest first. So where a thread is longer than a page, stretches that end at the question are
    requested, until one holds enough and no more than a page.
    """
    page, is_whole = await _read_page(client, target, limit)
    if is_whole:
        return page
    root, newest = page[0], page[1:]
    start, end = float(target.thread), float(target.message or time.time())
    enough = min(limit, len(page) // 2)
    replies = max(int(root.get("reply_count") or 0), len(page))
    since = end - 2 * enough * (end - start) / replies
    passed = float(newest[-1]["ts"])  # nothing before it is new
    for _ in range(REQUESTS - 1):
        since = max(since, passed)
        try:
            page, is_whole = await _read_page(client, target, limit, since=since)
        except DeliveryDelayed as exc:
            log.warning("thread read in part", reason=str(exc))
            break
        page = [message for message in page if message.get("ts") != target.thread]
        if is_whole:
            newest = [*newest, *page[1:]] if since == passed else page
            if len(newest) >= enough or since == passed:
                break
            since = end - (end - since) * _LONGER
        else:
            newest, passed = page, float(page[-1]["ts"])
            since = end - (end - since) / _SHORTER
    return [root, *newest]


async def _read_page(
    client: AsyncWebClient, target: ReplyTarget, limit: int, *, since: float = 0.0
) -> tuple[Sequence[Json], bool]:
    """Return one page, the oldest message first, and whether nothing follows it. Raises `DeliveryError`."""
    with delivery_errors():
        answer = await client.conversations_replies(
            channel=target.channel,
            ts=target.thread,
            oldest=f"{since:.6f}" if since else None,
            latest=target.message or None,
            inclusive=True,
            limit=min(max(PAGE, 2 * limit), LARGEST_PAGE),
        )
    more = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
    return answer.get("messages") or (), not more


def _build_turn(workspace: Workspace, message: Json, people: Mapping[str, Person]) -> Turn:
    is_own = _is_own(workspace, message)
    user = str(message.get("user") or message.get("bot_id") or "")
    return Turn(
        role="assistant" if is_own else "user",
        content=read_text(message, people, bot_user=workspace.bot_user),
        speaker="" if is_own else find_author(message, people),
        actor="" if is_own else workspace.scoped(user),
        at=datetime.fromtimestamp(float(message["ts"]), UTC),
        written_at=float(message["ts"]),
    )


def _is_own(workspace: Workspace, message: Json) -> bool:
    bot = message.get("bot_id")
    return message.get("user") == workspace.bot_user or (bool(bot) and bot == workspace.bot)
