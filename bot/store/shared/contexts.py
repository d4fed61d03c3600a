"""Changes of a conversation's context. Each function runs in a transaction of the writer's."""

# ruff: noqa: S608 - only constants are joined

from collections.abc import Sequence

from bot.models import Job, Turn
from bot.store.shared import codec
from bot.store.shared.sql import Database, Dialect

_OF_CONVERSATION = "adapter = :adapter AND conversation = :conversation"
#: The turns from one to another, and the summary of those before them.
_SUMMARIZED = f"""
SELECT count(*), coalesce((SELECT summary FROM contexts WHERE {_OF_CONVERSATION}), '') FROM turns
WHERE {{live}} AND {_OF_CONVERSATION} AND seq >= :first AND seq <= :through_seq
"""
#: Ignores a summary of turns that a reset has left behind since, and one that is older than the stored, or was made
#: from another than the stored.
_SAVE_SUMMARY = """
INSERT INTO contexts (adapter, conversation, summary, through_seq)
VALUES (:adapter, :conversation, :summary, :through_seq)
ON CONFLICT (adapter, conversation) DO UPDATE SET summary = excluded.summary, through_seq = excluded.through_seq
WHERE excluded.through_seq >= contexts.through_seq AND excluded.through_seq > contexts.reset_turn
    AND contexts.summary = CAST(:was AS text)
RETURNING through_seq
"""
_LEAVE_OUT_SUMMARIZED = f"UPDATE turns SET live = false WHERE {{live}} AND {_OF_CONVERSATION} AND seq <= :through_seq"
#: Locks the row first: a transaction that adds turns meanwhile waits for it, and then sees that they are left behind.
_RESET = """
INSERT INTO contexts (adapter, conversation, reset) VALUES (:adapter, :conversation, :seq)
ON CONFLICT (adapter, conversation) DO UPDATE SET
    summary = CASE WHEN excluded.reset > contexts.reset THEN '' ELSE contexts.summary END,
    left_behind = CASE WHEN excluded.reset > contexts.reset THEN 0 ELSE contexts.left_behind END,
    reset = CASE WHEN excluded.reset > contexts.reset THEN excluded.reset ELSE contexts.reset END,
    reset_turn = CASE WHEN contexts.through_seq > contexts.reset_turn THEN contexts.through_seq
        ELSE contexts.reset_turn END
"""
_LEAVE_BEHIND = f"""
UPDATE turns SET live = false WHERE {{live}} AND {_OF_CONVERSATION} AND event_seq <= :seq RETURNING seq
"""
_COUNT_LEFT_BEHIND = f"""
UPDATE contexts SET reset_turn = CASE WHEN :last > reset_turn THEN :last ELSE reset_turn END,
    left_behind = left_behind + :number
WHERE {_OF_CONVERSATION} RETURNING left_behind
"""


async def save_summary(
    db: Database, dialect: Dialect, adapter: str, conversation: str, summary: str, *, turns: Sequence[Turn], was: str
) -> bool:
    """See `ContextStore.save_summary`. False: it was ignored."""
    keys = {
        "adapter": codec.to_key(adapter),
        "conversation": codec.to_key(conversation),
        "through_seq": turns[-1].seq,
    }
    [(count, before)] = await db.rows(_SUMMARIZED.format(live=dialect.live), first=turns[0].seq, **keys)
    if (count, before) != (len(turns), was):
        return False
    saved = await db.rows(_SAVE_SUMMARY, summary=summary, was=was, **keys)
    if saved:
        await db.rows(_LEAVE_OUT_SUMMARIZED.format(live=dialect.live), **keys)
    return bool(saved)


async def reset(db: Database, dialect: Dialect, job: Job) -> int:
    """See `ContextStore.reset`."""
    keys = {"adapter": codec.to_key(job.event.adapter), "conversation": codec.to_key(job.event.conversation)}
    await db.rows(_RESET, seq=job.seq, **keys)
    left = await db.rows(_LEAVE_BEHIND.format(live=dialect.live), seq=job.seq, **keys)
    last = max((seq for (seq,) in left), default=0)
    (row,) = await db.rows(_COUNT_LEFT_BEHIND, last=last, number=len(left), **keys)
    return int(row[0])
