"""Limits that hold over all processes: a request is counted by the statement that records it."""

# ruff: noqa: D102, S608 - the promises are those of `bot.ports.SharedStore`; only constants are joined

import hashlib
from typing import Any

from bot.errors import OverLimit
from bot.models import Answer, Event, Lane, QuotaRequest
from bot.store.postgres.connection import Connection
from bot.store.postgres.events import EVENTS, Events, recorded_row
from bot.store.shared import codec

#: Key of the advisory lock under which money is counted; those of people are their numbers.
MONEY = 0x636D756D
#: Days looked back for what a request of a kind costs.
PRICE_DAYS = 30

#: An event that is, or waits to be, answered; and that it is not the one of the first two parameters.
_OPEN = "NOT done AND answer IS NULL AND NOT (adapter = $1 AND id = $2)"
#: adapter, id, actor, person's number
_MADE = f"""(
    SELECT coalesce(sum(items), 0) FROM usage WHERE adapter = $1 AND actor = $3 AND hour >= given.today * 24)
    + (SELECT coalesce(sum(items), 0) FROM events WHERE adapter = $1 AND actor = $3 AND {_OPEN})
    + coalesce((SELECT items FROM allowances WHERE person = $4::bigint AND day = given.today), 0)"""
_CLOCK = """(
    SELECT now, floor(now / 86400)::bigint AS today
    FROM (SELECT extract(epoch FROM statement_timestamp())::float8 AS now) AS clock)"""


def _verdict(known: str) -> str:
    """What is known before the request is counted, and the limit that it is over; it is counted when there is none."""
    return f"""
WITH given AS (
    SELECT $5::text AS kind, $6::integer AS items, $7::integer AS rate, $8::integer AS media, $9::float8 AS money,
        now, today, {known} AS known FROM {_CLOCK} AS clock),
prices AS (
    SELECT kind, max(price) AS price FROM spent WHERE day >= (SELECT today FROM given) - {PRICE_DAYS} GROUP BY 1),
figures AS (
    SELECT given.*,
    ARRAY(SELECT at FROM allowances, unnest(recent) AS at WHERE person = $4 AND at > given.now - 60 ORDER BY at)
        AS recent,
    CASE WHEN given.media > 0 THEN {_MADE} ELSE 0 END AS made,
    CASE WHEN given.money > 0 THEN (SELECT price FROM prices WHERE prices.kind = given.kind) END AS price,
    CASE WHEN given.money > 0 THEN EXISTS (SELECT 1 FROM events WHERE {_OPEN} AND events.kind = given.kind)
        END AS is_open,
    CASE WHEN given.money > 0 THEN (SELECT coalesce(sum(cost), 0) FROM spent WHERE day = given.today)
        + (SELECT coalesce(sum(price * greatest(items, 1)), 0) FROM events JOIN prices USING (kind) WHERE {_OPEN})
        END AS cost
    FROM given),
verdict AS (
    SELECT *, CASE WHEN known THEN 'known'
        WHEN rate > 0 AND cardinality(recent) >= rate THEN 'rate'
        WHEN media > 0 AND made + items > media THEN 'media'
        WHEN money > 0 AND price IS NULL AND is_open THEN 'price'
        -- At the limit even what is free today waits: the first price of a kind is only known afterwards.
        WHEN money > 0 AND (cost >= money OR cost + coalesce(price, 0) * greatest(items, 1) > money) THEN 'money'
        ELSE '' END AS over
    FROM figures),
counted AS (
    INSERT INTO allowances (person, recent) SELECT $4, recent || now FROM verdict WHERE over = '' AND rate > 0
    ON CONFLICT (person) DO UPDATE SET recent = excluded.recent)"""


_TOLD = "over, made, recent[cardinality(recent) - rate + 1] + 60 - now AS wait FROM verdict"
#: adapter, id, actor; person's number, kind, items, limits as in `QuotaRequest`; then those of `statements.RECORD`
RECORD_WITHIN = f"""{_verdict("EXISTS (SELECT 1 FROM events WHERE adapter = $1 AND id = $2)")},
recorded AS (
    INSERT INTO events (adapter, id, actor, kind, items,
        conversation, lane, lane_key, command, channel, replaces, received_at, event, answer)
    SELECT $1, $2, $3, kind, items, $10, $11, $12, $13, $14, $15, $16, $17, $18 FROM verdict WHERE over = ''
    ON CONFLICT (adapter, id) DO NOTHING RETURNING seq)
SELECT (SELECT seq FROM recorded) AS seq, {_TOLD}
"""
#: adapter, id, actor; person's number, kind, items, limits
ADMIT = f"""{_verdict("false")},
demanded AS (
    UPDATE events SET kind = verdict.kind, items = verdict.items FROM verdict
    WHERE adapter = $1 AND id = $2 AND over = '')
SELECT NULL::bigint AS seq, {_TOLD}
"""
#: adapter, '', actor, person's number
MEDIA_TODAY = f"SELECT {_MADE} FROM {_CLOCK} AS given"


class Limits(Events):
    """The part of the store that counts."""

    async def record_within(
        self, event: Event, *, lane: Lane, demand: QuotaRequest, answer: Answer | None = None
    ) -> bool:
        row = recorded_row(event, lane, answer)
        row = *row[:3], *_figures(event, demand), *row[3:]
        return await self._count(RECORD_WITHIN, row, event, demand) is not None

    async def admit(self, event: Event, demand: QuotaRequest) -> None:
        row = *map(codec.key, (event.adapter, event.id, event.actor.id)), *_figures(event, demand)
        await self._count(ADMIT, row, event, demand)

    async def _count(self, sql: str, row: tuple[object, ...], event: Event, demand: QuotaRequest) -> int | None:
        """The event's sequence number where the statement recorded it. Raises `OverLimit`."""

        async def work(db: Connection) -> Any:
            return await db.fetchrow(sql, *row)

        def then(told: Any) -> None:
            if told["seq"] is not None:
                self._changed.set()

        locks = [person_number(event.adapter, event.actor.id)]
        if demand.budget_per_day:
            locks.append(MONEY)
        told = await self._writer.submit(work, then=then, news=EVENTS, locks=locks)
        if told["over"] not in ("", "known"):
            raise OverLimit(
                told["over"], wait=told["wait"] or 0.0, left=max(0, demand.media_per_day - int(told["made"]))
            )
        seq: int | None = told["seq"]
        return seq

    async def media_today(self, adapter: str, actor: str) -> int:
        who = codec.key(adapter), "", codec.key(actor), person_number(adapter, actor)
        (row,) = await self._link.rows(MEDIA_TODAY, *who)
        return int(row[0])


def person_number(adapter: str, actor: str) -> int:
    """What a person is to the limits: a number that does not name them."""
    key = f"{len(adapter)}/{adapter}{actor}".encode(errors="surrogatepass")
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big", signed=True)


def _figures(event: Event, demand: QuotaRequest) -> tuple[object, ...]:
    return (
        person_number(event.adapter, event.actor.id),
        demand.kind or "",
        demand.items,
        demand.requests_per_minute,
        demand.media_per_day,
        demand.budget_per_day,
    )
