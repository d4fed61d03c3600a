"""The life of a recorded event: claimed, committed, completed."""

# ruff: noqa: D102 - the promises are those of `bot.ports.Store`

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.errors import OwnershipLost, StoreUnavailable
from bot.models import Answer, Event, Job, Lane, Outcome, Usage
from bot.ports import EventKey, QueuePlace
from bot.store.shared import codec
from bot.store.shared.rows import complete_turn, make_usage_rows, number_turn, to_made_calls, to_micros
from bot.store.sqlite import maintenance, statements
from bot.store.sqlite.database import SqliteDatabase
from bot.store.sqlite.event_recorder import RunningEvent, SqliteEventRecorder
from bot.store.sqlite.in_memory.queue import Entry
from bot.store.sqlite.writer import Returned, Rows, RowsOperation, WorkOperation

_CONTENTS = """
SELECT seq, event FROM events
WHERE adapter = :adapter AND id IN (SELECT value FROM json_each(:ids)) AND event IS NOT NULL ORDER BY seq
"""
_SEQS = """
SELECT seq, adapter, events.id FROM json_each(:keys) AS asked
JOIN events ON adapter = asked.value->>0 AND events.id = asked.value->>1
"""
_DRAFT, _COMMIT, _COMPLETE = 1, 2, 3  #: what may be written of a job together, in this order


class SqliteEvents(SqliteEventRecorder):
    """The methods of `EventQueue` after `record`."""

    async def claim(self, lanes: Collection[Lane], adapters: Collection[str]) -> Job | None:
        keys = {codec.to_key(adapter) for adapter in adapters}
        while (taken := self._queue.take(lanes, keys, self._clock())) is not None:
            job = self._jobs.pop(taken.seq, None)
            if job is None:
                try:
                    job = await self._reader.job_of_seq(taken.seq)
                except BaseException:
                    self._queue.give_back(taken.seq, ready_at=taken.ready_at, answered=taken.answered)
                    self._changed.set()
                    raise
            if job is not None:
                self._running[job.seq] = RunningEvent(job, None if job.is_only_placed else job.ref, job.answer)
                return job
            self._queue.done(taken.seq)  # erased meanwhile
        self._changed.clear()
        return None

    async def claim_some(self, slots: Mapping[Lane, int], adapters: Collection[str]) -> Sequence[Job]:
        job = await self.claim(slots, adapters)
        return () if job is None else (job,)

    @property
    def may_have_more(self) -> bool:
        return True  # it is cheap to see

    async def wait(self) -> None:
        due = self._queue.next_time()
        patience = None if due is None else max(due - self._clock(), 0.0)
        try:
            async with asyncio.timeout(patience):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def save_draft(self, job: Job, ref: str) -> None:
        mine = self._own(job)
        rows = {statements.DRAFT: ((job.seq, json.dumps(ref), job.attempt),)}

        def then(_: Returned) -> None:
            mine.ref, mine.drafts_on_disk = ref, number

        number = mine.drafts = mine.drafts + 1
        operation = RowsOperation(lambda: rows, then, seq=job.seq, stage=_DRAFT)
        self._writer.execute_lazily(operation, within=self._timing.draft_linger)

    async def commit(self, job: Job, outcome: Outcome) -> bool:
        now = datetime.fromtimestamp(self._now(), UTC)
        answer = codec.dumps(outcome.answer)
        turns = [complete_turn(turn, job.event, now) for turn in outcome.turns]
        encoded = [codec.dumps(turn) for turn in turns]
        used = await self._ledger.priced(outcome.usage)
        usage = make_usage_rows(job, used, now)
        replaced = ((job.seq, codec.to_key(job.event.replaces)),) if job.event.replaces and turns else ()
        ended = ((job.seq, "settled", sum(map(to_micros, used))),) if outcome.call == "used" else ()
        ended = ((job.seq, "returned", 0),) if outcome.call == "refused" else ended
        made = to_made_calls(usage, now) if outcome.call == "unreserved" else ()
        first = 0  #: sequence number of the turns' first

        def plan() -> Rows:
            nonlocal first
            if self._own(job).answer is not None:
                return {}
            first = self._last_turn + 1
            self._last_turn += len(turns)
            return {
                statements.ANSWER: ((job.seq, answer),),
                statements.REPLACE: replaced,
                statements.TURNS: [(job.seq, n, data, first + n) for n, data in enumerate(encoded)],
                statements.USAGE: usage,
                statements.MADE_CALL: made,
                statements.END_CALL: ended,
            }

        def then(_: Returned) -> bool:
            place = codec.to_key(job.event.adapter), codec.to_key(job.event.conversation)
            if replaced:
                self._contexts.clear()
            else:
                numbered = [number_turn(turn, first + n) for n, turn in enumerate(turns)] if first else ()
                self._contexts.add_turns(place, job.seq, numbered)
            mine = self._running.get(job.seq)
            if mine is None or mine.answer is not None:
                return False
            mine.answer = outcome.answer
            if ended:
                self._ledger.end_call(job.seq)
            self._ledger.close(job.seq, used)
            self._ledger.use(job.event, used)
            return True

        return await self._writer.execute(RowsOperation(plan, then, seq=job.seq, stage=_COMMIT))

    async def add_usage(self, job: Job, usage: Sequence[Usage], *, is_reserved: bool = True) -> None:
        used, now = await self._ledger.priced(usage), datetime.fromtimestamp(self._now(), UTC)
        added = make_usage_rows(job, used, now)
        rows: Rows = {
            statements.USAGE: added,
            statements.MADE_CALL: () if is_reserved else to_made_calls(added, now),
            statements.END_CALL: ((job.seq, "settled", sum(map(to_micros, used))),),
        }
        await self._writer.execute(RowsOperation(lambda: rows, lambda _: self._use(job, used)))

    async def complete(self, job: Job, *, ref: str | None = None) -> None:
        self._own(job)
        del self._running[job.seq]
        self._queue.done(job.seq)
        self._changed.set()
        rows = {statements.COMPLETE: ((job.seq, None if ref is None else json.dumps(ref)),)}
        self._writer.execute_lazily(RowsOperation(lambda: rows, lambda _: None, seq=job.seq, stage=_COMPLETE))

    async def retry(
        self, job: Job, seconds: float, *, failing_since: datetime | None = None, is_counted: bool = True
    ) -> None:
        seconds = min(seconds, self._timing.longest_retry)
        attempts = job.attempt - 1 if failing_since is not None or not is_counted else None
        outage = (attempts, None if failing_since is None else failing_since.timestamp())

        def postponed() -> Rows:
            self._own(job)
            return {statements.POSTPONE: ((job.seq, self._now() + seconds, *outage),)}

        await self._give_back(job, self._clock() + seconds, plan=postponed)

    async def release(self, job: Job) -> None:
        def uncounted() -> Rows:
            ref = self._own(job).ref
            return {} if ref is None else {statements.DRAFT: ((job.seq, json.dumps(ref), job.attempt - 1),)}

        await self._give_back(job, 0.0, plan=uncounted)

    async def _give_back(self, job: Job, ready_at: float, *, plan: Callable[[], Rows]) -> None:
        """Put a job back into the queue after the writes that were begun for it, and after those that `plan` returns.

        `ready_at`: by the clock of the queue.
        """

        def nothing() -> Rows:
            self._own(job)
            return {}

        def then(_: Returned) -> None:
            mine = self._running.pop(job.seq)
            self._queue.give_back(job.seq, ready_at=ready_at, answered=mine.answer is not None)
            self._changed.set()

        try:
            await self._writer.execute(RowsOperation(plan, then, seq=job.seq))
        except StoreUnavailable:  # it counts as a try, which is better than to keep it; this needs no space on the disk
            await self._writer.execute(RowsOperation(nothing, then, seq=job.seq))

    async def confirm(self, job: Job) -> None:
        mine = self._own(job)
        if mine.drafts_on_disk < mine.drafts:
            await self._writer.execute(RowsOperation(lambda: self._drafted(job), lambda _: None, seq=job.seq))

    def _drafted(self, job: Job) -> Rows:
        """Check, after the writes that were begun for a job, that its draft is durable. Writes nothing."""
        mine = self._own(job)
        if mine.drafts_on_disk < mine.drafts:
            raise StoreUnavailable(f"The draft of event {job.event.id} is not in the database yet.")
        return {}

    async def request_cancel(
        self,
        adapter: str,  # noqa: ARG002 - this process is the only one
        *,
        event_id: str | None = None,  # noqa: ARG002
        conversation: str | None = None,  # noqa: ARG002
        before: int | None = None,  # noqa: ARG002
        actor: str | None = None,  # noqa: ARG002
        patience: float = 0.0,  # noqa: ARG002
    ) -> int:
        return 0

    def cancel_requests(self) -> Collection[int]:
        return ()

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
        place = None if conversation is None else codec.to_key(conversation)
        person = None if actor is None else codec.to_key(actor)
        named = None if event_id is None else await self._reader.state(adapter, event_id)
        if event_id is not None and named is None:
            return 0
        held: list[Entry] = []

        def is_meant(entry: Entry) -> bool:
            is_of_scope = entry.adapter == codec.to_key(adapter) and place in {None, entry.conversation}
            is_of_person = person in {None, entry.person[1]} and not entry.answered
            is_named = named is None or entry.seq == named[0]
            return is_of_scope and is_of_person and is_named and (before is None or entry.seq < before)

        async def work(db: SqliteDatabase) -> int:
            held.extend(self._queue.discard(is_meant))
            await maintenance.answer_waiting(db, [item.seq for item in held], codec.dumps(answer))
            return len(held)

        def then(_: int) -> None:
            for item in held:
                self._jobs.pop(item.seq, None)
                self._ledger.close(item.seq)
                self._queue.add(replace(item, lane=Lane.FREE, key=(item.seq,), ready_at=0.0, answered=True))
            self._changed.set()

        return await self._writer.execute(WorkOperation(work, then=then, undo=lambda: self._wait_again(held)))

    async def join(self, job: Job, event: Event, others: Sequence[Event]) -> bool:
        held: list[Entry] = []

        async def work(db: SqliteDatabase) -> bool:
            self._own(job)
            ids = json.dumps([codec.to_key(other.id) for other in others])
            rows = await db.rows(_CONTENTS, adapter=codec.to_key(event.adapter), ids=ids)
            waiting = {seq: text for seq, text in rows if self._queue.is_unanswered(seq)}
            if [codec.loads(Event, text) for text in waiting.values()] != list(others):
                return False
            held.extend(self._queue.discard(lambda entry: entry.seq in waiting))
            joined = [codec.dumps(replace(other, joined_to=event.id)) for other in others]
            await maintenance.join(db, job.seq, codec.dumps(event), dict(zip(waiting, joined, strict=True)))
            return True

        def then(_: bool) -> None:
            for item in held:
                self._jobs.pop(item.seq, None)
                self._ledger.close(item.seq)

        return await self._writer.execute(WorkOperation(work, then=then, undo=lambda: self._wait_again(held)))

    async def wake(self) -> None:
        # The times in the table are those of a start after a crash: a wait of this length more, at most.
        delayed = self._queue.discard(lambda entry: entry.ready_at > 0 and not entry.answered)
        self._wait_again([replace(entry, ready_at=0.0) for entry in delayed])

    def _wait_again(self, held: Sequence[Entry]) -> None:
        for item in held:
            self._queue.add(item)
        self._changed.set()

    async def counts(self) -> Mapping[str, float]:
        oldest = self._queue.oldest
        by_lane = self._queue.waiting_by_lane()
        return {
            **{f"waiting_{lane}": by_lane.get(lane, 0) for lane in Lane},
            "waiting": self._queue.waiting,
            "running": self._queue.running,
            "oldest": 0.0 if oldest is None else max(self._now() - oldest, 0.0),
        }

    async def places(self, events: Collection[EventKey]) -> Mapping[EventKey, QueuePlace]:
        keys = {(codec.to_key(adapter), codec.to_key(name)): (adapter, name) for adapter, name in events}
        rows = await self._reader.rows(_SEQS, keys=json.dumps(list(keys))) if keys else ()
        seqs = {seq: keys[adapter, name] for seq, adapter, name in rows}
        places = self._queue.places(seqs, before=self._now() - self._timing.start_grace)
        return {seqs[seq]: place for seq, place in places.items()}

    async def confirm_waiting(self, adapter: str, event_id: str, *, is_posted: bool = False) -> None:
        found = await self._reader.state(adapter, event_id)
        seq = 0 if found is None else found[0]

        def noted() -> Rows:
            if not self._queue.is_unanswered(seq):
                raise OwnershipLost(f"Event {event_id} does not wait any more.")
            return {statements.POSTED: ((seq,),)} if is_posted else {}

        def then(_: Returned) -> None:
            if (job := self._jobs.get(seq)) is not None and job.ref is None:
                self._jobs[seq] = replace(job, ref="", is_only_placed=True)

        rows = noted()
        if rows:
            await self._writer.execute(RowsOperation(noted, then))

    async def write_places(self, work: Callable[[SqliteDatabase], Awaitable[object]]) -> None:
        await self._writer.execute(WorkOperation(work))
