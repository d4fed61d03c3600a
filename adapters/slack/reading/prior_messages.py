"""Messages of a thread from before the bot was mentioned there, read once."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from adapters.slack.connection.errors import delivery_errors
from adapters.slack.connection.paging import LARGEST_PAGE, next_cursor
from adapters.slack.connection.workspaces import Workspace, Workspaces
from adapters.slack.inbound.parse import find_author, find_mentions, is_spoken, read_attachments, read_text
from adapters.slack.people.users import UserDirectory
from adapters.slack.reading.threads import is_own, read_newest
from adapters.slack.reply_target import ReplyTarget
from adapters.slack.types import Json, Person
from bot.models import PriorMessages, Turn

#: Messages of one request, at least, and requests for one thread.
_PAGE, _REQUESTS = 200, 5


async def read_prior_messages(
    workspaces: Workspaces, users: UserDirectory, target: ReplyTarget, *, limit: int
) -> PriorMessages:
    """Return the newest `limit` turns of the thread before the question, and the files of its first message.

    Where Slack restricts reading, as much as it gave. Raises `DeliveryError`.
    """
    workspace = await workspaces.find(target.team, target.enterprise)
    client, page = workspaces.client_of(workspace), min(max(_PAGE, 2 * limit), LARGEST_PAGE)

    async def read(since: float, until: float) -> tuple[Sequence[Json], bool]:
        with delivery_errors():
            answer = await client.conversations_replies(
                channel=target.channel,
                ts=target.thread,
                oldest=f"{since:.6f}" if since else None,
                latest=f"{until:.6f}",
                inclusive=True,
                limit=page,
            )
        return answer.get("messages") or (), not next_cursor(answer)

    until = float(target.message or time.time())
    found = await read_newest(
        read, target.thread, since=0.0, until=until, count=limit + 1, page=page, requests=_REQUESTS
    )
    first = [found.root] if found.root is not None else []
    before = [m for m in (*first, *found.replies) if not target.message or float(m["ts"]) < until]
    spoken = [message for message in before if is_spoken(message)][-limit:] if limit else []
    authors = {str(message.get("user") or "") for message in spoken}
    mentioned = {user for message in spoken for user in find_mentions(message)}
    ids = sorted(authors | mentioned - {""})
    people = await users.find_many(workspace, ids, limit=len(authors) + len(mentioned))
    turns = tuple(turn for message in spoken if (turn := _build_turn(workspace, message, people)).content)
    root = found.root if found.root in before else None
    files = read_attachments(root, workspace) if root is not None and not is_own(workspace, root) else ()
    return PriorMessages(turns=turns, attachments=files)


def _build_turn(workspace: Workspace, message: Json, people: Mapping[str, Person]) -> Turn:
    by_service = is_own(workspace, message)
    user = str(message.get("user") or message.get("bot_id") or "")
    return Turn(
        role="assistant" if by_service else "user",
        content=read_text(message, people, bot_user=workspace.bot_user),
        speaker="" if by_service else find_author(message, people),
        actor="" if by_service else workspace.scoped(user),
        at=datetime.fromtimestamp(float(message["ts"]), UTC),
        written_at=float(message["ts"]),
    )
