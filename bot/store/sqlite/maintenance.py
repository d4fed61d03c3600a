"""Transactions of their own: resets, summaries, forgetting, pruning. Each runs inside the writer."""

# ruff: noqa: S608 - only constants are joined

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import aiosqlite

from bot.models import Job, Media
from bot.store.shared import codec, key_values, quota
from bot.store.shared.quota import person_number
from bot.store.sqlite.database import SqliteDatabase
from bot.store.sqlite.queries import media_of

#: Events erased in one transaction: the writer's other work waits for that long only.
CHUNK = 200
#: What the file's header says of who wrote it.
MARK = 0x636D7573


async def _rows(db: aiosqlite.Connection, sql: str, *parameters: object) -> list[Any]:
    return list(await db.execute_fetchall(sql, parameters))


async def reset(db: aiosqlite.Connection, job: Job) -> int:
    """See `Store.reset`."""
    keys = codec.key(job.event.adapter), codec.key(job.event.conversation)
    left = await _rows(
        db,
        "UPDATE turns SET live = 0 WHERE live = 1 AND adapter = ? AND conversation = ? AND event_seq <= ?"
        " RETURNING seq",
        *keys,
        job.seq,
    )
    last = max((seq for (seq,) in left), default=0)
    (row,) = await _rows(
        db,
        "INSERT INTO contexts (adapter, conversation, reset, reset_turn, left_behind) VALUES (?1, ?2, ?3, ?4, ?5)"
        " ON CONFLICT DO UPDATE SET summary = iif(?3 > reset, '', summary), reset = max(?3, reset),"
        " reset_turn = max(?4, reset_turn, through_seq), left_behind = iif(?3 = reset, left_behind, 0) + ?5"
        " RETURNING left_behind",
        *keys,
        job.seq,
        last,
        len(left),
    )
    return int(row[0])


async def save_summary(
    db: aiosqlite.Connection, adapter: str, conversation: str, summary: str, through_seq: int
) -> bool:
    """See `Store.save_summary`. A summary of what a reset left behind since is ignored, too: False."""
    keys = codec.key(adapter), codec.key(conversation)
    saved = await _rows(
        db,
        "INSERT INTO contexts (adapter, conversation, summary, through_seq) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET summary = excluded.summary, through_seq = excluded.through_seq"
        " WHERE excluded.through_seq >= through_seq AND excluded.through_seq > reset_turn RETURNING through_seq",
        *keys,
        codec.clean(summary),
        through_seq,
    )
    if saved:
        await _rows(
            db,
            "UPDATE turns SET live = 0 WHERE live = 1 AND adapter = ? AND conversation = ? AND seq <= ?",
            *keys,
            through_seq,
        )
    return bool(saved)


async def touch(db: aiosqlite.Connection) -> None:
    """Write the file's mark anew: fails when nothing can be written."""
    await _rows(db, f"PRAGMA application_id = {MARK}")


async def answer_waiting(db: aiosqlite.Connection, seqs: Sequence[int], answer: str) -> None:
    """Commit one answer for waiting events; only delivery is left of them, in lanes of their own."""
    await _rows(
        db,
        "UPDATE events SET answer = ?, lane = 'free', ready_at = 0"
        " WHERE seq IN (SELECT value FROM json_each(?)) AND answer IS NULL",
        answer,
        json.dumps(list(seqs)),
    )


async def reserve(db: aiosqlite.Connection, seq: int, kind: str, items: int) -> None:
    """Write down what an event may use while it has no answer."""
    await _rows(db, "UPDATE events SET kind = ?, items = ? WHERE seq = ?", kind, items, seq)


async def reopen(db: aiosqlite.Connection, seq: int, event: str, answer: str | None) -> None:
    """Put an event back with this content, or with an answer that is only to be shown."""
    await _rows(db, "DELETE FROM turns WHERE event_seq = ?", seq)
    await _rows(
        db,
        "UPDATE events SET event = ?, answer = NULL, done = 0, attempts = 0, ready_at = 0, withdrawn = 0 WHERE seq = ?",
        event,
        seq,
    )
    if answer is not None:  # in two steps: an answer is never overwritten
        await _rows(db, "UPDATE events SET answer = ?, withdrawn = 1 WHERE seq = ?", answer, seq)


async def withdraw(db: aiosqlite.Connection, seq: int, *, is_waiting: bool) -> None:
    """Erase an event's turns, also those to come; what still waited is done."""
    await _rows(db, "DELETE FROM turns WHERE event_seq = ?", seq)
    await _rows(db, "UPDATE events SET withdrawn = 1, done = max(done, ?) WHERE seq = ?", int(is_waiting), seq)


async def add_feedback(
    db: aiosqlite.Connection, adapter: str, event_id: str, actor: str, *, is_good: bool, now: float
) -> None:
    """See `Store.add_feedback`."""
    await _rows(
        db,
        "INSERT INTO feedback SELECT seq, ?, ?, ? FROM events WHERE adapter = ? AND id = ?"
        " AND event IS NOT NULL ON CONFLICT DO UPDATE SET is_good = excluded.is_good, at = excluded.at",
        codec.key(actor),
        int(is_good),
        now,
        codec.key(adapter),
        codec.key(event_id),
    )


async def forget(
    db: aiosqlite.Connection, adapter: str, actor: str, running: Sequence[int], *, now: float
) -> list[Media]:
    """See `Store.forget`. Events of `running` are blanked when they are done; the person's others are done now."""
    who = codec.key(adapter), codec.key(actor)
    theirs = "SELECT seq FROM events WHERE adapter = ? AND actor = ? AND actor <> ''"
    media = [
        item
        for (answer,) in await _rows(
            db,
            f"SELECT answer FROM events WHERE seq IN ({theirs}) AND answer IS NOT NULL"
            " AND seq NOT IN (SELECT value FROM json_each(?))",
            *who,
            json.dumps(list(running)),
        )
        for item in media_of(answer)
    ]
    await _rows(
        db,
        "UPDATE contexts SET summary = '' WHERE (adapter, conversation) IN"
        " (SELECT adapter, conversation FROM events WHERE adapter = ? AND actor = ?)",
        *who,
    )
    await _rows(db, f"DELETE FROM turns WHERE event_seq IN ({theirs})", *who)
    await _rows(
        db,
        f"DELETE FROM feedback WHERE event_seq IN ({theirs}) OR"
        " (actor = ?2 AND event_seq IN (SELECT seq FROM events WHERE adapter = ?1))",
        *who,
    )
    await _rows(
        db,
        "UPDATE events SET forgotten = 1, actor = '' WHERE seq IN (SELECT value FROM json_each(?))",
        json.dumps(list(running)),
    )
    await _rows(
        db,
        f"UPDATE events SET event = NULL, answer = NULL, ref = NULL, actor = '', done = 1 WHERE seq IN ({theirs})",
        *who,
    )
    person, today = person_number(adapter, actor), quota.today(now)
    await SqliteDatabase(db).rows(
        quota.COUNT_ON, person=person, today=today, hour=today * 24, adapter=who[0], actor=who[1]
    )
    await _rows(
        db,
        "INSERT INTO usage SELECT hour, adapter, '', channel, kind, model, requests, prompt_tokens,"
        " completion_tokens, items, cost, price FROM usage WHERE adapter = ? AND actor = ? AND actor <> ''"
        " ON CONFLICT DO UPDATE SET requests = requests + excluded.requests,"
        " prompt_tokens = prompt_tokens + excluded.prompt_tokens,"
        " completion_tokens = completion_tokens + excluded.completion_tokens,"
        " items = items + excluded.items, cost = cost + excluded.cost, price = max(price, excluded.price)",
        *who,
    )
    await _rows(db, "DELETE FROM usage WHERE adapter = ? AND actor = ? AND actor <> ''", *who)
    await SqliteDatabase(db).rows(key_values.FORGET, adapter=who[0], actor=who[1])
    return media


async def prune(db: aiosqlite.Connection, before: datetime) -> tuple[int, list[Media]]:
    """Erase one chunk of what is older; returns how many events and their media."""
    gone = await _rows(
        db,
        "DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE done = 1 AND received_at < ?"
        " ORDER BY received_at LIMIT ?) RETURNING adapter, conversation, answer",
        before.timestamp(),
        CHUNK,
    )
    places = sorted({(adapter, conversation) for adapter, conversation, _ in gone})
    await _rows(
        db,
        "DELETE FROM contexts WHERE (adapter, conversation) IN (SELECT value->>0, value->>1 FROM json_each(?))"
        " AND NOT EXISTS (SELECT 1 FROM events WHERE events.adapter = contexts.adapter"
        " AND events.conversation = contexts.conversation)",
        json.dumps(places),
    )
    return len(gone), [item for _, _, answer in gone for item in media_of(answer)]


async def prune_rest(db: aiosqlite.Connection, *, now: float) -> None:
    """Erase the values that have expired or whose conversation is gone, and what counted on other days."""
    await SqliteDatabase(db).rows(key_values.PRUNE, now=now)
    await SqliteDatabase(db).rows("DELETE FROM allowances WHERE day < :today", today=quota.today(now))
