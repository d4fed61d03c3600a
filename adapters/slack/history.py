"""What was said in a thread before the bot was called, read once."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog

from adapters.slack import parse
from adapters.slack.address import Address
from adapters.slack.failures import delivering
from adapters.slack.people import People, Person
from adapters.slack.workspaces import Workspace, Workspaces
from bot.errors import DeliveryDelayed
from bot.models import Earlier, Turn

log = structlog.get_logger(__name__)

#: Messages that are asked for at once, and requests that are made, for one thread.
PAGE, PAGES = 200, 5
_SPOKEN = (None, "", "file_share", "thread_broadcast", "me_message", "bot_message")


async def earlier(workspaces: Workspaces, people: People, address: Address, *, limit: int) -> Earlier:
    """The newest `limit` turns of the thread before the question, and the files of its first message.

    Where Slack lets an app read little, there is as much as it gave. Raises `DeliveryError`.
    """
    workspace = await workspaces.find(address.team, address.enterprise)
    messages = await _messages(workspaces, workspace, address)
    before = [m for m in messages if not address.message or float(m["ts"]) < float(address.message)]
    said = [message for message in before if message.get("subtype") in _SPOKEN][-limit:] if limit else []
    authors = {str(message.get("user") or "") for message in said}
    named = {user for message in said for user in parse.mentioned(message)}
    known = await people.named(workspace, sorted(authors | named - {""}), most=len(authors) + len(named))
    turns = tuple(turn for message in said if (turn := _turn(workspace, message, known)).content)
    first = next((message for message in before if message.get("ts") == address.thread), None)
    files = parse.attachments_of(first, workspace) if first is not None and not _is_own(workspace, first) else ()
    return Earlier(turns=turns, attachments=files)


async def _messages(workspaces: Workspaces, workspace: Workspace, address: Address) -> Sequence[Mapping[str, Any]]:
    client = workspaces.of(workspace)
    found: list[Mapping[str, Any]] = []
    cursor = ""
    for page in range(PAGES):
        try:
            with delivering():
                told = await client.conversations_replies(
                    channel=address.channel,
                    ts=address.thread,
                    latest=address.message or None,
                    inclusive=True,
                    limit=PAGE,
                    cursor=cursor or None,
                )
        except DeliveryDelayed as exc:
            if not page:
                raise
            log.warning("thread read in part", reason=str(exc))
            break
        found += told.get("messages") or ()
        cursor = str((told.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            break
    return found


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
