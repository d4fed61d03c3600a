"""Looking things up. Reads have a connection of their own, so that they never wait behind what is being written."""

# ruff: noqa: D102, S608 - the promises are those of `bot.ports.Store`; only constants are joined

import json
import sqlite3
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import aiosqlite

from bot.models import Answer, ConversationContext, Event, Job, Media, Turn, UsageRow
from bot.store.shared import codec
from bot.store.sqlite.errors import translate

_JOB = "SELECT seq, event, attempts, ref, answer FROM events"
_PAGE = 200
_RECENT = 2000  #: events among which a person's newest files are looked for


class Reads:
    """Questions to the database."""

    def __init__(self, db: aiosqlite.Connection, path: Path) -> None:
        self._db = db
        self._path = path

    async def rows(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> list[Any]:
        """The rows of a query. Raises `StoreError`."""
        try:
            return list(await self._db.execute_fetchall(sql, parameters))
        except sqlite3.Error as exc:
            raise translate(exc, self._path) from exc

    async def job_of_seq(self, seq: int) -> Job | None:
        """An event by its sequence number; None when it was erased."""
        return job_of(await self.rows(f"{_JOB} WHERE seq = ? AND event IS NOT NULL", (seq,)))

    async def job(self, adapter: str, event_id: str) -> Job | None:
        keys = codec.key(adapter), codec.key(event_id)
        return job_of(await self.rows(f"{_JOB} WHERE adapter = ? AND id = ? AND event IS NOT NULL", keys))

    async def last_job(self, adapter: str, conversation: str, commands: Collection[str]) -> Job | None:
        names = json.dumps([codec.key(name) for name in commands])
        return job_of(
            await self.rows(
                f"{_JOB} WHERE adapter = ? AND conversation = ? AND command IN (SELECT value FROM json_each(?))"
                " AND event IS NOT NULL ORDER BY seq DESC LIMIT 1",
                (codec.key(adapter), codec.key(conversation), names),
            )
        )

    async def state(self, adapter: str, event_id: str) -> tuple[int, str, str, str, str, int] | None:
        """Sequence number, conversation, command, lane, kind and items of an event that was not forgotten."""
        rows = await self.rows(
            "SELECT seq, conversation, command, lane, kind, items FROM events"
            " WHERE adapter = ? AND id = ? AND event IS NOT NULL",
            (codec.key(adapter), codec.key(event_id)),
        )
        return tuple(rows[0]) if rows else None

    async def is_known(self, adapter: str, event_id: str) -> bool:
        """Whether an event was recorded, be it forgotten or not."""
        keys = codec.key(adapter), codec.key(event_id)
        return bool(await self.rows("SELECT 1 FROM events WHERE adapter = ? AND id = ?", keys))

    async def participants(self, adapter: str, conversation: str) -> Collection[str]:
        rows = await self.rows(
            "SELECT DISTINCT actor FROM events WHERE adapter = ?1 AND conversation = ?2 AND actor <> '' AND seq >"
            " coalesce((SELECT max(seq) FROM events WHERE adapter = ?1 AND conversation = ?2 AND command = 'stop'), 0)",
            (codec.key(adapter), codec.key(conversation)),
        )
        return frozenset(codec.plain(actor) for (actor,) in rows)

    async def feedback_totals(self, since: datetime, adapter: str, channel: str) -> tuple[int, int]:
        (row,) = await self.rows(
            "SELECT count(*) FILTER (WHERE is_good), count(*) FILTER (WHERE NOT is_good) FROM feedback"
            " JOIN events ON events.seq = feedback.event_seq WHERE at >= ? AND adapter = ? AND channel = ?",
            (since.timestamp(), codec.key(adapter), codec.key(channel)),
        )
        return int(row[0]), int(row[1])

    async def recent_media(self, adapter: str, actor: str, limit: int) -> Sequence[tuple[str, Media]]:
        rows = await self.rows(
            "SELECT id, answer FROM (SELECT id, answer FROM events WHERE adapter = ? AND actor = ? AND actor <> ''"
            f" ORDER BY seq DESC LIMIT {_RECENT}) WHERE json_array_length(answer, '$.media') > 0 LIMIT ?",
            (codec.key(adapter), codec.key(actor), limit),
        )
        return [(codec.plain(event), media) for event, answer in rows for media in media_of(answer)][:limit]

    async def context(self, adapter: str, conversation: str, *, limit: int, exclude_event: str) -> ConversationContext:
        keys = codec.key(adapter), codec.key(conversation)
        left_out = (
            "(SELECT seq FROM events WHERE adapter = ?1 AND id = ?3 UNION ALL"
            " SELECT seq FROM events WHERE adapter = ?1 AND replaces = ?3 AND replaces <> '')"
            if exclude_event
            else "(SELECT 0 WHERE ?3 IS NULL)"  # keeps the parameters the same
        )
        rows = await self.rows(
            f"SELECT 0, summary, total - (SELECT count(*) FROM turns WHERE event_seq IN {left_out}"
            "   AND live = 1 AND +adapter = ?1 AND +conversation = ?2)"
            " FROM contexts WHERE adapter = ?1 AND conversation = ?2"
            " UNION ALL SELECT * FROM (SELECT seq, data, 0 FROM turns INDEXED BY turns_live"
            f"   WHERE live = 1 AND adapter = ?1 AND conversation = ?2 AND event_seq NOT IN {left_out}"
            "   ORDER BY seq DESC LIMIT ?4)",
            (*keys, codec.key(exclude_event), limit),
        )
        if not rows:
            return ConversationContext()
        (_, summary, total), *turns = rows
        return ConversationContext(
            summary=summary, turns=turns_of([(seq, data) for seq, data, _ in reversed(turns)]), total=total
        )

    async def transcript(self, adapter: str, conversation: str) -> AsyncIterator[tuple[Turn, tuple[Media, ...]]]:
        after = 0
        while True:
            rows = await self.rows(
                "SELECT turns.seq, turns.data, events.answer FROM turns JOIN events ON events.seq = turns.event_seq"
                " WHERE turns.adapter = ? AND turns.conversation = ? AND turns.seq > ? ORDER BY turns.seq LIMIT ?",
                (codec.key(adapter), codec.key(conversation), after, _PAGE),
            )
            turns = turns_of([(seq, data) for seq, data, _ in rows])
            for turn, (_, _, answer) in zip(turns, rows, strict=True):
                yield turn, media_of(answer) if turn.role == "assistant" else ()
                after = turn.seq
            if len(rows) < _PAGE:
                return

    async def usage(
        self, *, since: datetime, actor: str | None, adapter: str | None, channel: str | None, within: str | None
    ) -> Sequence[UsageRow]:
        wanted = {"actor": actor, "adapter": adapter, "channel": channel, "within": within}
        asked = {name: codec.key(value) for name, value in wanted.items() if value is not None}
        starts = " AND substr(channel, 1, length(?{n})) = ?{n}"
        where = "".join(
            starts.format(n=n) if name == "within" else f" AND {name} = ?{n}" for n, name in enumerate(asked, 2)
        )
        rows = await self.rows(
            "SELECT date(hour * 3600, 'unixepoch') AS day, kind, model, sum(requests), sum(prompt_tokens),"
            f" sum(completion_tokens), sum(items), sum(cost) FROM usage WHERE hour >= ?1{where}"
            " GROUP BY day, kind, model ORDER BY day DESC, kind, model",
            (int(since.timestamp() // 3600), *asked.values()),
        )
        return [
            UsageRow(
                day=day,
                kind=kind,
                model=model,
                requests=requests,
                prompt_tokens=prompt,
                completion_tokens=completion,
                items=items,
                cost=cost,
            )
            for day, kind, model, requests, prompt, completion, items, cost in rows
        ]


def media_of(answer: str | None) -> tuple[Media, ...]:
    """The media of an answer's JSON."""
    return codec.loads(Answer, answer).media if answer else ()


def turns_of(rows: Sequence[tuple[int, str]]) -> tuple[Turn, ...]:
    """Turns from (seq, JSON), many at once and by hand: a long conversation reads dozens for every answer."""
    told = json.loads(f"[{','.join(data for _, data in rows)}]")
    for (seq, _), turn in zip(rows, told, strict=True):
        turn["seq"], turn["at"] = seq, datetime.fromisoformat(turn["at"])
    return tuple(Turn(**turn) for turn in told)


def job_of(rows: Sequence[Any]) -> Job | None:
    """The job of the first row of (seq, event, attempts, ref, answer); None without rows."""
    if not rows:
        return None
    seq, event, attempts, ref, answer = rows[0]
    return Job(
        seq=seq,
        event=codec.loads(Event, event),
        attempt=attempts + 1,
        ref=json.loads(ref) if ref else None,
        answer=codec.loads(Answer, answer) if answer else None,
    )
