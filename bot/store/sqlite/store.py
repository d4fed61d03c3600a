"""The store on SQLite, for one process on one machine."""

# ruff: noqa: D102 - the promises are those of `bot.ports`

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from zoneinfo import ZoneInfo

import aiosqlite

from bot import this_process
from bot.concurrency.shared_probe import SharedProbe
from bot.errors import StoreUnavailable
from bot.i18n import operator_text
from bot.limits import UTC_ZONE
from bot.models import Answer, Event, Job, Lane, Media, Turn
from bot.ports import AuditEntry, ConversationContext, Namespace, ProcessInfo, RequestFilter, RequestRow, Schedule
from bot.store.shared import audit, codec, contexts, erasure, key_values
from bot.store.shared.key_values import NamespaceCache
from bot.store.shared.places import PlaceQueries
from bot.store.shared.queries import StoreQueries
from bot.store.shared.requests import RequestQueries
from bot.store.shared.schedules import ScheduleQueries
from bot.store.shared.sql import Database, Dialect
from bot.store.sqlite import maintenance, statements
from bot.store.sqlite.database import SqliteDatabase
from bot.store.sqlite.errors import translate
from bot.store.sqlite.events import SqliteEvents
from bot.store.sqlite.in_memory.context_cache import ContextCache
from bot.store.sqlite.in_memory.queue import Entry, make_entry
from bot.store.sqlite.in_memory.reservations import Reservation, place_of
from bot.store.sqlite.lock import ownership
from bot.store.sqlite.reader import SqliteReader
from bot.store.sqlite.schema import BeforeMigration, prepare
from bot.store.sqlite.writer import RowsOperation, SqliteWriter, WorkOperation
from bot.store.timing import StoreTiming

T = TypeVar("T")


class SqliteStore(SqliteEvents, StoreQueries, RequestQueries, ScheduleQueries, PlaceQueries):
    """See `bot.ports.Store`. The lock file beside the database keeps other processes out.

    `zone`: in which days and months of limits begin.
    `now`: the time in seconds since 1970; `clock`: that of waits, which nobody sets. `context_turns`: turns of a
    conversation that are held in memory, `context_size`: characters of all of them; `namespaces_cached`: namespaces
    whose values are held in memory, `namespaces_known`: those of which only the names are. `before_migration`: is
    called with the version of the schema before it is changed. `roles`: those of this process.
    """

    dialect = Dialect(
        live="live = 1",
        live_turns="turns INDEXED BY turns_live",
        find="instr",
        has_media="json_array_length(answer, '$.media') > 0",
        unfinished="done = 0",
        unfinished_events="events INDEXED BY events_unfinished",
        newest_events="events NOT INDEXED",  # but by the number of the row
    )

    def __init__(
        self,
        path: Path,
        *,
        timing: StoreTiming | None = None,
        zone: ZoneInfo = UTC_ZONE,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
        context_turns: int = 100,
        context_size: int = 8_000_000,
        namespaces_cached: int = 10_000,
        namespaces_known: int = 20_000,
        before_migration: BeforeMigration | None = None,
        roles: Sequence[str] = (),
    ) -> None:
        super().__init__(
            now=now,
            clock=clock,
            timing=timing or StoreTiming(),
            contexts=ContextCache(turns=context_turns, size=context_size),
            zone=zone,
        )
        self._path = path
        self._before_migration = before_migration
        self._roles = tuple(roles)
        self.schedules_changed = asyncio.Event()
        self._stack = AsyncExitStack()
        self._probe = SharedProbe(self._touch, interval=self._timing.write_check)
        self._values = NamespaceCache(
            self._read_values, self.read_namespace_names, size=namespaces_cached, known=namespaces_known, now=now
        )

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as exc:
                text = operator_text("database.folder", path=self._path.parent, reason=exc.strerror)
                raise StoreUnavailable(text) from exc
            stack.enter_context(ownership(self._path))
            try:
                db = await stack.enter_async_context(aiosqlite.connect(self._path, isolation_level=None))
                busy = self._timing.busy
                await prepare(db, self._path, busy_timeout=busy, before_migration=self._before_migration)
                reader = await stack.enter_async_context(aiosqlite.connect(self._path, isolation_level=None))
                await reader.executescript(
                    f"PRAGMA busy_timeout = {int(self._timing.busy * 1000)};"
                    "PRAGMA query_only = ON;"
                    "PRAGMA cache_size = -512"  # KiB; the system caches the file, too
                )
            except sqlite3.Error as exc:
                raise translate(exc, self._path) from exc
            self._reader = SqliteReader(reader, self._path)
            await self.recover()
            self._writer = SqliteWriter(db, self._path, last=self._last_event, linger=self._timing.linger)
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

    async def rows(self, sql: str, /, **parameters: object) -> list[Any]:
        return await self._reader.rows(sql, **parameters)

    def claimed(self) -> Collection[int]:
        return self._running

    async def list_requests(self, which: RequestFilter, *, limit: int) -> Sequence[RequestRow]:
        await self._writer.flush()  # ends of events may wait for other writes
        return await super().list_requests(which, limit=limit)

    # -- corrections

    def revising(self, adapter: str, event_id: str) -> AbstractAsyncContextManager[None]:  # noqa: ARG002
        return nullcontext()  # there is no other process

    async def reopen(self, event: Event, *, answer: Answer | None = None, is_repeated: bool = False) -> bool:
        found = await self._reader.state(event.adapter, event.id)
        if found is None:
            return False
        seq, conversation, command, lane, uses = found
        event_json, answer_json = codec.dumps(event), None if answer is None else codec.dumps(answer)
        held: list[Entry] = []

        async def work(db: SqliteDatabase) -> bool:
            if seq in self._running:
                return False
            held.extend(self._queue.discard(lambda e: e.seq == seq))
            if is_repeated:
                await maintenance.repeat(db, seq)
            else:
                await maintenance.reopen(db, seq, event_json, answer_json)
            return True

        def then(reopened: bool) -> None:
            if not reopened:
                self._ledger.drop_next(seq)
                return
            self._jobs.pop(seq, None)
            self._queue.add(
                make_entry(
                    seq,
                    adapter=codec.to_key(event.adapter),
                    conversation=conversation,
                    actor=codec.to_key(event.actor.id),
                    lane=Lane(lane) if answer is None else Lane.FREE,
                    command=command,
                    since=self._now(),
                    answered=answer is not None,
                )
            )
            if answer is None:
                self._ledger.reopen(seq, Reservation(place_of(event), uses))
            else:
                self._ledger.close(seq)
                self._ledger.drop_next(seq)
            self._contexts.drop((codec.to_key(event.adapter), conversation))
            self._changed.set()

        return await self._writer.execute(WorkOperation(work, then=then, undo=lambda: self._wait_again(held)))

    async def withdraw(self, adapter: str, event_id: str) -> bool:
        found = await self._reader.state(adapter, event_id)
        if found is None:
            return False
        seq, conversation, *_ = found
        held: list[Entry] = []

        async def work(db: SqliteDatabase) -> None:
            held.extend(self._queue.discard(lambda e: e.seq == seq))
            await maintenance.withdraw(db, seq, is_waiting=bool(held))

        def then(_: None) -> None:
            self._jobs.pop(seq, None)
            if held:
                self._ledger.close(seq)
            self._contexts.drop((codec.to_key(adapter), conversation), through_seq=seq)
            self._changed.set()

        await self._writer.execute(WorkOperation(work, then=then, undo=lambda: self._wait_again(held)))
        return True

    async def add_feedback(self, event_id: str, by: Event, *, is_good: bool) -> None:
        await self._write(erasure.ADD_FEEDBACK, **erasure.to_opinion(event_id, by, self._now(), is_good=is_good))

    async def add_audit(self, entry: AuditEntry) -> None:
        await self._writer.execute(WorkOperation(lambda db: audit.add(db, entry, self._now())))

    # -- context

    async def context(
        self, adapter: str, conversation: str, *, limit: int, exclude_event: str = ""
    ) -> ConversationContext:
        def read(turns: int) -> Awaitable[ConversationContext]:
            return super(SqliteStore, self).context(adapter, conversation, limit=turns, exclude_event=exclude_event)

        if exclude_event:
            return await read(limit)
        return await self._contexts.get((codec.to_key(adapter), codec.to_key(conversation)), limit, read)

    async def save_summary(
        self, adapter: str, conversation: str, summary: str, *, turns: Sequence[Turn], was: str
    ) -> None:
        key, text = (codec.to_key(adapter), codec.to_key(conversation)), codec.clean(summary)
        work = WorkOperation(
            lambda db: contexts.save_summary(db, self.dialect, adapter, conversation, text, turns=turns, was=was),
            then=lambda saved: self._contexts.set_summary(key, text, through_seq=turns[-1].seq) if saved else None,
        )
        await self._writer.execute(work)

    async def reset(self, job: Job) -> int:
        key = codec.to_key(job.event.adapter), codec.to_key(job.event.conversation)
        work = WorkOperation(
            lambda db: contexts.reset(db, self.dialect, job),
            then=lambda _: self._contexts.drop(key, through_seq=job.seq),
        )
        return await self._writer.execute(work)

    # -- values

    def namespace(self, name: str) -> Namespace:
        return key_values.namespace(name, self._values, self._write_value)

    async def read_namespaces(self, *names: str) -> Sequence[Mapping[str, str]]:
        return await self._values.items([key_values.to_namespace(name) for name in names])

    async def _write_value(self, sql: str, parameters: Mapping[str, object]) -> Sequence[Any]:
        namespace = str(parameters["namespace"])
        if sql == key_values.WRITE:  # in one transaction with what else is written then
            rows = {statements.SET_VALUE: (tuple(parameters.values()),)}
            await self._writer.execute(RowsOperation(lambda: rows, lambda _: self._values.changed(namespace)))
            return ()
        return await self._write(sql, lambda: self._values.changed(namespace), **parameters)

    async def _read_values(self, namespaces: Sequence[str]) -> Sequence[Any]:
        return await self.rows(statements.READ_VALUES, namespaces=json.dumps(namespaces))

    async def _write(self, sql: str, then: Callable[[], None] = lambda: None, /, **parameters: object) -> Sequence[Any]:
        return await self._writer.execute(WorkOperation(lambda db: db.rows(sql, **parameters), then=lambda _: then()))

    # -- schedules

    async def write_schedules(self, work: Callable[[Database], Awaitable[T]], schedule: Schedule) -> T:  # noqa: ARG002
        return await self._writer.execute(WorkOperation(work, then=lambda _: self.schedules_changed.set()))

    # -- processes

    async def share(self, name: str, count: int) -> AsyncGenerator[frozenset[int], None]:  # noqa: ARG002
        yield frozenset(range(count))
        await asyncio.Event().wait()

    async def processes(self) -> Sequence[ProcessInfo]:
        return [ProcessInfo(this_process.name(), self._roles)]

    # -- housekeeping

    async def forget(self, adapter: str, actor: str, *, workspace: str | None = None) -> Sequence[Media]:
        person = codec.to_key(adapter), codec.to_key(actor)
        held: list[Entry] = []

        async def work(db: SqliteDatabase) -> list[Media]:
            only = workspace
            if only is not None and await erasure.is_in_one_workspace(db, adapter, actor, only):
                only = None
            theirs = frozenset(await erasure.find_events(db, adapter, actor, only))
            held.extend(self._queue.discard(lambda e: e.person == person and (only is None or e.seq in theirs)))
            running = self._queue.running_of(person)
            return await maintenance.forget(db, adapter, actor, only, running, now=self._now())

        def then(_: list[Media]) -> None:
            for item in held:
                self._jobs.pop(item.seq, None)
                self._ledger.close(item.seq)
            self._contexts.clear(through_seq=max(self._running, default=0))
            self._values.clear()

        return await self._writer.execute(WorkOperation(work, then=then, undo=lambda: self._wait_again(held)))

    async def erase_forgotten(self, job: Job) -> Sequence[Media]:
        return await self._writer.execute(WorkOperation(lambda db: erasure.erase_forgotten(db, job.seq)))

    async def prune(self, before: datetime, *, audit_before: datetime | None = None) -> Sequence[Media]:
        media: list[Media] = []
        gone = maintenance.CHUNK
        while gone == maintenance.CHUNK:
            work = WorkOperation(lambda db: maintenance.prune(db, before), then=lambda _: self._contexts.clear())
            gone, found = await self._writer.execute(work)
            media += found
        rest = WorkOperation(
            lambda db: maintenance.prune_rest(db, before, now=self._now()), then=lambda _: self._values.clear()
        )
        left = await self._writer.execute(rest)
        media += left
        if audit_before is not None:
            await self._write(audit.PRUNE, before=audit_before.timestamp())
        return media

    async def prune_place(
        self, before: datetime, *, adapter: str, channel: str = "", workspace: str = ""
    ) -> Sequence[Media]:
        media: list[Media] = []
        seqs = await self.finished_before(before, adapter=adapter, channel=channel, workspace=workspace)
        for at in range(0, len(seqs), maintenance.CHUNK):
            erase = partial(maintenance.erase, seqs=seqs[at : at + maintenance.CHUNK])
            media += await self._writer.execute(WorkOperation(erase, then=lambda _: self._contexts.clear()))
        return media

    async def _touch(self) -> None:
        await self._writer.execute(WorkOperation(maintenance.touch))

    async def check(self) -> None:
        await self.rows("SELECT 1 FROM events LIMIT 1")
        await self._probe.check()
