"""The store on SQLite, for one process on one machine."""

# ruff: noqa: D102 - the promises are those of `bot.ports.Store`

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiosqlite

from bot.errors import StoreUnavailable
from bot.models import Answer, ConversationContext, Event, Job, Lane, Media, Turn, UsageRow
from bot.ports import Namespace
from bot.store.shared import codec, key_values
from bot.store.shared.key_values import NamespaceCache
from bot.store.sqlite import maintenance
from bot.store.sqlite.database import SqliteDatabase
from bot.store.sqlite.errors import translate
from bot.store.sqlite.events import Events
from bot.store.sqlite.lock import ownership
from bot.store.sqlite.queries import Reads
from bot.store.sqlite.queue import Entry, entry
from bot.store.sqlite.quota import Reservation
from bot.store.sqlite.recorder import person_of
from bot.store.sqlite.schema import prepare
from bot.store.sqlite.writer import WorkOperation, Writer


class SqliteStore(Events):
    """See `bot.ports.Store`. The lock file beside the database keeps other processes out.

    `busy_timeout`: seconds to wait for a program that has locked the database. `namespaces_cached`: namespaces whose
    values are held in memory; `namespaces_known`: those of which only the names are.
    """

    def __init__(
        self,
        path: Path,
        *,
        busy_timeout: float = 5.0,
        now: Callable[[], float] = time.time,
        namespaces_cached: int = 10_000,
        namespaces_known: int = 20_000,
    ) -> None:
        super().__init__(now=now)
        self._path = path
        self._busy_timeout = busy_timeout
        self._stack = AsyncExitStack()
        self._values = NamespaceCache(self._read_values, size=namespaces_cached, known=namespaces_known, now=now)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as exc:
                raise StoreUnavailable(
                    f"The folder {self._path.parent} can't be made; choose one that may be written to. ({exc.strerror})"
                ) from exc
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
            await self.recover()
            limit = {"limit": self._values.known_limit + 1}
            known = await self._reads.rows("SELECT DISTINCT namespace FROM key_values LIMIT :limit", limit)
            self._values.know([namespace for (namespace,) in known])
            self._writer = Writer(db, self._path, last=self._last_event)
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

    # -- second thoughts

    async def reopen(self, event: Event, *, answer: Answer | None = None) -> bool:
        found = await self._reads.state(event.adapter, event.id)
        if found is None:
            return False
        seq, conversation, command, lane, kind, items = found
        event_json, answer_json = codec.dumps(event), None if answer is None else codec.dumps(answer)
        held: list[Entry] = []

        async def work(db: aiosqlite.Connection) -> bool:
            if seq in self._running:
                return False
            held.extend(self._queue.discard(lambda e: e.seq == seq))
            await maintenance.reopen(db, seq, event_json, answer_json)
            return True

        def then(reopened: bool) -> None:
            if reopened:
                self._jobs.pop(seq, None)
                self._queue.add(
                    entry(
                        seq,
                        adapter=codec.key(event.adapter),
                        conversation=conversation,
                        actor=codec.key(event.actor.id),
                        lane=Lane(lane) if answer is None else Lane.FREE,
                        command=command,
                        since=self._now(),
                        answered=answer is not None,
                    )
                )
                if answer is None:
                    self._ledger.reopen(seq, Reservation(person_of(event), kind, items))
                else:
                    self._ledger.close(seq)
                self._memories.drop((codec.key(event.adapter), conversation))
                self._changed.set()

        return await self._writer.submit(WorkOperation(work, then=then, undo=lambda: self._wait_again(held)))

    async def withdraw(self, adapter: str, event_id: str) -> bool:
        found = await self._reads.state(adapter, event_id)
        if found is None:
            return False
        seq, conversation, *_ = found
        held: list[Entry] = []

        async def work(db: aiosqlite.Connection) -> None:
            held.extend(self._queue.discard(lambda e: e.seq == seq))
            await maintenance.withdraw(db, seq, is_waiting=bool(held))

        def then(_: None) -> None:
            self._jobs.pop(seq, None)
            if held:
                self._ledger.close(seq)
            self._memories.drop((codec.key(adapter), conversation), through_seq=seq)
            self._changed.set()

        await self._writer.submit(WorkOperation(work, then=then, undo=lambda: self._wait_again(held)))
        return True

    async def add_feedback(self, adapter: str, event_id: str, actor: str, *, is_good: bool) -> None:
        await self._writer.submit(
            WorkOperation(
                lambda db: maintenance.add_feedback(db, adapter, event_id, actor, is_good=is_good, now=self._now())
            )
        )

    # -- looking back

    async def participants(self, adapter: str, conversation: str) -> Collection[str]:
        return await self._reads.participants(adapter, conversation)

    async def recent_media(self, adapter: str, actor: str, *, limit: int) -> Sequence[tuple[str, Media]]:
        return await self._reads.recent_media(adapter, actor, limit)

    async def job(self, adapter: str, event_id: str) -> Job | None:
        return await self._reads.job(adapter, event_id)

    async def last_job(self, adapter: str, conversation: str, *, commands: Collection[str]) -> Job | None:
        return await self._reads.last_job(adapter, conversation, commands)

    async def context(
        self, adapter: str, conversation: str, *, limit: int, exclude_event: str = ""
    ) -> ConversationContext:
        def read(turns: int) -> Awaitable[ConversationContext]:
            return self._reads.context(adapter, conversation, limit=turns, exclude_event=exclude_event)

        if exclude_event:
            return await read(limit)
        return await self._memories.get((codec.key(adapter), codec.key(conversation)), limit, read)

    async def save_summary(self, adapter: str, conversation: str, summary: str, *, through_seq: int) -> None:
        place = codec.key(adapter), codec.key(conversation)
        work = WorkOperation(
            lambda db: maintenance.save_summary(db, adapter, conversation, summary, through_seq),
            then=lambda saved: (
                self._memories.folded(place, codec.clean(summary), through_seq=through_seq) if saved else None
            ),
        )
        await self._writer.submit(work)

    async def reset(self, job: Job) -> int:
        place = codec.key(job.event.adapter), codec.key(job.event.conversation)
        work = WorkOperation(
            lambda db: maintenance.reset(db, job), then=lambda _: self._memories.drop(place, through_seq=job.seq)
        )
        return await self._writer.submit(work)

    def transcript(self, adapter: str, conversation: str) -> AsyncIterator[tuple[Turn, tuple[Media, ...]]]:
        return self._reads.transcript(adapter, conversation)

    # -- values and usage

    def namespace(self, name: str) -> Namespace:
        return key_values.namespace(name, self._values, self._write_value)

    async def _write_value(self, sql: str, parameters: Mapping[str, object]) -> None:
        namespace = str(parameters["namespace"])
        work = WorkOperation(
            lambda db: SqliteDatabase(db).rows(sql, **parameters), then=lambda _: self._values.changed(namespace)
        )
        await self._writer.submit(work)

    async def _read_values(self, namespace: str) -> Sequence[Any]:
        return await self._reads.rows(key_values.READ, {"namespace": namespace})

    async def usage(
        self,
        *,
        since: datetime,
        actor: str | None = None,
        adapter: str | None = None,
        channel: str | None = None,
        within: str | None = None,
    ) -> Sequence[UsageRow]:
        return await self._reads.usage(since=since, actor=actor, adapter=adapter, channel=channel, within=within)

    async def feedback_totals(self, *, since: datetime, adapter: str, channel: str) -> tuple[int, int]:
        return await self._reads.feedback_totals(since, adapter, channel)

    # -- housekeeping

    async def forget(self, adapter: str, actor: str) -> Sequence[Media]:
        person = codec.key(adapter), codec.key(actor)
        held: list[Entry] = []

        async def work(db: aiosqlite.Connection) -> list[Media]:
            held.extend(self._queue.discard(lambda e: e.person == person))
            running = self._queue.running_of(person)
            return await maintenance.forget(db, adapter, actor, running, now=self._now())

        def then(_: list[Media]) -> None:
            for item in held:
                self._jobs.pop(item.seq, None)
                self._ledger.close(item.seq)
            self._memories.clear(through_seq=max(self._running, default=0))
            self._values.clear()

        return await self._writer.submit(WorkOperation(work, then=then, undo=lambda: self._wait_again(held)))

    async def prune(self, before: datetime) -> Sequence[Media]:
        media: list[Media] = []
        gone = maintenance.CHUNK
        while gone == maintenance.CHUNK:
            work = WorkOperation(lambda db: maintenance.prune(db, before), then=lambda _: self._memories.clear())
            gone, found = await self._writer.submit(work)
            media += found
        expired = WorkOperation(
            lambda db: maintenance.prune_rest(db, now=self._now()), then=lambda _: self._values.clear()
        )
        await self._writer.submit(expired)
        return media

    async def check(self) -> None:
        await self._reads.rows("SELECT 1 FROM events LIMIT 1")
        await self._writer.submit(WorkOperation(maintenance.touch))
