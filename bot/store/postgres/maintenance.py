"""Erasure. Each function runs in a transaction of the writer's."""

import time
from collections.abc import Sequence
from typing import Any

from bot.limits import MINUTE
from bot.models import Media
from bot.store.postgres.connection import PostgresDatabase
from bot.store.postgres.lease import LOCK
from bot.store.postgres.statements import ABANDON, ADDED
from bot.store.shared import codec, erasure, key_values, places, quota

#: Events erased in one transaction, which other writes wait for.
CHUNK = 200

_ADD_USAGE = f"""
INSERT INTO usage (hour, adapter, actor, workspace, channel, kind, model, requests, prompt_tokens, completion_tokens,
    items, milliseconds, micros, own_micros)
SELECT hour, adapter, '', workspace, channel, kind, model, requests, prompt_tokens, completion_tokens, items,
    milliseconds, micros, own_micros
FROM usage WHERE adapter = :adapter AND actor = :actor AND actor <> ''
{ADDED}
"""  # noqa: S608 - constants
_FORGET_PERSON = "DELETE FROM people WHERE adapter = :adapter AND actor = :actor"
_PRUNE = """
DELETE FROM events WHERE seq IN (
    SELECT seq FROM events WHERE done AND received_at < :before
    ORDER BY received_at LIMIT :limit FOR UPDATE SKIP LOCKED)
RETURNING adapter, conversation, answer
"""
_ERASE = "DELETE FROM events WHERE done AND seq = ANY(:seqs::bigint[]) RETURNING adapter, conversation, answer"
_PRUNE_CONTEXTS = """
DELETE FROM contexts USING unnest(:adapters::text[], :conversations::text[]) AS gone (adapter, conversation)
WHERE contexts.adapter = gone.adapter AND contexts.conversation = gone.conversation AND NOT EXISTS (
    SELECT 1 FROM events WHERE events.adapter = gone.adapter AND events.conversation = gone.conversation)
"""
_PRUNE_PEOPLE = """
DELETE FROM people WHERE NOT EXISTS (
    SELECT 1 FROM events
    WHERE events.adapter = people.adapter AND events.actor = people.actor AND events.actor <> '')
"""
_PRUNE_ALLOWANCES = """
DELETE FROM allowances WHERE NOT EXISTS (SELECT 1 FROM unnest(recent) AS at WHERE at > :minute_ago)
"""
_PRUNE_SPENT = "DELETE FROM spent WHERE hour < :hour"


async def forget(db: PostgresDatabase, adapter: str, actor: str, workspace: str | None) -> Sequence[str]:
    """See `Maintenance.forget`; returns the erased answers."""
    if workspace is not None and await erasure.is_in_one_workspace(db, adapter, actor, workspace):
        workspace = None
    is_running = "owner IS NOT NULL AND NOT done"
    now = time.time()
    answers = await erasure.forget(
        db,
        adapter,
        actor,
        workspace=workspace,
        is_running=is_running,
        find="strpos",
        add_usage=_ADD_USAGE,
        now=now,
        more=", lane_key = NULL",
    )
    if workspace is None:
        await db.rows(_FORGET_PERSON, adapter=codec.to_key(adapter), actor=codec.to_key(actor))
    return answers


async def prune(db: PostgresDatabase, before: float) -> Sequence[str | None]:
    """Erase at most `CHUNK` events received before that time (seconds since 1970); returns their answers."""
    return await _end_contexts(db, await db.rows(_PRUNE, before=before, limit=CHUNK))


async def erase(db: PostgresDatabase, seqs: Sequence[int]) -> Sequence[str | None]:
    """Erase events; returns their answers."""
    return await _end_contexts(db, await db.rows(_ERASE, seqs=list(seqs)))


async def _end_contexts(db: PostgresDatabase, rows: Sequence[Any]) -> Sequence[str | None]:
    """Erase the contexts of conversations that have no event left; returns the answers of the erased events."""
    adapters, conversations = [row["adapter"] for row in rows], [row["conversation"] for row in rows]
    await db.rows(_PRUNE_CONTEXTS, adapters=adapters, conversations=conversations)
    return [row["answer"] for row in rows]


async def prune_rest(db: PostgresDatabase, before: float) -> Sequence[Media]:
    """Erase expired values, those of conversations without events, people without events, and old figures.

    Names of places are erased that were saved before that time (seconds since 1970).

    Events that a terminal which ended left unanswered a day ago are dropped, and the rest of the forgotten: returns its
    media.
    """
    now = time.time()
    await db.rows(key_values.PRUNE, now=now)
    await db.rows(places.PRUNE, before=before)
    await db.rows(_PRUNE_PEOPLE)
    await db.rows(_PRUNE_ALLOWANCES, minute_ago=now - MINUTE)
    await db.rows(ABANDON, before=now - quota.DAY, lock=LOCK)
    hour = int(now // quota.HOUR) - quota.CARRIED_DAYS * 24
    await db.rows(_PRUNE_SPENT, hour=hour)
    await db.rows(quota.PRUNE_CARRIED, hour=hour)
    return await erasure.erase_left_behind(db)
