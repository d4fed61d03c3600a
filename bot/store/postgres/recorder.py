"""Recording of events: they are counted against the quotas of all processes and written, in one transaction.

A lock for each person keeps two processes from using up the same rest of a quota.
"""

# ruff: noqa: D102, S608 - the promises are those of `bot.ports`; only constants are joined

from collections.abc import Mapping
from functools import cache
from typing import Any

from bot.errors import OverLimit
from bot.models import Answer, Event, Lane, QuotaRequest
from bot.store.postgres import statements
from bot.store.postgres.connection import PostgresDatabase
from bot.store.postgres.events import EVENTS, PostgresEvents, lane_key
from bot.store.postgres.lease import LOCK
from bot.store.shared import codec
from bot.store.shared.quota import PRICE_DAYS, QuotaFigures, find_exceeded, hash_person
from bot.store.shared.rows import event_keys

#: Key of the advisory lock under which money is counted; those of people are their numbers.
MONEY = 0x636D756D

#: An event that is, or waits to be, answered; the one in question counts only while it is being answered.
_OPEN = "NOT done AND answer IS NULL AND (owner IS NOT NULL OR NOT (adapter = :adapter AND id = :id))"
_ITEMS = f"""(
    SELECT coalesce(sum(items), 0) FROM usage WHERE adapter = :adapter AND actor = :actor AND hour >= today * 24)
    + (SELECT coalesce(sum(items), 0) FROM events WHERE adapter = :adapter AND actor = :actor AND {_OPEN})
    + coalesce((SELECT items FROM allowances WHERE person = :person AND day = today), 0)"""
#: The server's time: the clocks of processes differ.
_CLOCK = """(
    SELECT now, floor(now / 86400)::bigint AS today
    FROM (SELECT extract(epoch FROM statement_timestamp())::float8 AS now) AS time) AS clock"""
_PRICES = f"""
WITH prices AS (
    SELECT spent.kind, max(price) AS price FROM spent, {_CLOCK} WHERE day >= today - {PRICE_DAYS} GROUP BY 1)
"""
_COST = f""",
    (SELECT price FROM prices WHERE prices.kind = :kind) AS price,
    EXISTS (SELECT 1 FROM events WHERE {_OPEN} AND events.kind = :kind) AS is_open,
    (SELECT coalesce(sum(cost), 0) FROM spent WHERE day = today)
        + (SELECT coalesce(sum(price * greatest(items, 1)), 0) FROM events JOIN prices USING (kind) WHERE {_OPEN})
        AS cost"""
#: Counts the request; goes before the statement that records the event or what it may use.
_COUNTED = """
WITH counted AS (
    INSERT INTO allowances (person, recent) VALUES (:person, :recent)
    ON CONFLICT (person) DO UPDATE SET recent = excluded.recent)
"""
_RESERVE = "UPDATE events SET kind = :kind, items = :items WHERE adapter = :adapter AND id = :id RETURNING seq"
_MEDIA_TODAY = f"SELECT {_ITEMS} FROM {_CLOCK}"


@cache
def _figures(*, items: bool, cost: bool) -> str:
    """Return the statement that reads the figures which the limits need."""
    return f"""{_PRICES if cost else ""}
SELECT now,
    EXISTS (SELECT 1 FROM events WHERE adapter = :adapter AND id = :id) AS is_known,
    ARRAY(SELECT at FROM allowances, unnest(recent) AS at WHERE person = :person AND at > now - 60 ORDER BY at)
        AS recent{f", {_ITEMS} AS items" if items else ""}{_COST if cost else ""}
FROM {_CLOCK}
"""


class PostgresRecorder(PostgresEvents):
    """The methods that record and count."""

    async def record(
        self, event: Event, *, lane: Lane, answer: Answer | None = None, quota: QuotaRequest | None = None
    ) -> bool:
        row = _recorded(event, lane, answer, quota)

        async def work(db: PostgresDatabase) -> bool | OverLimit:
            home = await self._make_local(db, row) if event.is_local else None
            if quota is None:
                return await db.value(statements.RECORD, home=home, **row) is not None
            return await _count(db, event, quota, statements.RECORD, {**row, "home": home})

        locks = _locks(event, quota) if quota is not None else ()
        recorded = await self._writer.submit(work, then=lambda _: self._changed.set(), notify=EVENTS, locks=locks)
        if isinstance(recorded, OverLimit):
            raise recorded
        return recorded

    async def _make_local(self, db: PostgresDatabase, row: Mapping[str, object]) -> int:
        """Return this process's number, for an event that it alone can answer.

        What a process that ended has left unanswered in the conversation is answered here, too.
        """
        number = self._lease.number
        where = {"adapter": row["adapter"], "conversation": row["conversation"]}
        await db.rows(statements.INHERIT, home=number, lock=LOCK, **where)
        return number

    async def admit(self, event: Event, quota: QuotaRequest) -> None:
        values = {"kind": quota.kind or "", "items": quota.items, **_keys(event)}
        verdict = await self._writer.submit(
            lambda db: _count(db, event, quota, _RESERVE, values, is_new=False), locks=_locks(event, quota)
        )
        if isinstance(verdict, OverLimit):
            raise verdict

    async def media_today(self, adapter: str, actor: str) -> int:
        who = {"adapter": codec.to_key(adapter), "actor": codec.to_key(actor), "id": ""}
        ((items,),) = await self._connections.rows(_MEDIA_TODAY, person=hash_person(adapter, actor), **who)
        return int(items)


async def _count(
    db: PostgresDatabase,
    event: Event,
    quota: QuotaRequest,
    then: str,
    values: dict[str, Any],
    *,
    is_new: bool = True,
) -> bool | OverLimit:
    """Count a request and execute the statement `then`; returns whether this returned a row.

    Over a limit nothing is counted or executed, and the limit is returned. `is_new`: a known event is not counted, and
    the result is False.
    """
    person = hash_person(event.adapter, event.actor.id)
    needs_items, needs_cost = quota.media_per_day > 0, quota.budget_per_day > 0
    asked = {"person": person, "kind": quota.kind or "", "actor": codec.to_key(event.actor.id), **_keys(event)}
    row = await db.row(_figures(items=needs_items, cost=needs_cost), **asked)
    if is_new and row["is_known"]:
        return False
    figures = QuotaFigures(
        recent=row["recent"],
        items=int(row["items"]) if needs_items else 0,
        cost=row["cost"] if needs_cost else 0.0,
        price=row["price"] if needs_cost else None,
        is_open=needs_cost and row["is_open"],
    )
    exceeded = find_exceeded(quota, figures, row["now"])
    if exceeded is not None:
        return exceeded
    if not quota.requests_per_minute:
        return await db.value(then, **values) is not None
    return await db.value(_COUNTED + then, person=person, recent=[*row["recent"], row["now"]], **values) is not None


def _keys(event: Event) -> dict[str, Any]:
    return {"adapter": codec.to_key(event.adapter), "id": codec.to_key(event.id)}


def _locks(event: Event, quota: QuotaRequest) -> list[int]:
    """Return the locks for counting a request: the person's and, if money is limited, everybody's."""
    return [hash_person(event.adapter, event.actor.id), *([MONEY] if quota.budget_per_day else [])]


def _recorded(event: Event, lane: Lane, answer: Answer | None, quota: QuotaRequest | None) -> dict[str, object]:
    """Return the parameters of `statements.RECORD`."""
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
