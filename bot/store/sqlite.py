"""The store on SQLite, for one process on one machine."""

# ruff: noqa: D102 - the promises are those of `bot.ports.Store`

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self, TypeVar

import aiosqlite

from bot.errors import OwnershipLost, StoreUnavailable
from bot.models import Answer, Event, Job, Lane, Media, Memory, Outcome, Turn, UsageRow
from bot.store import codec, statements, upkeep
from bot.store.faults import translate
from bot.store.lock import ownership
from bot.store.queue import Entry, WaitingQueue, entry
from bot.store.reads import Reads
from bot.store.schema import prepare
from bot.store.writer import Returned, Rows, RowsOperation, WorkOperation, Writer

T = TypeVar("T")

_JOBS_KEPT = 500  #: waiting events held in memory; the others are read from the table when claimed
_SCOPES_KEPT = 10_000
_LONGEST_WAIT = 30.0  #: seconds after which `wait` looks at the clock again: it may have been set


class SqliteStore:
    """See `bot.ports.Store`.

    What waits is queued in memory and rebuilt from the table at start; the lock file beside the database keeps other
    processes out. `busy_timeout`: seconds to wait for a program that has locked the database.
    """

    def __init__(self, path: Path, *, busy_timeout: float = 5.0) -> None:
        self._path = path
        self._busy_timeout = busy_timeout
        self._stack = AsyncExitStack()
        self._queue = WaitingQueue()
        self._changed = asyncio.Event()
        self._jobs: dict[int, Job] = {}  #: of some waiting events
        self._running: dict[int, Job] = {}
        self._settings: dict[str, dict[str, str]] = {}
        self._settings_version = 0
        self._writer: Writer
        self._reads: Reads

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as exc:
                raise StoreUnavailable(f"The folder {self._path.parent} can't be made. ({exc.strerror})") from exc
            stack.enter_context(ownership(self._path))
            try:
                db = await stack.enter_async_context(aiosqlite.connect(self._path, isolation_level=None))
                await prepare(db, self._path, busy_timeout=self._busy_timeout)
                reader = await stack.enter_async_context(aiosqlite.connect(self._path, isolation_level=None))
                await reader.execute_fetchall(f"PRAGMA busy_timeout = {int(self._busy_timeout * 1000)}")
                await reader.execute_fetchall("PRAGMA query_only = ON")
            except sqlite3.Error as exc:
                raise translate(exc, self._path) from exc
            self._reads = Reads(reader, self._path)
            await self._recover()
            self._writer = Writer(db, self._path, statements.ALL)
            writing = asyncio.create_task(self._writer.run(), name="store writer")
            stack.push_async_callback(self._stop, writing)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _stop(self, writing: asyncio.Task[None]) -> None:
        self._writer.close()
        await writing

    async def _recover(self) -> None:
        rows = await self._reads.rows(
            "SELECT seq, adapter, conversation, actor, lane, command, received_at, ready_at, answer IS NOT NULL"
            " FROM events WHERE done = 0 AND event IS NOT NULL ORDER BY seq"
        )
        for seq, adapter, conversation, actor, lane, command, since, ready_at, answered in rows:
            self._queue.add(
                entry(
                    seq,
                    adapter=adapter,
                    conversation=conversation,
                    actor=actor,
                    lane=Lane(lane),
                    command=command,
                    since=since,
                    ready_at=ready_at,
                    answered=bool(answered),
                )
            )
        self._changed.set()

    # -- the life of an event

    async def record(self, event: Event, *, lane: Lane, answer: Answer | None = None) -> bool:
        lane = lane if answer is None else Lane.FREE
        adapter, event_id, conversation, command, actor, channel, again = map(
            codec.key,
            (
                event.adapter,
                event.id,
                event.conversation,
                event.command,
                event.actor.id,
                event.place.channel,
                event.again,
            ),
        )
        since = event.received_at.timestamp()
        committed = None if answer is None else codec.dumps(answer)
        row = (
            adapter,
            event_id,
            conversation,
            lane,
            command,
            actor,
            channel,
            again,
            since,
            codec.dumps(event),
            committed,
        )

        def then(returned: Returned) -> bool:
            seq = returned.pop((adapter, event_id), None)
            if seq is None:
                return False
            if len(self._jobs) < _JOBS_KEPT:
                self._jobs[seq] = Job(seq=seq, event=event, answer=answer)
            self._queue.add(
                entry(
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

        return await self._writer.submit(RowsOperation(lambda: {statements.RECORD: (row,)}, then))

    async def claim(self, lanes: Collection[Lane], adapters: Collection[str]) -> Job | None:
        keys = {codec.key(adapter) for adapter in adapters}
        while (taken := self._queue.take(lanes, keys, time.time())) is not None:
            job = self._jobs.pop(taken.seq, None)
            if job is None:
                try:
                    job = await self._reads.job_of_seq(taken.seq)
                except BaseException:
                    self._queue.give_back(taken.seq, ready_at=taken.ready_at, answered=taken.answered)
                    self._changed.set()
                    raise
            if job is not None:
                self._running[job.seq] = job
                return job
            self._queue.done(taken.seq)  # erased meanwhile
        self._changed.clear()
        return None

    async def wait(self) -> None:
        due = self._queue.next_time()
        patience = None if due is None else min(max(due - time.time(), 0.0), _LONGEST_WAIT)
        try:
            async with asyncio.timeout(patience):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def save_draft(self, job: Job, ref: str) -> None:
        def plan() -> Rows:
            self._own(job)
            return {statements.DRAFT: ((job.seq, json.dumps(ref), job.attempt),)}

        def then(_: Returned) -> None:
            if mine := self._running.get(job.seq):
                self._running[job.seq] = replace(mine, ref=ref)

        await self._writer.submit(RowsOperation(plan, then, seq=job.seq))

    async def commit(self, job: Job, outcome: Outcome) -> bool:
        now = datetime.now(UTC)
        answer = codec.dumps(outcome.answer)
        turns = tuple((job.seq, n, codec.dumps(_filled(turn, job.event, now))) for n, turn in enumerate(outcome.turns))
        hour = int(now.timestamp() // 3600)
        usage = tuple(
            (
                job.seq,
                hour,
                u.kind,
                codec.key(u.model),
                u.requests,
                u.prompt_tokens,
                u.completion_tokens,
                u.items,
                u.cost,
            )
            for u in outcome.usage
        )
        replaced = ((job.seq, codec.key(job.event.again)),) if job.event.again and turns else ()

        def plan() -> Rows:
            if self._own(job).answer is not None:
                return {}
            return {
                statements.ANSWER: ((job.seq, answer),),
                statements.REPLACE: replaced,
                statements.TURNS: turns,
                statements.USAGE: usage,
            }

        def then(_: Returned) -> bool:
            mine = self._running.get(job.seq)
            if mine is None or mine.answer is not None:
                return False
            self._running[job.seq] = replace(mine, answer=outcome.answer)
            return True

        return await self._writer.submit(RowsOperation(plan, then, seq=job.seq))

    async def complete(self, job: Job) -> None:
        self._own(job)
        del self._running[job.seq]
        self._queue.done(job.seq)
        self._changed.set()
        rows = {statements.COMPLETE: ((job.seq,),)}
        self._writer.submit_lazily(RowsOperation(lambda: rows, lambda _: None, seq=job.seq))

    async def retry(self, job: Job, at: datetime) -> None:
        await self._give_back(job, at.timestamp(), {statements.POSTPONE: ((job.seq, at.timestamp()),)})

    async def release(self, job: Job) -> None:
        await self._give_back(job, 0.0, {})

    async def _give_back(self, job: Job, ready_at: float, rows: Rows) -> None:
        def plan() -> Rows:
            self._own(job)
            return rows

        def then(_: Returned) -> None:
            mine = self._running.pop(job.seq)
            self._queue.give_back(job.seq, ready_at=ready_at, answered=mine.answer is not None)
            self._changed.set()

        await self._writer.submit(RowsOperation(plan, then, seq=job.seq))

    def _own(self, job: Job) -> Job:
        mine = self._running.get(job.seq)
        if mine is None or mine.attempt != job.attempt:
            raise OwnershipLost(f"Event {job.event.id} is not this worker's any more.")
        return mine

    async def cancel_waiting(self, adapter: str, conversation: str, *, before: int, answer: Answer) -> int:
        place = codec.key(adapter), codec.key(conversation)
        held: list[Entry] = []

        async def work(db: aiosqlite.Connection) -> int:
            held.extend(
                self._queue.discard(
                    lambda e: (e.adapter, e.conversation) == place and e.seq < before and not e.answered
                )
            )
            await upkeep.answer_waiting(db, [item.seq for item in held], codec.dumps(answer))
            return len(held)

        def then(_: int) -> None:
            for item in held:
                self._jobs.pop(item.seq, None)
                self._queue.add(replace(item, lane=Lane.FREE, key=(item.seq,), ready_at=0.0, answered=True))
            self._changed.set()

        return await self._writer.submit(WorkOperation(work, then=then, undo=lambda: self._wait_again(held)))

    def _wait_again(self, held: Sequence[Entry]) -> None:
        for item in held:
            self._queue.add(item)
        self._changed.set()

    # -- looking back

    async def job(self, adapter: str, event_id: str) -> Job | None:
        return await self._reads.job(adapter, event_id)

    async def last_job(self, adapter: str, conversation: str, *, commands: Collection[str]) -> Job | None:
        return await self._reads.last_job(adapter, conversation, commands)

    async def memory(self, adapter: str, conversation: str, *, limit: int, without: str = "") -> Memory:
        return await self._reads.memory(adapter, conversation, limit=limit, without=without)

    async def save_summary(self, adapter: str, conversation: str, summary: str, *, upto: int) -> None:
        await self._writer.submit(
            WorkOperation(lambda db: upkeep.save_summary(db, adapter, conversation, summary, upto))
        )

    async def reset(self, job: Job) -> int:
        return await self._writer.submit(WorkOperation(lambda db: upkeep.reset(db, job)))

    def transcript(self, adapter: str, conversation: str) -> AsyncIterator[tuple[Turn, tuple[Media, ...]]]:
        return self._reads.transcript(adapter, conversation)

    # -- settings and usage

    async def settings(self, scope: str) -> Mapping[str, str]:
        scope = codec.clean(scope)
        while (cached := self._settings.get(scope)) is None:
            version = self._settings_version
            rows = await self._reads.rows("SELECT name, value FROM settings WHERE scope = ?", (scope,))
            if version == self._settings_version:
                if len(self._settings) >= _SCOPES_KEPT:
                    self._settings.clear()
                self._settings[scope] = dict(rows)
        return MappingProxyType(cached)

    async def put_setting(self, scope: str, name: str, value: str | None) -> None:
        scope, name = codec.clean(scope), codec.clean(name)
        text = None if value is None else codec.clean(value)
        work = WorkOperation(
            lambda db: upkeep.put_setting(db, scope, name, text), then=lambda _: self._unsettle([scope])
        )
        await self._writer.submit(work)

    def _unsettle(self, scopes: Sequence[str]) -> None:
        self._settings_version += 1
        for scope in scopes:
            self._settings.pop(scope, None)

    async def usage(
        self, *, since: datetime, actor: str | None = None, adapter: str | None = None, channel: str | None = None
    ) -> Sequence[UsageRow]:
        return await self._reads.usage(since=since, actor=actor, adapter=adapter, channel=channel)

    # -- housekeeping

    async def forget(self, adapter: str, actor: str) -> Sequence[Media]:
        person = codec.key(adapter), codec.key(actor)
        scopes = [codec.clean(f"person:{adapter}:{actor}")]
        held: list[Entry] = []

        async def work(db: aiosqlite.Connection) -> list[Media]:
            held.extend(self._queue.discard(lambda e: e.person == person))
            return await upkeep.forget(db, adapter, actor, self._queue.running_of(person), scopes)

        def then(_: list[Media]) -> None:
            for item in held:
                self._jobs.pop(item.seq, None)
            self._unsettle(scopes)

        return await self._writer.submit(WorkOperation(work, then=then, undo=lambda: self._wait_again(held)))

    async def prune(self, before: datetime) -> Sequence[Media]:
        media: list[Media] = []
        gone = upkeep.CHUNK
        while gone == upkeep.CHUNK:
            gone, found = await self._writer.submit(WorkOperation(lambda db: upkeep.prune(db, before)))
            media += found
        return media

    async def counts(self) -> Mapping[str, float]:
        oldest = self._queue.oldest
        return {
            "waiting": self._queue.waiting,
            "running": self._queue.running,
            "oldest": 0.0 if oldest is None else max(time.time() - oldest, 0.0),
        }

    async def check(self) -> None:
        await self._reads.rows("SELECT 1 FROM events LIMIT 1")
        await self._writer.submit(WorkOperation(upkeep.touch))


def _filled(turn: Turn, event: Event, now: datetime) -> Turn:
    return replace(turn, actor=turn.actor or event.actor.id, event=turn.event or event.id, at=turn.at or now, seq=0)
