"""The life of a recorded event: claimed, committed, completed. Ownership is a lock that ends with its process."""

# ruff: noqa: D102 - the promises are those of `bot.ports`

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import asyncpg  # type: ignore[import-untyped]

from bot.errors import OwnershipLost, StoreUnavailable
from bot.limits import MICROS
from bot.models import Answer, Event, Job, Lane, Outcome, Usage
from bot.store.postgres import statements
from bot.store.postgres.connection import Connections, PostgresDatabase
from bot.store.postgres.lease import CHANNEL, LOCK, Lease
from bot.store.postgres.parameters import usage_columns, which_events
from bot.store.postgres.writer import PostgresWriter
from bot.store.shared import calls, codec
from bot.store.shared.quota import HOUR, PRICE_DAYS
from bot.store.shared.rows import complete_turn, make_lane_key, parse_job
from bot.store.timing import StoreTiming

T = TypeVar("T")

#: Kinds of notifications: there may be an event to claim; values have changed; events are to be cancelled.
EVENTS = "events"
VALUES = "values"
CANCEL = "cancel"
_CANCELLED = 300  #: events in one notification


def lane_key(lane: Lane, adapter: str, conversation: str, command: str, actor: str) -> str | None:
    """Return the lane key as a text; None: the event waits for no other."""
    parts = make_lane_key(lane, adapter=adapter, conversation=conversation, command=command, actor=actor)
    return None if parts is None else json.dumps(parts)


class PostgresEvents:
    """The methods of `EventQueue` after `record`, and corrections of events."""

    _connections: Connections
    _lease: Lease
    _writer: PostgresWriter

    def __init__(self, timing: StoreTiming, zone: ZoneInfo) -> None:
        self._timing = timing
        self._zone = zone  #: in which days and months of limits begin
        self._changed = asyncio.Event()
        self._running: dict[int, Job] = {}  #: by sequence number
        self._has_lost_track = False  #: the table may name this process as owner of events that are not in `_running`
        self._take_over_at = 0.0  #: monotonic
        self._cancel_requests: set[int] = set()  #: of other processes
        self._homes: list[int] = []  #: all numbers that this process has had

    async def claim(self, lanes: Collection[Lane], adapters: Collection[str]) -> Job | None:
        self._changed.clear()
        free = {"lanes": [lane.value for lane in lanes], "adapters": [codec.to_key(adapter) for adapter in adapters]}
        async with self._lease.connection() as db:
            try:
                await self._take_over(db)
                row = await self._take(db, free)
            except BaseException:
                self._has_lost_track = True
                raise
            if row is None:
                return None
            job = parse_job([row])
            assert job is not None
            job = replace(job, event=replace(job.event, id=codec.from_key(row["id"])))  # with its lone surrogates
            self._running[job.seq] = job
            return job

    async def _take(self, db: PostgresDatabase, free: Mapping[str, object]) -> Any:
        while True:
            try:
                numbers = {"owner": self._lease.number, "homes": self._homes}
                return await db.row(statements.CLAIM, **numbers, **self._due(), **free)
            except asyncpg.UniqueViolationError:  # another process was quicker with another event of the lane key
                continue

    async def _take_over(self, db: PostgresDatabase) -> None:
        """Release the events of processes that ended, and those that this one has lost track of."""
        if self._has_lost_track:
            number = self._lease.number
            await db.rows(statements.ADOPT, owners_before=[number], owner=number, running=list(self._running))
            self._has_lost_track = False
        if time.monotonic() >= self._take_over_at:
            self._take_over_at = time.monotonic() + self._timing.take_over
            await db.rows(statements.TAKE_OVER, lock=LOCK)

    async def _adopt(self, db: PostgresDatabase, before: Collection[int], number: int) -> None:
        """Move the running events to a new number, except those that another process has taken over.

        What broke this connection, such as a restart of the server, may have broken those of the others: none of their
        events is taken over before they have had time to connect anew. Its answer would be paid for again.
        """
        self._homes.append(number)
        if before:
            await db.rows(statements.MOVE_HOME, home=number, before=list(before))
            self._take_over_at = time.monotonic() + self._timing.return_of_others
            running = list(self._running)
            rows = await db.rows(statements.ADOPT, owners_before=list(before), owner=number, running=running)
            kept = {row["seq"] for row in rows if row["is_kept"]}
            self._running = {seq: job for seq, job in self._running.items() if seq in kept}

    def _due(self) -> dict[str, float]:
        """Return the time until which events are due, and after which again: no wait is that long."""
        now = time.time()
        return {"now": now, "bound": now + self._timing.longest_retry}

    async def wait(self) -> None:
        ((at,),) = await self._connections.rows(statements.NEXT_TIME, **self._due())
        longest = self._timing.take_over
        try:
            async with asyncio.timeout(longest if at is None else min(max(at - time.time(), 0.0), longest)):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def confirm(self, job: Job) -> None:
        await self._lease.verify()
        self._check_ownership(job)

    def _check_ownership(self, job: Job) -> None:
        if self._running.get(job.seq) is not job:
            raise _lost(job)
        if not self._lease.is_held:
            raise StoreUnavailable(f"Whether event {job.event.id} is still ours, the database has yet to say.")

    async def _write_owned(
        self,
        job: Job,
        work: Callable[[PostgresDatabase, int], Awaitable[T | None]],
        *,
        then: Callable[[], None] = lambda: None,
        notify: str = "",
    ) -> T:
        """Write for a job. `work` gets the owner's number and returns None when the event is not owned by it.

        Raises `OwnershipLost`.
        """

        async def mine(db: PostgresDatabase) -> tuple[int, T | None]:
            number = self._lease.number
            return number, await work(db, number) if self._running.get(job.seq) is job else None

        def done(result: tuple[int, T | None]) -> None:
            if result[1] is not None:
                then()

        while True:
            self._check_ownership(job)
            number, result = await self._writer.submit(mine, then=done, notify=notify)
            if result is not None:
                return result
            self._check_ownership(job)
            if number == self._lease.number:  # not between one number and the next
                self._drop(job)
                self._has_lost_track = True  # a new number, whose adoption has yet to be heard of, may have the row
                raise _lost(job)

    async def save_draft(self, job: Job, ref: str) -> None:
        draft = {"seq": job.seq, "ref": json.dumps(ref), "attempts": job.attempt}
        await self._write_owned(job, lambda db, owner: db.value(statements.DRAFT, owner=owner, **draft))

    async def commit(self, job: Job, outcome: Outcome) -> bool:
        now = datetime.now(UTC)
        turns = [codec.dumps(complete_turn(turn, job.event, now)) for turn in outcome.turns]
        used = await self._priced(outcome.usage)
        usage = usage_columns(job, used, now)
        sums = {f"used_{name}": sum(usage[name]) for name in ("items", "milliseconds", "micros")}
        tokens = sum(usage["prompt_tokens"]) + sum(usage["completion_tokens"])
        committed = {"answer": codec.dumps(outcome.answer), "turns": turns, "used_tokens": tokens, **sums, **usage}
        committed["is_reserved"] = outcome.call != "unreserved"
        replaced = {"adapter": codec.to_key(job.event.adapter), "replaces": codec.to_key(job.event.replaces)}

        async def work(db: PostgresDatabase, owner: int) -> bool | None:
            if await db.value(statements.COMMIT, seq=job.seq, owner=owner, **committed) is not None:
                if job.event.replaces and turns:
                    await db.rows(statements.REPLACE, seq=job.seq, **replaced)
                if outcome.call in {"used", "refused"}:
                    ended = calls.settled(job, used) if outcome.call == "used" else calls.returned(job)
                    await db.rows(calls.END, **ended)
                return True
            return False if await db.value(statements.IS_ANSWERED, seq=job.seq, owner=owner) else None

        return await self._write_owned(job, work)

    async def _priced(self, usage: Sequence[Usage]) -> Sequence[Usage]:
        """Give estimates the dearest known price of their kind."""
        if not any(used.is_estimate for used in usage):
            return usage
        prices = await self._prices()
        return [
            replace(used, cost=(prices.get(used.kind) or 0) * max(used.items, used.requests) / MICROS)
            if used.is_estimate
            else used
            for used in usage
        ]

    async def _prices(self) -> Mapping[str, int | None]:
        first = int(time.time() // HOUR) - PRICE_DAYS * 24
        return {row["kind"]: row["price"] for row in await self._connections.rows(statements.PRICES, hour=first)}

    async def add_usage(self, job: Job, usage: Sequence[Usage], *, is_reserved: bool = True) -> None:
        used = await self._priced(usage)

        async def work(db: PostgresDatabase) -> None:
            await self._add_usage(db, job, used, is_reserved=is_reserved)
            await db.rows(calls.END, **calls.settled(job, used))

        await self._writer.submit(work)

    async def _add_usage(
        self, db: PostgresDatabase, job: Job, usage: Sequence[Usage], *, is_reserved: bool = True
    ) -> None:
        columns = {**usage_columns(job, usage, datetime.now(UTC)), "is_reserved": is_reserved}
        await db.rows(statements.USAGE, seq=job.seq, owner=self._lease.number, **columns)

    async def complete(self, job: Job, *, ref: str | None = None) -> None:
        await self._end(job, statements.COMPLETE, ref=None if ref is None else json.dumps(ref))

    async def retry(
        self, job: Job, seconds: float, *, failing_since: datetime | None = None, is_counted: bool = True
    ) -> None:
        await self._give_back(
            job,
            statements.RETRY,
            ready_at=time.time() + min(seconds, self._timing.longest_retry),
            attempts=None if failing_since is None and is_counted else job.attempt - 1,
            failing_since=None if failing_since is None else failing_since.timestamp(),
        )

    async def release(self, job: Job) -> None:
        await self._give_back(job, statements.RELEASE, attempts=job.attempt - 1)

    async def _give_back(self, job: Job, sql: str, **values: float | None) -> None:
        try:
            await self._end(job, sql, **values)
        except StoreUnavailable:  # it is released when the database is back
            self._drop(job)
            self._has_lost_track = True
            raise

    def _drop(self, job: Job) -> None:
        """Note that a job is not this process's any more, unless it has been claimed again meanwhile."""
        if self._running.get(job.seq) is job:
            del self._running[job.seq]

    async def _end(self, job: Job, sql: str, **values: object) -> None:
        def then() -> None:
            self._drop(job)
            self._changed.set()

        await self._write_owned(
            job, lambda db, owner: db.value(sql, seq=job.seq, owner=owner, **values), then=then, notify=EVENTS
        )

    async def cancel_waiting(
        self,
        adapter: str,
        *,
        answer: Answer,
        event_id: str | None = None,
        conversation: str | None = None,
        before: int | None = None,
        actor: str | None = None,
    ) -> int:
        events = which_events(adapter, event_id, conversation, before, actor)
        text = codec.dumps(answer)
        rows = await self._change(lambda db: db.rows(statements.CANCEL_WAITING, answer=text, **events))
        return len(rows)

    async def request_cancel(
        self,
        adapter: str,
        *,
        event_id: str | None = None,
        conversation: str | None = None,
        before: int | None = None,
        actor: str | None = None,
        patience: float = 0.0,
    ) -> int:
        events = which_events(adapter, event_id, conversation, before, actor)

        async def work(db: PostgresDatabase) -> list[int]:
            rows = await db.rows(statements.ANSWERED_ELSEWHERE, owner=self._lease.number, **events)
            seqs = [row["seq"] for row in rows][:_CANCELLED]
            if seqs:
                payload = " ".join((CANCEL, *map(str, seqs)))
                await db.rows("SELECT pg_notify(:channel, :payload)", channel=CHANNEL, payload=payload)
            return seqs

        seqs = await self._writer.submit(work)
        until = time.monotonic() + patience
        while seqs and time.monotonic() < until:
            if not await self._connections.rows(statements.IS_CLAIMED, seqs=seqs):
                break
            await asyncio.sleep(self._timing.cancel_check)
        return len(seqs)

    def cancel_requests(self) -> Collection[int]:
        requested = self._cancel_requests & self._running.keys()
        self._cancel_requests.clear()
        return requested

    async def _change(self, work: Callable[[PostgresDatabase], Awaitable[T]]) -> T:
        """Write, and notify all processes that there may be an event to claim."""
        return await self._writer.submit(work, then=lambda _: self._changed.set(), notify=EVENTS)

    # -- corrections

    async def reopen(self, event: Event, *, answer: Answer | None = None, is_repeated: bool = False) -> bool:
        keys = {"adapter": codec.to_key(event.adapter), "id": codec.to_key(event.id)}
        content = {"event": codec.dumps(event), "answer": None if answer is None else codec.dumps(answer)}

        async def work(db: PostgresDatabase) -> bool:
            found = await db.row(statements.TO_REOPEN, **keys)
            if found is None:
                return False
            if is_repeated:
                await db.rows(statements.REPEAT, seq=found["seq"])
                return True
            lane = Lane(found["lane"]) if answer is None else Lane.FREE  # an answer waits for nothing in its lane
            key = lane_key(lane, found["adapter"], found["conversation"], found["command"], found["actor"])
            await db.rows(statements.DELETE_TURNS, seq=found["seq"])
            await db.rows(statements.REOPEN, seq=found["seq"], lane_key=key, **content)
            return True

        return await self._change(work)

    async def withdraw(self, adapter: str, event_id: str) -> bool:
        keys = {"adapter": codec.to_key(adapter), "id": codec.to_key(event_id)}

        async def work(db: PostgresDatabase) -> bool:
            seq = await db.value(statements.WITHDRAW, **keys)
            await db.rows(statements.DELETE_TURNS, seq=seq)
            return seq is not None

        return await self._change(work)


def _lost(job: Job) -> OwnershipLost:
    return OwnershipLost(f"Event {job.event.id} is not this worker's any more.")
