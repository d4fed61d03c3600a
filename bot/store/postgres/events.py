"""The life of an event: recorded, claimed, committed, completed. Ownership is a lock that dies with its process."""

# ruff: noqa: D102 - the promises are those of `bot.ports.Store`

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import asyncpg  # type: ignore[import-untyped]

from bot.errors import OwnershipLost, StoreUnavailable
from bot.models import Answer, Event, Job, Lane, Outcome, QuotaRequest, Usage
from bot.store.postgres import statements
from bot.store.postgres.connection import Connection, Link
from bot.store.postgres.lease import CHANNEL, LOCK, Owner
from bot.store.postgres.writer import Writer
from bot.store.shared import codec
from bot.store.shared.rows import event_keys, filled, usage_rows
from bot.store.sqlite.queries import job_of

T = TypeVar("T")

#: Seconds between two looks for events of processes that died, and the longest sleep without news.
LOOK_INTERVAL = 1.0
#: What a notification says: that there may be something to claim, that a value has changed, what is to be stopped.
EVENTS = "events"
VALUES = "values"
CANCEL = "cancel"
_CANCELLED = 300  #: events in one notification
_CANCEL_LOOK = 0.1  #: seconds between two looks whether they have stopped


def lane_key(lane: Lane, adapter: str, conversation: str, command: str, actor: str) -> str | None:
    """What events that run one at a time have in common; None: they wait for nothing."""
    keys: dict[Lane, tuple[str, ...] | None] = {
        Lane.CONVERSATION: (adapter, conversation),
        Lane.OWN: (adapter, conversation, command, actor),
        Lane.FREE: None,
    }
    key = keys[lane]
    return None if key is None else json.dumps(key)


def recorded_row(event: Event, lane: Lane, answer: Answer | None, quota: QuotaRequest | None) -> tuple[object, ...]:
    """An event as `statements.RECORD` takes it."""
    lane = lane if answer is None else Lane.FREE
    adapter, event_id, conversation, command, actor, channel, replaces = event_keys(event)
    return (
        adapter,
        event_id,
        actor,
        conversation,
        lane.value,
        lane_key(lane, adapter, conversation, command, actor),
        command,
        channel,
        replaces,
        event.received_at.timestamp(),
        codec.dumps(event),
        None if answer is None else codec.dumps(answer),
        "" if quota is None else quota.kind or "",
        0 if quota is None else quota.items,
    )


class Events:
    """The part of the store that workers use."""

    _link: Link
    _owner: Owner
    _writer: Writer

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self._running: dict[int, Job] = {}  #: by sequence number
        self._is_astray = False  #: rows may say that this process has what it does not know of
        self._look_at = 0.0  #: monotonic
        self._cancel_requests: set[int] = set()  #: what others asked this process to stop

    async def claim(self, lanes: Collection[Lane], adapters: Collection[str]) -> Job | None:
        self._changed.clear()
        names = [codec.key(adapter) for adapter in adapters]
        async with self._owner.connection() as db:
            try:
                await self._take_over(db)
                row = await self._take(db, [lane.value for lane in lanes], names)
            except BaseException:
                self._is_astray = True
                raise
            if row is None:
                return None
            job = job_of([tuple(row)[:5]])
            assert job is not None
            job = replace(job, event=replace(job.event, id=codec.plain(row["id"])))  # as given, surrogates and all
            self._running[job.seq] = job
            return job

    async def _take(self, db: Connection, lanes: Sequence[str], adapters: Sequence[str]) -> Any:
        while True:
            try:
                return await db.fetchrow(statements.CLAIM, lanes, adapters, time.time(), self._owner.number)
            except asyncpg.UniqueViolationError:  # another process was quicker with another event of the lane key
                continue

    async def _take_over(self, db: Connection) -> None:
        """Let wait again what dead processes had, and what this one has lost sight of."""
        if self._is_astray:
            await db.fetch(statements.ADOPT, [self._owner.number], self._owner.number, list(self._running))
            self._is_astray = False
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_INTERVAL
            await db.execute(statements.TAKE_OVER, LOCK)

    async def _adopt(self, db: Connection, before: Collection[int], number: int) -> None:
        """Go on with what runs here, unless another process has taken it over."""
        if before:
            rows = await db.fetch(statements.ADOPT, list(before), number, list(self._running))
            kept = {row["seq"] for row in rows if row["kept"]}
            self._running = {seq: job for seq, job in self._running.items() if seq in kept}

    async def wait(self) -> None:
        (row,) = await self._link.rows(
            "SELECT min(ready_at) FROM events WHERE NOT done AND owner IS NULL AND ready_at > $1", time.time()
        )
        patience = LOOK_INTERVAL if row[0] is None else min(max(row[0] - time.time(), 0.0), LOOK_INTERVAL)
        try:
            async with asyncio.timeout(patience):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def confirm(self, job: Job) -> None:
        self._sure(job)

    def _sure(self, job: Job) -> None:
        if self._running.get(job.seq) is not job:
            raise _lost(job)
        if not self._owner.is_sure:
            raise StoreUnavailable(f"Whether event {job.event.id} is still ours, the database has yet to say.")

    async def _owned(
        self,
        job: Job,
        work: Callable[[Connection, int], Awaitable[T | None]],
        *,
        then: Callable[[], None] = lambda: None,
        news: str = "",
    ) -> T:
        """Write something of a job. `work` gets the owner's number and returns None when the row is another's.

        Raises `OwnershipLost`.
        """

        async def mine(db: Connection) -> tuple[int, T | None]:
            number = self._owner.number
            return number, await work(db, number) if self._running.get(job.seq) is job else None

        def done(result: tuple[int, T | None]) -> None:
            if result[1] is not None:
                then()

        while True:
            self._sure(job)
            number, result = await self._writer.submit(mine, then=done, news=news)
            if result is not None:
                return result
            self._sure(job)
            if number == self._owner.number:  # not between one number and the next
                self._running.pop(job.seq, None)
                raise _lost(job)

    async def save_draft(self, job: Job, ref: str) -> None:
        row = json.dumps(ref), job.attempt
        await self._owned(job, lambda db, number: db.fetchval(statements.DRAFT, job.seq, number, *row))

    async def commit(self, job: Job, outcome: Outcome) -> bool:
        now = datetime.now(UTC)
        turns = [codec.dumps(filled(turn, job.event, now)) for turn in outcome.turns]
        row = codec.dumps(outcome.answer), turns, *_columns(usage_rows(job, outcome.usage, now))
        replaced = codec.key(job.event.adapter), codec.key(job.event.replaces)

        async def work(db: Connection, number: int) -> bool | None:
            if await db.fetchval(statements.COMMIT, job.seq, number, *row) is not None:
                if job.event.replaces and turns:
                    await db.execute(statements.REPLACE, *replaced, job.seq)
                return True
            return False if await db.fetchval(statements.IS_ANSWERED, job.seq, number) else None

        return await self._owned(job, work)

    async def add_usage(self, job: Job, usage: Sequence[Usage]) -> None:
        columns = _columns(usage_rows(job, usage, datetime.now(UTC)))
        await self._writer.submit(lambda db: db.execute(statements.USAGE, job.seq, self._owner.number, *columns))

    async def complete(self, job: Job) -> None:
        await self._end(job, statements.COMPLETE)

    async def retry(self, job: Job, at: datetime) -> None:
        await self._give_back(job, statements.GIVE_BACK, at.timestamp())

    async def release(self, job: Job) -> None:
        await self._give_back(job, statements.RELEASE, job.attempt - 1)

    async def _give_back(self, job: Job, sql: str, value: float) -> None:
        try:
            await self._end(job, sql, value)
        except StoreUnavailable:  # when the database is back, it waits again
            self._running.pop(job.seq, None)
            self._is_astray = True
            raise

    async def _end(self, job: Job, sql: str, *parameters: object) -> None:
        def then() -> None:
            del self._running[job.seq]
            self._changed.set()

        await self._owned(
            job, lambda db, number: db.fetchval(sql, job.seq, number, *parameters), then=then, news=EVENTS
        )

    async def cancel_waiting(self, adapter: str, conversation: str, *, before: int, answer: Answer) -> int:
        row = codec.key(adapter), codec.key(conversation), before, codec.dumps(answer)
        rows = await self._change(lambda db: db.fetch(statements.CANCEL, *row))
        return len(rows)

    async def request_cancel(
        self,
        adapter: str,
        *,
        event_id: str | None = None,
        conversation: str | None = None,
        before: int | None = None,
        patience: float = 0.0,
    ) -> int:
        names = [None if name is None else codec.key(name) for name in (event_id, conversation)]

        async def work(db: Connection) -> list[int]:
            rows = await db.fetch(statements.ELSEWHERE, self._owner.number, codec.key(adapter), *names, before)
            seqs = [row["seq"] for row in rows][:_CANCELLED]
            if seqs:
                await db.execute("SELECT pg_notify($1, $2)", CHANNEL, " ".join((CANCEL, *map(str, seqs))))
            return seqs

        seqs = await self._writer.submit(work)
        until = time.monotonic() + patience
        while seqs and time.monotonic() < until:
            sql = "SELECT 1 FROM events WHERE seq = ANY($1::bigint[]) AND owner IS NOT NULL AND NOT done LIMIT 1"
            if not await self._link.rows(sql, seqs):
                break
            await asyncio.sleep(_CANCEL_LOOK)
        return len(seqs)

    def cancel_requests(self) -> Collection[int]:
        told = self._cancel_requests & self._running.keys()
        self._cancel_requests.clear()
        return told

    async def _change(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Write what may give everybody something to claim."""
        return await self._writer.submit(work, then=lambda _: self._changed.set(), news=EVENTS)

    # -- second thoughts

    async def reopen(self, event: Event, *, answer: Answer | None = None) -> bool:
        keys = codec.key(event.adapter), codec.key(event.id)
        row = codec.dumps(event), None if answer is None else codec.dumps(answer)

        async def work(db: Connection) -> bool:
            found = await db.fetchrow(statements.REOPENED, *keys)
            if found is None:
                return False
            lane = Lane(found["lane"]) if answer is None else Lane.FREE
            key = lane_key(lane, found["adapter"], found["conversation"], found["command"], found["actor"])
            await db.execute("DELETE FROM turns WHERE event_seq = $1", found["seq"])
            await db.execute(statements.REOPEN, found["seq"], *row, lane.value, key)
            return True

        return await self._change(work)

    async def withdraw(self, adapter: str, event_id: str) -> bool:
        keys = codec.key(adapter), codec.key(event_id)

        async def work(db: Connection) -> bool:
            seq = await db.fetchval(statements.WITHDRAW, *keys)
            await db.execute("DELETE FROM turns WHERE event_seq = $1", seq)
            return seq is not None

        return await self._change(work)

    async def counts(self) -> Mapping[str, float]:
        (row,) = await self._link.rows(
            "SELECT count(*) FILTER (WHERE owner IS NULL), count(*) FILTER (WHERE owner IS NOT NULL),"
            " min(received_at) FILTER (WHERE owner IS NULL) FROM events WHERE NOT done AND event IS NOT NULL"
        )
        oldest = 0.0 if row[2] is None else max(time.time() - row[2], 0.0)
        return {"waiting": row[0], "running": row[1], "oldest": oldest}


def _columns(rows: Sequence[Sequence[object]]) -> Sequence[Sequence[object]]:
    """The rows of usage as the statements take them: without the sequence number, column by column."""
    return list(zip(*rows, strict=True))[1:] if rows else [[]] * 8


def _lost(job: Job) -> OwnershipLost:
    return OwnershipLost(f"Event {job.event.id} is not this worker's any more.")
