"""Recording of events: they are counted against the quotas of all processes and written, in one transaction.

It has a connection of its own, and a transaction with nothing else in it: a platform may give an event to two
processes, of which one waits until the transaction of the other is over.

A lock for each person, channel and so on that a limit is on keeps two processes from using up the same rest of a quota.
Under these locks lost calls are counted, too, which have used more than was reserved: a request that is just being
admitted counts that, or is counted by the check that follows.
"""

# ruff: noqa: D102, S608 - the promises are those of `bot.ports`; only constants are joined

import json
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from bot.errors import OverLimit
from bot.limits import OPERATORS, Amounts, Limit, Measure, Period, QuotaRequest, Subject
from bot.models import Actor, Answer, Event, Job, Lane, Location, Usage
from bot.store.postgres import statements
from bot.store.postgres.connection import PostgresDatabase
from bot.store.postgres.events import PostgresEvents, lane_key
from bot.store.postgres.lease import LOCK
from bot.store.postgres.parameters import as_columns
from bot.store.postgres.writer import PostgresWriter
from bot.store.shared import calls, codec
from bot.store.shared.quota import (
    OF_SUBJECT,
    PRICE_DAYS,
    QuotaFigures,
    find_exceeded,
    find_near,
    hash_subject,
    hash_subjects,
    is_rate,
    place_keys,
)
from bot.store.shared.rows import event_keys

_TOKENS = "prompt_tokens + completion_tokens"
#: The amount of each measure in rows of use, whose columns of events have the same names.
_AMOUNTS = {
    Measure.REQUESTS: "sum(requests)",
    Measure.TOKENS: "sum(tokens)",
    Measure.PICTURES: "sum(items) FILTER (WHERE kind = 'image')",
    Measure.SOUND: "sum(milliseconds) FILTER (WHERE kind = 'audio')",
    Measure.VIDEO: "sum(milliseconds) FILTER (WHERE kind = 'video')",
    Measure.MEDIA: "sum(items)",
    Measure.MONEY: "sum(micros)",
}
_CARRIED = {Subject.PERSON: "person = :person", Subject.MEMBER: "person = :person AND workspace = :workspace"}
#: An event that is, or waits to be, answered; the one in question counts only while it is being answered.
_OPEN = "NOT done AND answer IS NULL AND (owner IS NOT NULL OR NOT (adapter = :adapter AND id = :id))"
_USES = "kind, CASE WHEN kind = '' THEN 0 ELSE 1 END AS requests, tokens, items, milliseconds"
#: The open calls of events that have ended otherwise, such as by a cancel after their process had died: money only.
_LOST = """
    SELECT kind, requests, tokens, items, milliseconds, {micros} FROM (
        SELECT calls.kind, 0 AS requests, 0 AS tokens, calls.items, 0 AS milliseconds, calls.micros, own
        FROM calls JOIN events ON events.seq = event_seq
        WHERE state = 'reserved' AND (done OR answer IS NOT NULL) AND event IS NOT NULL AND {of_subject}) AS lost"""
#: The server's time, as the clocks of processes differ; and the hours since 1970 in which its day and month began.
_CLOCK = """(
    SELECT extract(epoch FROM at)::float8 AS now,
        floor(extract(epoch FROM date_trunc('day', at, :zone)) / 3600)::bigint AS day,
        floor(extract(epoch FROM date_trunc('month', at, :zone)) / 3600)::bigint AS month
    FROM (SELECT statement_timestamp() AS at) AS time) AS clock"""
_PRICES = f"""prices AS (
    SELECT spent.kind AS priced, max(price) AS price FROM spent, clock WHERE hour >= day - {PRICE_DAYS * 24}
    GROUP BY 1)"""
#: The try counts with its call, whatever becomes of its draft. The row is locked: who takes the event over waits.
_COUNT_TRY = """
UPDATE events SET attempts = greatest(attempts, :attempt) WHERE seq = :seq AND owner = :owner AND NOT done
RETURNING seq
"""
_RESERVE = """
UPDATE events SET kind = :kind, items = :items, tokens = :tokens, milliseconds = :milliseconds, micros = :micros,
    own = :is_own
WHERE adapter = :adapter AND id = :id RETURNING seq
"""

_NOTHING = Amounts()

Counted = tuple[Subject, Measure, Period]  #: what of a limit the statements depend on


@cache
def _figures(counted: tuple[Counted, ...]) -> str:
    """Return the statement that reads the figures which the limits need: now, is_known, and one column for each.

    With a limit of money also `price` and `is_open`.
    """
    has_money = any(measure is Measure.MONEY for _, measure, _ in counted)
    columns = ["EXISTS (SELECT 1 FROM events WHERE adapter = :adapter AND id = :id) AS is_known"]
    columns += [f"{_figure(*one)} AS figure_{number}" for number, one in enumerate(counted)]
    if has_money:
        columns.append("(SELECT price FROM prices WHERE priced = :kind) AS price")
        columns.append(f"EXISTS (SELECT 1 FROM events WHERE {_OPEN} AND kind = :kind) AS is_open")
    return f"""
WITH clock AS (SELECT * FROM {_CLOCK}){f", {_PRICES}" if has_money else ""}
SELECT now, {", ".join(columns)} FROM clock
"""


def _figure(subject: Subject, measure: Measure, period: Period) -> str:
    of_subject, amount = OF_SUBJECT[subject], _AMOUNTS[measure]
    if period is Period.MINUTE and measure is Measure.REQUESTS:
        times = "SELECT at FROM allowances, unnest(recent) AS at"
        return f"ARRAY({times} WHERE person = :{subject}_number AND at > now - 60 ORDER BY at)"
    micros, spent = "micros", "micros"
    if measure is Measure.MONEY:  # at the highest price where its own is not known
        micros = "coalesce(micros, greatest(items, 1) * (SELECT price FROM prices WHERE priced = kind))"
        if subject in OPERATORS:
            micros, spent = f"CASE WHEN own THEN 0 ELSE {micros} END", "micros - own_micros AS micros"
        micros += " AS micros"
    events = f"SELECT {_USES}, {micros} FROM events WHERE {of_subject} AND "
    if period is Period.MINUTE:
        used = " UNION ALL ".join(
            f"{events} {done} AND received_at > now - 60 AND kind <> ''" for done in ("done", "NOT done")
        )
    else:
        table = "spent" if subject in {Subject.WORKSPACE, Subject.SERVICE} else "usage"
        finished = f"SELECT kind, requests, {_TOKENS} AS tokens, items, milliseconds, {spent} FROM"
        parts = [f"{finished} {table} WHERE {of_subject} AND hour >= {period}", f"{events} {_OPEN}"]
        if measure is Measure.MONEY:
            parts.append(_LOST.format(micros=micros, of_subject=of_subject))
        if subject in _CARRIED:
            parts.append(f"{finished} carried WHERE {_CARRIED[subject]} AND hour >= {period}")
        used = " UNION ALL ".join(parts)
    return f"(SELECT coalesce({amount}, 0)::bigint FROM ({used}) AS used)"


@cache
def _counted(subjects: tuple[Subject, ...]) -> str:
    """Return what counts the request of a minute; goes before the statement that records the event or what it uses."""
    values = ", ".join(f"(:{subject}_number::bigint, :{subject}_recent::float8[])" for subject in subjects)
    return f"""
WITH counted AS (
    INSERT INTO allowances (person, recent) VALUES {values}
    ON CONFLICT (person) DO UPDATE SET recent = excluded.recent)
"""


class PostgresEventRecorder(PostgresEvents):
    """The methods of `EventQueue` that record events and count them against quotas."""

    _recording: PostgresWriter  #: writes new events

    async def record(
        self, event: Event, *, lane: Lane, answer: Answer | None = None, quota: QuotaRequest | None = None
    ) -> bool:
        row = _recorded(event, lane, answer, quota)

        def then(_: object) -> None:
            self._changed.set()

        async def work(db: PostgresDatabase) -> bool | OverLimit:
            home = await self._make_local(db, row) if event.is_local else None
            columns = as_columns([{**row, "home": home, "news": self._news}])
            if quota is None:
                return await db.value(statements.RECORD, **columns) is not None
            return await self._count(db, event, quota, statements.RECORD, columns)

        def read(written: Mapping[str, Any]) -> bool | OverLimit:
            if quota is None or written["recent"] is None:
                return True
            recent = dict(zip((limit.subject for limit in quota.limits), json.loads(written["recent"]), strict=True))
            return find_exceeded(quota, QuotaFigures(recent=recent), written["at"], self._zone) or False

        recorded: bool | OverLimit
        if event.is_local or not (quota is None or quota.is_counted_by_the_minute):
            locks = _locks(event, quota) if quota is not None else ()
            recorded = await self._recording.submit(work, then=then, locks=locks)
        else:
            sql, key = statements.RECORD, ("adapter", "id")
            if quota is not None:
                sql, row = statements.RECORD_WITHIN, {**row, **_rates(event, quota)}
            recorded = await self._recording.submit_row(
                sql, lambda: {**row, "news": self._news}, key=key, then=then, read=read, locks=row.get("subjects", ())
            )
        if isinstance(recorded, OverLimit):
            raise recorded
        return recorded

    async def _make_local(self, db: PostgresDatabase, row: Mapping[str, object]) -> int:
        """Return this process's number, for an event that it alone can answer.

        Events that a process which ended has left unanswered in the conversation are answered here, too.
        """
        number = self._lease.number
        where = {"adapter": row["adapter"], "conversation": row["conversation"]}
        await db.rows(statements.INHERIT, home=number, lock=LOCK, **where)
        return number

    async def admit(self, event: Event, quota: QuotaRequest) -> None:
        values = {**_uses(quota.uses), "adapter": codec.to_key(event.adapter), "id": codec.to_key(event.id)}
        verdict = await self._writer.submit(
            lambda db: self._count(db, event, quota, _RESERVE, values, is_new=False), locks=_locks(event, quota)
        )
        if isinstance(verdict, OverLimit):
            raise verdict

    async def used(self, adapter: str, actor: str, location: Location, limits: Sequence[Limit]) -> Sequence[int]:
        if not limits:
            return ()
        event = Event(
            id="",
            adapter=adapter,
            conversation="",
            actor=Actor(id=actor),
            location=location,
            received_at=datetime.fromtimestamp(0, UTC),
        )
        statement = _figures(tuple((limit.subject, limit.measure, limit.period) for limit in limits))
        (row,) = await self._connections.rows(statement, kind="", **self._asked(event, limits))
        figures = [row[f"figure_{number}"] for number in range(len(limits))]
        return [len(figure) if isinstance(figure, list) else int(figure) for figure in figures]

    async def begin_call(
        self, job: Job, usage: Usage, micros: int | None, *, is_refused: bool = False, is_afterwards: bool = False
    ) -> None:
        async def work(db: PostgresDatabase) -> bool:
            mine = {"seq": job.seq, "owner": self._lease.number, "attempt": job.attempt}
            if not is_afterwards and not await db.rows(_COUNT_TRY, **mine):
                return False
            if is_refused:
                await db.rows(calls.END, **calls.returned(job))
            await db.rows(calls.BEGIN, **calls.to_begin(job, usage, micros, time.time()))
            return True

        async def write() -> tuple[int, bool | None]:
            number = self._lease.number
            return number, await self._writer.submit(work) or None

        await (write() if is_afterwards else self._write_owned(job, write))

    async def return_call(self, job: Job, *, unreserved: Usage | None = None) -> None:
        async def work(db: PostgresDatabase) -> None:
            await calls.ensure_any(db, job, unreserved, 0, time.time())
            await db.rows(calls.END, **calls.returned(job))

        await self._writer.submit(work)

    async def settle_lost_calls(self, job: Job, *, unreserved: Usage | None = None) -> bool:
        prices = await self._prices()

        async def work(db: PostgresDatabase) -> bool:
            await calls.ensure_any(db, job, unreserved, None, time.time())
            rows = await db.rows(f"{calls.OPEN} FOR UPDATE", seq=job.seq)  # other processes settle lost calls, too
            lost = [calls.to_lost_usage(row, prices) for row in rows]
            if lost:
                await self._add_usage(db, job, lost)
                await db.rows(calls.END, **calls.settled(job, lost))
            return bool(lost)

        return await self._writer.submit(work, locks=hash_subjects(job.event))

    async def _count(
        self,
        db: PostgresDatabase,
        event: Event,
        quota: QuotaRequest,
        then: str,
        values: dict[str, Any],
        *,
        is_new: bool = True,
    ) -> bool | OverLimit:
        """Count a request and execute the statement `then`; returns whether this returned a row.

        Over a limit nothing is counted or executed, and the limit is returned. `is_new`: a known event is not counted,
        and the result is False.
        """
        statement = _figures(tuple((limit.subject, limit.measure, limit.period) for limit in quota.limits))
        asked = self._asked(event, quota.limits)
        row = await db.row(statement, kind=quota.uses.kind, **asked)
        if is_new and row["is_known"]:
            return False
        found = {limit: row[f"figure_{number}"] for number, limit in enumerate(quota.limits)}
        has_money = any(limit.measure is Measure.MONEY for limit in quota.limits)
        recent = {limit.subject: times for limit, times in found.items() if is_rate(limit)}
        figures = QuotaFigures(
            recent=recent,
            used={limit: int(used) for limit, used in found.items() if not is_rate(limit)},
            price=row["price"] if has_money else None,
            is_open=has_money and row["is_open"],
        )
        exceeded = find_exceeded(quota, figures, row["now"], self._zone)
        if exceeded is not None:
            return exceeded
        quota.near[:] = find_near(quota, figures)
        if not recent:
            return await db.value(then, **values) is not None
        times = {f"{subject}_recent": [*times, row["now"]] for subject, times in recent.items()}
        numbers = {f"{subject}_number": asked[f"{subject}_number"] for subject in recent}
        return await db.value(_counted(tuple(recent)) + then, **numbers, **times, **values) is not None

    def _asked(self, event: Event, limits: Sequence[Limit]) -> dict[str, Any]:
        """Return the parameters of `_figures`, without the kind."""
        return {
            "id": codec.to_key(event.id),
            "zone": self._zone.key,
            "person": hash_subject(Subject.PERSON, event),
            **place_keys(event),
            **{f"{limit.subject}_number": hash_subject(limit.subject, event) for limit in limits if is_rate(limit)},
        }


def _uses(uses: Amounts) -> dict[str, Any]:
    """Return the columns of what an event may use."""
    return {name: getattr(uses, name) for name in ("kind", "items", "tokens", "milliseconds", "micros", "is_own")}


def _locks(event: Event, quota: QuotaRequest) -> Collection[int]:
    """Return the locks for counting a request: of all whose use the limits count."""
    return {hash_subject(limit.subject, event) for limit in quota.limits}


def _rates(event: Event, quota: QuotaRequest) -> dict[str, Any]:
    """Return the parameters of limits of requests a minute, see `statements.RECORD_WITHIN`."""
    return {
        "limits": len(quota.limits),
        "subjects": [hash_subject(limit.subject, event) for limit in quota.limits],
        "amounts": [limit.amount for limit in quota.limits],
    }


def _recorded(event: Event, lane: Lane, answer: Answer | None, quota: QuotaRequest | None) -> dict[str, Any]:
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
        "home": None,
        **_uses(_NOTHING if quota is None else quota.uses),
    }
