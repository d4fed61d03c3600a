"""The life of a recorded event: claimed, committed, completed. Ownership is a lock that ends with its process."""

# ruff: noqa: D102 - the promises are those of `bot.ports`

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from bot.errors import OwnershipLost, StoreUnavailable
from bot.models import Answer, Event, Job, Lane, Outcome, Usage
from bot.store.postgres import statements
from bot.store.postgres.claims import PostgresClaims, UnsavedDraft
from bot.store.postgres.connection import Connections, PostgresDatabase
from bot.store.postgres.lease import CHANNEL
from bot.store.postgres.parameters import as_columns, turn_columns, usage_columns, which_events
from bot.store.postgres.writer import PostgresWriter
from bot.store.shared import calls, codec
from bot.store.shared.quota import HOUR, PRICE_DAYS, hash_subjects
from bot.store.shared.rows import make_lane_key
from bot.store.timing import StoreTiming

T = TypeVar("T")

#: Kinds of notifications: values have changed; events are to be cancelled.
VALUES = "values"
CANCEL = "cancel"
_CANCELLED = 300  #: events in one notification


def lane_key(lane: Lane, adapter: str, conversation: str, command: str, actor: str) -> str | None:
    """Return the lane key as a text; None: the event waits for no other."""
    parts = make_lane_key(lane, adapter=adapter, conversation=conversation, command=command, actor=actor)
    return None if parts is None else json.dumps(parts)


class PostgresEvents(PostgresClaims):
    """The methods of `EventQueue` after `claim`, and corrections of events."""

    _connections: Connections
    _writer: PostgresWriter

    def __init__(self, timing: StoreTiming, zone: ZoneInfo) -> None:
        super().__init__(timing)
        self._zone = zone  #: in which days and months of limits begin
        self._cancel_requests: set[int] = set()  #: of other processes

    async def confirm(self, job: Job) -> None:
        await self._lease.verify()
        self._check_ownership(job)
        await self._write_draft(job)

    def _check_ownership(self, job: Job) -> None:
        if self._running.get(job.seq) is not job:
            raise _lost(job)
        if not self._lease.is_held:
            raise StoreUnavailable(f"Whether event {job.event.id} is still ours, the database has yet to say.")

    async def _write_owned(self, job: Job, write: Callable[[], Awaitable[tuple[int, T | None]]]) -> T:
        """Write for a job. `write` returns the owner's number, and None when the event is not owned by it.

        Raises `OwnershipLost`.
        """
        while True:
            self._check_ownership(job)
            number, result = await write()
            if result is not None:
                return result
            self._check_ownership(job)
            if number == self._lease.number:  # not between one number and the next
                self._drop(job)
                self._has_lost_track = True  # a new number, whose adoption has yet to be heard of, may have the row
                raise _lost(job)

    async def _submit_row(
        self,
        job: Job,
        sql: str,
        *,
        then: Callable[[], None] = lambda: None,
        after: Callable[[PostgresDatabase], Awaitable[None]] | None = None,
        notify: str = "",
        **values: object,
    ) -> tuple[int, bool]:
        """Write the row of a job by a statement of many events; returns the owner's number and whether it is written.

        `then` is called and `after` awaited if it is, see `PostgresWriter.submit_row`. A draft that is not durable yet
        is in the columns `ref` and `attempts`, unless `values` has them.
        """
        number = 0
        draft = self._take_draft(job)

        def row() -> Mapping[str, object] | None:
            nonlocal number, draft
            number, draft = self._lease.number, self._take_draft(job)
            if self._running.get(job.seq) is not job:
                return None
            ref, attempts = (None, None) if draft is None else (draft.ref, job.attempt)
            return {"seq": job.seq, "owner": number, "ref": ref, "attempts": attempts, **values}

        def done(*, is_written: bool) -> None:
            if is_written:
                self._drop_draft(draft)
                then()

        is_written = await self._writer.submit_row(
            sql, row, key=("seq",), then=lambda written: done(is_written=written), after=after, notify=notify
        )
        return number, is_written

    async def _write_row(
        self, job: Job, sql: str, *, then: Callable[[], None] = lambda: None, notify: str = "", **values: Any
    ) -> None:
        """Write the row of a job by a statement of many events. Raises `OwnershipLost`."""

        async def write() -> tuple[int, bool | None]:
            number, is_written = await self._submit_row(job, sql, then=then, notify=notify, **values)
            return number, is_written or None

        await self._write_owned(job, write)

    async def save_draft(self, job: Job, ref: str) -> None:
        await self._lease.verify()
        self._check_ownership(job)
        draft = self._drafts[job.seq] = UnsavedDraft(job, json.dumps(ref))

        def row() -> Mapping[str, object] | None:
            is_mine = self._drafts.get(job.seq) is draft and self._running.get(job.seq) is job and not draft.is_taken
            owner = {"seq": job.seq, "owner": self._lease.number}
            return {**owner, "ref": draft.ref, "attempts": job.attempt} if is_mine else None

        def then(is_written: bool) -> None:
            if is_written:
                self._drop_draft(draft)

        linger = self._timing.draft_linger
        self._writer.submit_row_lazily(statements.DRAFT, row, key=("seq",), then=then, within=linger)

    def _take_draft(self, job: Job) -> UnsavedDraft | None:
        """Return the draft of a job that is not durable yet, which is then written by the caller."""
        draft = self._drafts.get(job.seq)
        if draft is None or draft.job is not job:
            return None
        draft.is_taken = True
        return draft

    def _drop_draft(self, draft: UnsavedDraft | None) -> None:
        """Note that a draft is durable, unless there is a newer one."""
        if draft is not None and self._drafts.get(draft.job.seq) is draft:
            del self._drafts[draft.job.seq]

    async def _write_draft(self, job: Job) -> None:
        """Return when the draft of a job is durable."""
        if self._take_draft(job) is not None:
            await self._write_row(job, statements.DRAFT)

    async def commit(self, job: Job, outcome: Outcome) -> bool:
        self._new.pop((job.event.adapter, job.event.conversation), None)
        now = datetime.now(UTC)
        used = await self._priced(outcome.usage)
        usage = usage_columns(job, used, now)
        values: dict[str, Any] = {
            "answer": codec.dumps(outcome.answer),
            "is_reserved": outcome.call != "unreserved",
            "used_tokens": sum(usage["prompt_tokens"]) + sum(usage["completion_tokens"]),
            **{f"used_{name}": sum(usage[name]) for name in ("items", "milliseconds", "micros")},
            **usage,
            **turn_columns(job, outcome.turns, now),
        }
        replaces = codec.to_key(job.event.replaces) if outcome.turns else ""
        ends_call = outcome.call in {"used", "refused"}

        async def after(db: PostgresDatabase) -> None:
            if replaces:
                adapter = codec.to_key(job.event.adapter)
                await db.rows(statements.REPLACE, seq=job.seq, adapter=adapter, replaces=replaces)
            if ends_call:
                ended = calls.settled(job, used) if outcome.call == "used" else calls.returned(job)
                await db.rows(calls.END, **ended)

        async def write() -> tuple[int, bool | None]:
            and_then = after if replaces or ends_call else None
            number, is_written = await self._submit_row(job, statements.COMMIT, after=and_then, **values)
            if is_written:
                return number, True
            rows = await self._connections.rows(statements.IS_ANSWERED, seq=job.seq, owner=number)
            return number, False if rows else None

        return await self._write_owned(job, write)

    async def _priced(self, usage: Sequence[Usage]) -> Sequence[Usage]:
        """Give estimates the highest known price of their kind."""
        if not any(used.is_estimate for used in usage):
            return usage
        return calls.priced(usage, await self._prices())

    async def _prices(self) -> Mapping[str, int | None]:
        first = int(time.time() // HOUR) - PRICE_DAYS * 24
        return {row["kind"]: row["price"] for row in await self._connections.rows(statements.PRICES, hour=first)}

    async def add_usage(self, job: Job, usage: Sequence[Usage], *, is_reserved: bool = True) -> None:
        used = await self._priced(usage)

        async def work(db: PostgresDatabase) -> None:
            await self._add_usage(db, job, used, is_reserved=is_reserved)
            await db.rows(calls.END, **calls.settled(job, used))

        await self._writer.submit(work, locks=hash_subjects(job.event))

    async def _add_usage(
        self, db: PostgresDatabase, job: Job, usage: Sequence[Usage], *, is_reserved: bool = True
    ) -> None:
        row = {**usage_columns(job, usage, datetime.now(UTC)), "is_reserved": is_reserved}
        await db.rows(statements.USAGE, **as_columns([{"seq": job.seq, "owner": self._lease.number, **row}]))

    async def complete(self, job: Job, *, ref: str | None = None) -> None:
        await self._end(job, statements.COMPLETE, **({} if ref is None else {"ref": json.dumps(ref)}))

    async def retry(
        self, job: Job, seconds: float, *, failing_since: datetime | None = None, is_counted: bool = True
    ) -> None:
        await self._give_back(
            job,
            ready_at=time.time() + min(seconds, self._timing.longest_retry) if seconds > 0 else 0.0,
            attempts=None if failing_since is None and is_counted else job.attempt - 1,
            failing_since=None if failing_since is None else failing_since.timestamp(),
        )

    async def release(self, job: Job) -> None:
        await self._give_back(job, ready_at=0.0, attempts=job.attempt - 1, failing_since=None)

    async def _give_back(self, job: Job, **values: float | None) -> None:
        try:
            await self._write_draft(job)
            await self._end(job, statements.GIVE_BACK, **values)
        except StoreUnavailable:  # it is released when the database is back
            self._drop(job)
            self._has_lost_track = True
            raise

    def _drop(self, job: Job) -> None:
        """Note that a job is not this process's any more, unless it has been claimed again meanwhile."""
        if self._running.get(job.seq) is job:
            del self._running[job.seq]
            self._drafts.pop(job.seq, None)

    async def _end(self, job: Job, sql: str, **values: object) -> None:
        def then() -> None:
            self._drop(job)
            self._changed.set()

        await self._write_row(job, sql, then=then, notify=self._news, **values)

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
        now = time.monotonic()
        until, again_at = now + patience, now + self._timing.cancel_again
        while (
            seqs
            and now < until
            and await self._connections.rows(statements.IS_CLAIMED, seqs=seqs, owner=self._lease.number)
        ):
            await asyncio.sleep(self._timing.cancel_check)
            now = time.monotonic()
            if now >= again_at:  # a process that was asked may have ended, or not have heard of it
                again_at = now + self._timing.cancel_again
                await self._writer.submit(work)
        return len(seqs)

    def cancel_requests(self) -> Collection[int]:
        requested = self._cancel_requests & self._running.keys()
        self._cancel_requests.clear()
        return requested

    async def _change(self, work: Callable[[PostgresDatabase], Awaitable[T]]) -> T:
        """Write what may be followed by an event to claim."""
        return await self._writer.submit(work, then=lambda _: self._changed.set(), notify=self._news)

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
