"""Recording of events: they are counted against the quotas, written and queued."""

# ruff: noqa: D102, S608 - the promises are those of `bot.ports`; only constants are joined

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from bot.errors import OverLimit, OwnershipLost
from bot.limits import MINUTE, Limit, QuotaRequest
from bot.models import Answer, Event, Job, Lane, Location, Usage
from bot.store.shared import calls, codec
from bot.store.shared.quota import hash_person
from bot.store.shared.rows import EventKeys, event_keys, make_usage_rows
from bot.store.sqlite import maintenance, statements
from bot.store.sqlite.database import SqliteDatabase
from bot.store.sqlite.in_memory.context_cache import ContextCache
from bot.store.sqlite.in_memory.queue import WaitingQueue, make_entry
from bot.store.sqlite.in_memory.quota import QuotaLedger
from bot.store.sqlite.in_memory.reservations import Place, Reservation, make_place, place_of
from bot.store.sqlite.reader import RECENT, RESERVED, SqliteReader, to_amounts
from bot.store.sqlite.writer import Returned, Rows, RowsOperation, SqliteWriter, WorkOperation
from bot.store.timing import StoreTiming

#: The try counts with its call, whatever becomes of its draft.
_COUNT_TRY = "UPDATE events SET attempts = max(attempts, :attempt) WHERE seq = :seq"
#: The calls that were open when the process before ended, as reservations: an event that has ended has none any more.
_OPEN_CALLS = """
SELECT events.seq, done OR answer IS NOT NULL, adapter, actor, workspace, channel,
    calls.kind, calls.items, 0, 0, calls.micros, coalesce(own, 0)
FROM calls JOIN events ON events.seq = calls.event_seq LEFT JOIN reservations ON reservations.event_seq = events.seq
WHERE state = 'reserved' AND event IS NOT NULL
"""
_JOBS_KEPT = 500  #: waiting events held in memory; the others are read from the table when claimed


@dataclass(slots=True, eq=False)
class RunningEvent:
    """A claimed event, with draft and answer so far."""

    job: Job  #: as `claim` returned it
    ref: str | None
    answer: Answer | None
    drafts: int = 0  #: number of writes of its draft
    drafts_on_disk: int = 0


class SqliteEventRecorder:
    """The methods of `EventQueue` that record and count; they keep the queue and the figures in memory.

    Both are rebuilt from the table at start.
    """

    _writer: SqliteWriter
    _reader: SqliteReader

    def __init__(
        self,
        *,
        now: Callable[[], float],
        clock: Callable[[], float],
        timing: StoreTiming,
        contexts: ContextCache,
        zone: ZoneInfo,
    ) -> None:
        self._now = now  #: seconds since 1970
        self._clock = clock  #: seconds; nobody sets it
        self._timing = timing
        self._queue = WaitingQueue()
        self._changed = asyncio.Event()
        self._jobs: dict[int, Job] = {}  #: of some waiting events
        self._running: dict[int, RunningEvent] = {}  #: by sequence number
        self._contexts = contexts
        self._ledger = QuotaLedger(self._read_in_order, now, zone)
        self._counted: set[tuple[str, str]] = set()  #: events being recorded that were counted
        self._last_event = 0  #: sequence number at the start
        self._last_turn = 0  #: sequence number

    async def recover(self) -> None:
        """Queue all unfinished events."""
        rows = await self._reader.rows(
            "SELECT seq, adapter, conversation, actor, lane, command, received_at, ready_at, answer IS NOT NULL,"
            f" workspace, channel, {RESERVED} FROM events LEFT JOIN reservations ON event_seq = seq"
            " WHERE done = 0 AND event IS NOT NULL ORDER BY seq"
        )
        for row in rows:
            seq, adapter, conversation, actor, lane, command, since, ready_at, answered, *place = row[:11]
            if not answered:
                workspace, channel = place
                reserved = Reservation(Place(adapter, actor, workspace, channel), to_amounts(row[-6:]))
                self._ledger.reopen(seq, reserved)
            self._queue.add(
                make_entry(
                    seq,
                    adapter=adapter,
                    conversation=conversation,
                    actor=actor,
                    lane=Lane(lane),
                    command=command,
                    since=since,
                    ready_at=self._due(ready_at),
                    answered=bool(answered),
                )
            )
        self._changed.set()
        await self._recall()
        for seq, is_ended, adapter, actor, workspace, channel, *lost in await self._reader.rows(_OPEN_CALLS):
            self._ledger.begin_call(seq)
            if is_ended:
                self._ledger.reopen(seq, Reservation(Place(adapter, actor, workspace, channel), to_amounts(lost)))
                self._ledger.close(seq)
        last = dict(await self._reader.rows("SELECT name, seq FROM sqlite_sequence"))
        self._last_event, self._last_turn = last.get("events", 0), last.get("turns", 0)
        self._contexts.clear(through_seq=rows[-1][0] if rows else 0)

    async def _recall(self) -> None:
        """Count the requests of the last minute. Refused and cancelled ones are in the free lane."""
        since = self._now() - MINUTE
        found = [row for sql in RECENT for row in await self._reader.rows(sql, since=since)]
        for *place, at in sorted(found, key=lambda row: float(row[-1])):
            self._ledger.recall(Place(*place), min(float(at), self._now()))

    async def _read_in_order(self, sql: str, parameters: dict[str, object], keep: Callable[[list[Any]], None]) -> None:
        await self._writer.execute(WorkOperation(lambda db: db.rows(sql, **parameters), then=keep))

    def _due(self, ready_at: float) -> float:
        """Return a stored time by the queue's clock, 0 if it has come or is too far away to be meant."""
        wait = ready_at - self._now()
        return self._clock() + wait if 0 < wait <= self._timing.longest_retry else 0.0

    async def record(
        self, event: Event, *, lane: Lane, answer: Answer | None = None, quota: QuotaRequest | None = None
    ) -> bool:
        keys = event_keys(event)
        if quota is None or (key := keys[:2]) in self._counted:
            return await self._record(event, keys, lane, answer)
        place = place_of(event)
        if not quota.is_counted_by_the_minute:
            await self._ledger.load(place, hash_person(event.adapter, event.actor.id), quota.limits)
        if key in self._counted:  # another delivery of the same event was faster
            return await self._record(event, keys, lane, answer)
        try:
            reservation = self._ledger.count(quota, place)
        except OverLimit:
            if await self._reader.is_known(event.adapter, event.id):
                return False
            raise
        self._counted.add(key)
        return await self._record(event, keys, lane, answer, reservation)

    async def _record(
        self, event: Event, keys: EventKeys, lane: Lane, answer: Answer | None, reservation: Reservation | None = None
    ) -> bool:
        lane = lane if answer is None else Lane.FREE
        adapter, event_id, conversation, command, actor, *_ = keys
        since = event.received_at.timestamp()
        rows = _rows(event, keys, lane, answer, reservation)

        def undo() -> None:
            if reservation is not None:
                self._counted.discard((adapter, event_id))
                self._ledger.take_back(reservation)

        def then(returned: Returned) -> bool:
            recorded = returned.pop((adapter, event_id), None)
            if recorded is None:
                undo()
                return False
            seq = recorded.seq
            if recorded.is_first:
                self._contexts.start((adapter, conversation))
            if reservation is not None:
                self._counted.discard((adapter, event_id))
                self._ledger.open(seq, reservation)
                if answer is not None:
                    self._ledger.close(seq)
            if len(self._jobs) < _JOBS_KEPT:
                self._jobs[seq] = Job(seq=seq, event=event, answer=answer)
            self._queue.add(
                make_entry(
                    seq,
                    adapter=adapter,
                    conversation=conversation,
                    actor=actor,
                    lane=lane,
                    command=command,
                    since=since,
                    answered=answer is not None,
                )
            )
            self._changed.set()
            return True

        return await self._writer.execute(RowsOperation(lambda: rows, then, undo=undo))

    async def admit(self, event: Event, quota: QuotaRequest) -> None:
        place = place_of(event)
        await self._ledger.load(place, hash_person(event.adapter, event.actor.id), quota.limits)
        found = await self._reader.state(event.adapter, event.id)
        seq = 0 if found is None else found[0]
        # A running event has asked already: what it may use counts in addition to the new request.
        reservation = self._ledger.count(quota, place, instead_of=0 if seq in self._running else seq)

        async def work(db: SqliteDatabase) -> None:
            await maintenance.reserve(db, seq, reservation.uses)

        def then(_: None) -> None:
            running = self._running.get(seq)
            if self._queue.is_unanswered(seq):
                self._ledger.open(seq, reservation)
            elif running is not None and running.answer is None:
                self._ledger.open_next(seq, reservation)
            else:  # the reservation counts from when it is reopened
                self._ledger.release(reservation)

        undo = partial(self._ledger.take_back, reservation)
        await self._writer.execute(WorkOperation(work, then=then, undo=undo))

    async def used(self, adapter: str, actor: str, location: Location, limits: Sequence[Limit]) -> Sequence[int]:
        place = make_place(adapter, actor, location)
        await self._ledger.load(place, hash_person(adapter, actor), limits)
        return self._ledger.used(place, limits)

    # -- calls

    def _own(self, job: Job) -> RunningEvent:
        mine = self._running.get(job.seq)
        if mine is None or mine.job is not job:
            raise OwnershipLost(f"Event {job.event.id} is not this worker's any more.")
        return mine

    async def begin_call(
        self, job: Job, usage: Usage, micros: int | None, *, is_refused: bool = False, is_afterwards: bool = False
    ) -> None:
        async def work(db: SqliteDatabase) -> None:
            if not is_afterwards:
                self._own(job)
                await db.rows(_COUNT_TRY, seq=job.seq, attempt=job.attempt)
            if is_refused:
                await db.rows(calls.END, **calls.returned(job))
            await db.rows(calls.BEGIN, **calls.to_begin(job, usage, micros, self._now()))

        await self._writer.execute(WorkOperation(work, then=lambda _: self._ledger.begin_call(job.seq)))

    async def return_call(self, job: Job, *, unreserved: Usage | None = None) -> None:
        async def work(db: SqliteDatabase) -> None:
            await calls.ensure_any(db, job, unreserved, 0, self._now())
            await db.rows(calls.END, **calls.returned(job))

        await self._writer.execute(WorkOperation(work, then=lambda _: self._ledger.end_call(job.seq)))

    async def settle_lost_calls(self, job: Job, *, unreserved: Usage | None = None) -> bool:
        await self._ledger.load_prices()

        async def work(db: SqliteDatabase) -> list[Usage]:
            await calls.ensure_any(db, job, unreserved, None, self._now())
            lost = [calls.to_lost_usage(row, self._ledger.prices) for row in await db.rows(calls.OPEN, seq=job.seq)]
            if lost:
                rows = make_usage_rows(job, lost, datetime.fromtimestamp(self._now(), UTC))
                await db.rows(statements.USAGE.replace("?", ":rows"), rows=json.dumps(rows))
                await db.rows(calls.END, **calls.settled(job, lost))
            return lost

        lost = await self._writer.execute(WorkOperation(work, then=partial(self._use, job)))
        return bool(lost)

    def _use(self, job: Job, usage: Sequence[Usage]) -> None:
        """Count usage that was stored for an event, with which its open call has ended."""
        self._ledger.end_call(job.seq)
        self._ledger.use(job.event, usage)


def _rows(event: Event, keys: EventKeys, lane: Lane, answer: Answer | None, reservation: Reservation | None) -> Rows:
    """Return the rows that record an event, and what it may use until it is answered."""
    adapter, event_id, conversation, command, actor, channel, replaces, workspace = keys
    row = (
        adapter,
        event_id,
        conversation,
        lane,
        command,
        actor,
        channel,
        replaces,
        workspace,
        event.received_at.timestamp(),
        codec.dumps(event),
        None if answer is None else codec.dumps(answer),
    )
    if reservation is None or not reservation.uses.kind or answer is not None:
        return {statements.RECORD: (row,)}
    uses = reservation.uses
    amounts = (uses.items, uses.tokens, uses.milliseconds, uses.micros, uses.is_own)
    return {statements.RECORD: (row,), statements.RESERVE: ((adapter, event_id, uses.kind, *amounts),)}
