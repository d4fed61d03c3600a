"""What was said in a thread before the bot was called, read once."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.connection.errors import delivering
from adapters.slack.connection.workspaces import Workspace, Workspaces
from adapters.slack.inbound import parse
from adapters.slack.inbound.parse import Json
from adapters.slack.inbound.users import People, Person
from adapters.slack.reply_target import Address
from bot.errors import DeliveryDelayed
from bot.models import PriorMessages, Turn

log = structlog.get_logger(__name__)

#: Messages that are asked for at once, at least and at most, and requests that are made, for one thread.
PAGE, LARGEST, REQUESTS = 200, 900, 5
#: By how much a stretch before the question is made longer, or shorter, where it held too little or too much.
_LONGER, _SHORTER = 5.0, 4.0
_SPOKEN = (None, "", "file_share", "thread_broadcast", "me_message", "bot_message")


async def earlier(workspaces: Workspaces, people: People, address: Address, *, limit: int) -> PriorMessages:
    """The newest `limit` turns of the thread before the question, and the files of its first message.

    Where Slack lets an app read little, there is as much as it gave. Raises `DeliveryError`.
    """
    workspace = await workspaces.find(address.team, address.enterprise)
    messages = await _messages(workspaces.of(workspace), address, limit)
    before = [m for m in messages if not address.message or float(m["ts"]) < float(address.message)]
    said = [message for message in before if message.get("subtype") in _SPOKEN][-limit:] if limit else []
    authors = {str(message.get("user") or "") for message in said}
    named = {user for message in said for user in parse.mentioned(message)}
    known = await people.named(workspace, sorted(authors | named - {""}), most=len(authors) + len(named))
    turns = tuple(turn for message in said if (turn := _turn(workspace, message, known)).content)
    first = next((message for message in before if message.get("ts") == address.thread), None)
    files = parse.attachments_of(first, workspace) if first is not None and not _is_own(workspace, first) else ()
    return PriorMessages(turns=turns, attachments=files)


async def _messages(client: AsyncWebClient, address: Address, limit: int) -> Sequence[Json]:
    """The newest messages before the question, `limit` of them where a page holds so many, and the thread's first.

    Slack tells the oldest first. So where a thread is longer than a page, stretches that end at the question are asked
    for, until one holds enough and no more than a page.
    """
    found, is_whole = await _page(client, address, limit)
    if is_whole:
        return found
    root, newest = found[0], found[1:]
    start, end = float(address.thread), float(address.message or time.time())
    enough = min(limit, len(found) // 2)
    replies = max(int(root.get("reply_count") or 0), len(found))
    since = end - 2 * enough * (end - start) / replies
    passed = float(newest[-1]["ts"])  # nothing before it is new
    for _ in range(REQUESTS - 1):
        since = max(since, passed)
        try:
            page, is_whole = await _page(client, address, limit, since=since)
        except DeliveryDelayed as exc:
            log.warning("thread read in part", reason=str(exc))
            break
        page = [message for message in page if message.get("ts") != address.thread]
        if is_whole:
            newest = [*newest, *page[1:]] if since == passed else page
            if len(newest) >= enough or since == passed:
                break
            since = end - (end - since) * _LONGER
        else:
            newest, passed = page, float(page[-1]["ts"])
            since = end - (end - since) / _SHORTER
    return [root, *newest]


async def _page(
    client: AsyncWebClient, address: Address, limit: int, *, since: float = 0.0
) -> tuple[Sequence[Json], bool]:
    """What Slack tells at once, the oldest first, and whether that is all. Raises `DeliveryError`."""
    with delivering():
        told = await client.conversations_replies(
            channel=address.channel,
            ts=address.thread,
            oldest=f"{since:.6f}" if since else None,
            latest=address.message or None,
            inclusive=True,
            limit=min(max(PAGE, 2 * limit), LARGEST),
        )
    more = str((told.get("response_metadata") or {}).get("next_cursor") or "")
    return told.get("messages") or (), not more


def _turn(workspace: Workspace, message: Mapping[str, Any], people: Mapping[str, Person]) -> Turn:
    is_own = _is_own(workspace, message)
    user = str(message.get("user") or message.get("bot_id") or "")
    return Turn(
        role="assistant" if is_own else "user",
        content=parse.said(message, people, me=workspace.bot_user),
        speaker="" if is_own else parse.author_of(message, people),
        actor="" if is_own else workspace.scoped(user),
        at=datetime.fromtimestamp(float(message["ts"]), UTC),
    )


def _is_own(workspace: Workspace, message: Mapping[str, Any]) -> bool:
    bot = message.get("bot_id")
    return message.get("user") == workspace.bot_user or (bool(bot) and bot == workspace.bot)
