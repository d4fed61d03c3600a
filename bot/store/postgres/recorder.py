"""Taking in: events are counted against the quotas of all processes and recorded, in one transaction.

What is counted for a person is counted under a lock, so that no two processes take the last of it.
"""

# ruff: noqa: D102, S608 - the promises are those of `bot.ports`; only constants are joined

from typing import Any

from bot.errors import OverLimit
from bot.models import Answer, Event, Lane, QuotaRequest
from bot.store.postgres import statements
from bot.store.postgres.connection import PostgresDatabase
from bot.store.postgres.events import EVENTS, PostgresEvents, lane_key
from bot.store.shared import codec
from bot.store.shared.quota import PRICE_DAYS, QuotaFigures, find_exceeded, person_number
from bot.store.shared.rows import event_keys

#: Key of the advisory lock under which money is counted; those of people are their numbers.
MONEY = 0x636D756D

#: An event that is, or waits to be, answered; the one in question counts only while it is being answered.
_OPEN = "NOT done AND answer IS NULL AND (owner IS NOT NULL OR NOT (adapter = :adapter AND id = :id))"
_MADE = f"""(
    SELECT coalesce(sum(items), 0) FROM usage WHERE adapter = :adapter AND actor = :actor AND hour >= today * 24)
    + (SELECT coalesce(sum(items), 0) FROM events WHERE adapter = :adapter AND actor = :actor AND {_OPEN})
    + coalesce((SELECT items FROM allowances WHERE person = :person AND day = today), 0)"""
#: The server's time: the clocks of processes differ.
_CLOCK = """(
    SELECT now, floor(now / 86400)::bigint AS today
    FROM (SELECT extract(epoch FROM statement_timestamp())::float8 AS now) AS time) AS clock"""

#: What a request is measured against; figures that no limit needs are left out.
_FIGURES = f"""
WITH prices AS (
    SELECT spent.kind, max(price) AS price FROM spent, {_CLOCK} WHERE day >= today - {PRICE_DAYS} GROUP BY 1)
SELECT now,
    EXISTS (SELECT 1 FROM events WHERE adapter = :adapter AND id = :id) AS is_known,
    ARRAY(SELECT at FROM allowances, unnest(recent) AS at WHERE person = :person AND at > now - 60 ORDER BY at)
        AS recent,
    CASE WHEN :needs_items THEN {_MADE} ELSE 0 END AS items,
    CASE WHEN :needs_cost THEN (SELECT price FROM prices WHERE prices.kind = :kind) END AS price,
    CASE WHEN :needs_cost THEN EXISTS (SELECT 1 FROM events WHERE {_OPEN} AND events.kind = :kind) END AS is_open,
    CASE WHEN :needs_cost THEN (SELECT coalesce(sum(cost), 0) FROM spent WHERE day = today)
        + (SELECT coalesce(sum(price * greatest(items, 1)), 0) FROM events JOIN prices USING (kind) WHERE {_OPEN})
        END AS cost
FROM {_CLOCK}
"""
_COUNT = """
INSERT INTO allowances (person, recent) VALUES (:person, :recent)
ON CONFLICT (person) DO UPDATE SET recent = excluded.recent
"""
_RESERVE = "UPDATE events SET kind = :kind, items = :items WHERE adapter = :adapter AND id = :id"
_MEDIA_TODAY = f"SELECT {_MADE} FROM {_CLOCK}"


class PostgresRecorder(PostgresEvents):
    """The part of the store that takes events in."""

    async def record(
        self, event: Event, *, lane: Lane, answer: Answer | None = None, quota: QuotaRequest | None = None
    ) -> bool:
        row = _recorded(event, lane, answer, quota)

        async def work(db: PostgresDatabase) -> bool | OverLimit:
            verdict = True if quota is None else await _count(db, event, quota)
            if verdict is not True:
                return verdict
            return await db.value(statements.RECORD, **row) is not None

        locks = _locks(event, quota) if quota is not None else ()
        recorded = await self._writer.submit(work, then=lambda _: self._changed.set(), news=EVENTS, locks=locks)
        if isinstance(recorded, OverLimit):
            raise recorded
        return recorded

    async def admit(self, event: Event, quota: QuotaRequest) -> None:
        async def work(db: PostgresDatabase) -> bool | OverLimit:
            verdict = await _count(db, event, quota, is_new=False)
            if verdict is True:
                values = {"kind": quota.kind or "", "items": quota.items}
                await db.rows(_RESERVE, **values, **_keys(event))
            return verdict

        verdict = await self._writer.submit(work, locks=_locks(event, quota))
        if isinstance(verdict, OverLimit):
            raise verdict

    async def media_today(self, adapter: str, actor: str) -> int:
        who = {"adapter": codec.key(adapter), "actor": codec.key(actor), "id": ""}
        (row,) = await self._connections.rows(_MEDIA_TODAY, person=person_number(adapter, actor), **who)
        return int(row[0])


async def _count(db: PostgresDatabase, event: Event, quota: QuotaRequest, *, is_new: bool = True) -> bool | OverLimit:
    """Count a request; False: the event is known and was counted. Over a limit nothing is counted and it is returned.

    `is_new`: a known event is not to be counted again.
    """
    person = person_number(event.adapter, event.actor.id)
    needs = {"needs_items": quota.media_per_day > 0, "needs_cost": quota.budget_per_day > 0}
    values = {"person": person, "kind": quota.kind or "", "actor": codec.key(event.actor.id), **_keys(event), **needs}
    (row,) = await db.rows(_FIGURES, **values)
    if is_new and row["is_known"]:
        return False
    figures = QuotaFigures(
        recent=row["recent"],
        items=int(row["items"]),
        cost=row["cost"] or 0.0,
        price=row["price"],
        is_open=bool(row["is_open"]),
    )
    exceeded = find_exceeded(quota, figures, row["now"])
    if exceeded is not None:
        return exceeded
    if quota.requests_per_minute:
        await db.rows(_COUNT, person=person, recent=[*row["recent"], row["now"]])
    return True


def _keys(event: Event) -> dict[str, Any]:
    return {"adapter": codec.key(event.adapter), "id": codec.key(event.id)}


def _locks(event: Event, quota: QuotaRequest) -> list[int]:
    """What no other process counts meanwhile: the person's requests and, where it is limited, money."""
    return [person_number(event.adapter, event.actor.id), *([MONEY] if quota.budget_per_day else [])]


def _recorded(event: Event, lane: Lane, answer: Answer | None, quota: QuotaRequest | None) -> dict[str, object]:
    """An event as `statements.RECORD` takes it."""
    lane = lane if answer is None else Lane.FREE
    keys = event_keys(event)
    return {
        **keys._asdict(),
        "lane": lane.value,
        "lane_key": lane_key(lane, keys.adapter, keys.conversation, keys.command, keys.actor),
        "received_at": event.received_at.timestamp(),
        "event": codec.dumps(event),
        "answer": None if answer is None else codec.dumps(answer),
        "kind": "" if quota is None else quota.kind or "",
        "items": 0 if quota is None else quota.items,
    }
