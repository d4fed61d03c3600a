"""Corrections and erasure. Each function runs in a transaction of the writer's."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.limits import Amounts
from bot.models import Media
from bot.store.shared import erasure, key_values, places, quota
from bot.store.shared.rows import parse_media
from bot.store.sqlite.database import SqliteDatabase

#: Events erased in one transaction, which other writes wait for.
CHUNK = 200
#: The application id in the file's header.
MARK = 0x636D7573

_ADD_USAGE = """
INSERT INTO usage (hour, adapter, actor, channel, kind, model, requests, prompt_tokens, completion_tokens, items,
    milliseconds, micros, price, own_micros, workspace)
SELECT hour, adapter, '', channel, kind, model, requests, prompt_tokens, completion_tokens, items, milliseconds, micros,
    price, own_micros, workspace
FROM usage WHERE adapter = :adapter AND actor = :actor AND actor <> ''
ON CONFLICT DO UPDATE SET requests = requests + excluded.requests,
    prompt_tokens = prompt_tokens + excluded.prompt_tokens,
    completion_tokens = completion_tokens + excluded.completion_tokens,
    items = items + excluded.items, milliseconds = milliseconds + excluded.milliseconds,
    micros = micros + excluded.micros, price = max(price, excluded.price),
    own_micros = own_micros + excluded.own_micros
"""
_PRUNE = """
DELETE FROM events WHERE seq IN (
    SELECT seq FROM events WHERE done = 1 AND received_at < :before ORDER BY received_at LIMIT :limit)
RETURNING adapter, conversation, answer
"""
_ERASE = """
DELETE FROM events WHERE done = 1 AND seq IN (SELECT value FROM json_each(:seqs))
RETURNING adapter, conversation, answer
"""
_PRUNE_CONTEXTS = """
DELETE FROM contexts WHERE (adapter, conversation) IN (SELECT value->>0, value->>1 FROM json_each(:conversations))
AND NOT EXISTS (
    SELECT 1 FROM events
    WHERE events.adapter = contexts.adapter AND events.conversation = contexts.conversation)
"""


async def touch(db: SqliteDatabase) -> None:
    """Write the application id; fails when nothing can be written."""
    await db.rows(f"PRAGMA application_id = {MARK}")


async def answer_waiting(db: SqliteDatabase, seqs: Sequence[int], answer: str) -> None:
    """Commit one answer for waiting events, which then only need delivery and wait for no others."""
    await db.rows(
        "UPDATE events SET answer = :answer, lane = 'free', ready_at = 0"
        " WHERE seq IN (SELECT value FROM json_each(:seqs)) AND answer IS NULL",
        answer=answer,
        seqs=json.dumps(list(seqs)),
    )


async def reserve(db: SqliteDatabase, seq: int, uses: Amounts) -> None:
    """Store what an event may use until it is answered."""
    sql = (
        "INSERT INTO reservations (event_seq, kind, items, tokens, milliseconds, micros, own)"
        " SELECT seq, :kind, :items, :tokens, :milliseconds, :micros, :is_own FROM events WHERE seq = :seq"
        " ON CONFLICT DO UPDATE SET kind = excluded.kind, items = excluded.items, tokens = excluded.tokens,"
        " milliseconds = excluded.milliseconds, micros = excluded.micros, own = excluded.own"
    )
    amounts = {name: getattr(uses, name) for name in ("kind", "items", "tokens", "milliseconds", "micros", "is_own")}
    await db.rows(sql, seq=seq, **amounts)


async def reopen(db: SqliteDatabase, seq: int, event: str, answer: str | None) -> None:
    """Reopen an event with this content; with an answer it only needs delivery."""
    await db.rows("DELETE FROM turns WHERE event_seq = :seq", seq=seq)
    await db.rows(
        "UPDATE events SET event = :event, answer = NULL, done = 0, attempts = 0, ready_at = 0, withdrawn = 0,"
        " failing_since = NULL"
        " WHERE seq = :seq",
        event=event,
        seq=seq,
    )
    if answer is not None:  # in two steps: an answer is never overwritten
        await db.rows("UPDATE events SET answer = :answer, withdrawn = 1 WHERE seq = :seq", answer=answer, seq=seq)


async def join(db: SqliteDatabase, seq: int, event: str, others: Mapping[int, str]) -> None:
    """Give an event another content; complete the waiting ones that it answers as well, each with its content."""
    await db.rows("UPDATE events SET event = :event WHERE seq = :seq", event=event, seq=seq)
    for other, content in others.items():
        sql = "UPDATE events SET event = :event, withdrawn = 1, done = 1 WHERE seq = :seq"
        await db.rows(sql, event=content, seq=other)


async def repeat(db: SqliteDatabase, seq: int) -> None:
    """Have the answer of an event delivered once more."""
    sql = "UPDATE events SET done = 0, attempts = 0, ready_at = 0, failing_since = NULL"
    await db.rows(f"{sql} WHERE seq = :seq AND answer IS NOT NULL", seq=seq)


async def withdraw(db: SqliteDatabase, seq: int, *, is_waiting: bool) -> None:
    """Erase an event's turns, future ones included; a waiting event is completed."""
    await db.rows("DELETE FROM turns WHERE event_seq = :seq", seq=seq)
    sql = "UPDATE events SET withdrawn = 1, done = max(done, :is_waiting) WHERE seq = :seq"
    await db.rows(sql, is_waiting=is_waiting, seq=seq)


async def forget(
    db: SqliteDatabase, adapter: str, actor: str, workspace: str | None, running: Sequence[int], *, now: float
) -> list[Media]:
    """See `Maintenance.forget`. The content of events in `running` is erased when they complete."""
    is_running = f"seq IN ({', '.join(map(str, running))})" if running else "false"
    answers = await erasure.forget(
        db,
        adapter,
        actor,
        workspace=workspace,
        is_running=is_running,
        find="instr",
        add_usage=_ADD_USAGE,
        now=now,
    )
    return [media for answer in answers for media in parse_media(answer)]


async def prune(db: SqliteDatabase, before: datetime) -> tuple[int, list[Media]]:
    """Erase at most `CHUNK` older events; returns their number and their media."""
    gone = await db.rows(_PRUNE, before=before.timestamp(), limit=CHUNK)
    return len(gone), await _end_contexts(db, gone)


async def erase(db: SqliteDatabase, seqs: Sequence[int]) -> list[Media]:
    """Erase events; returns their media."""
    gone = await db.rows(_ERASE, seqs=json.dumps(list(seqs)))
    return await _end_contexts(db, gone)


async def _end_contexts(db: SqliteDatabase, gone: Sequence[Sequence[Any]]) -> list[Media]:
    """Erase the contexts of conversations that have no event left; returns the media of the erased events."""
    conversations = sorted({(adapter, conversation) for adapter, conversation, _ in gone})
    await db.rows(_PRUNE_CONTEXTS, conversations=json.dumps(conversations))
    return [media for *_, answer in gone for media in parse_media(answer)]


async def prune_rest(db: SqliteDatabase, before: datetime, *, now: float) -> Sequence[Media]:
    """Erase values that have expired or whose conversation is gone, and what is left of the forgotten.

    Names of places are erased that were saved before that time. Returns the media of the forgotten.
    """
    await db.rows(places.PRUNE, before=before.timestamp())
    await db.rows(key_values.PRUNE, now=now)
    await db.rows(quota.PRUNE_CARRIED, hour=int(now // quota.HOUR) - quota.CARRIED_DAYS * 24)
    return await erasure.erase_left_behind(db)
