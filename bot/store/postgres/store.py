"""The store on PostgreSQL, for many processes on many machines."""

# ruff: noqa: D102 - the promises are those of `bot.ports`

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from bot import this_process
from bot.concurrency.shared_probe import SharedProbe
from bot.errors import OwnershipLost
from bot.limits import UTC_ZONE
from bot.models import Event, Job, Lane, Media, Turn
from bot.ports import AuditEntry, ConversationContext, EventKey, Namespace, ProcessInfo, QueuePlace, Schedule
from bot.store.postgres import maintenance, statements
from bot.store.postgres.claims import EVENTS
from bot.store.postgres.connection import Connections, PostgresDatabase
from bot.store.postgres.event_recorder import PostgresEventRecorder
from bot.store.postgres.events import CANCEL, VALUES
from bot.store.postgres.lease import Lease
from bot.store.postgres.schema import BeforeMigration, prepare
from bot.store.postgres.shares import PROCESS, Share, find_processes
from bot.store.postgres.writer import PostgresWriter
from bot.store.shared import audit, codec, contexts, erasure, key_values
from bot.store.shared.key_values import NamespaceCache
from bot.store.shared.places import PlaceQueries
from bot.store.shared.queries import StoreQueries
from bot.store.shared.quota import hash_person
from bot.store.shared.requests import RequestQueries
from bot.store.shared.rows import parse_media
from bot.store.shared.schedules import ScheduleQueries
from bot.store.shared.sql import Database, Dialect
from bot.store.timing import StoreTiming

#: Characters of a namespace in a notification, which may have 8000 bytes.
_LONGEST_NOTIFIED = 1900
#: Kind of the notification that schedules have changed.
_SCHEDULES = "schedules"

T = TypeVar("T")


class PostgresStore(PostgresEventRecorder, StoreQueries, RequestQueries, ScheduleQueries, PlaceQueries):
    """See `bot.ports.Store`. `url`: postgresql://user:password@host/database.

    `before_migration`: is called with the version of the schema before it is changed. `roles`: those of this process.
    """

    owner_column = "owner"
    dialect = Dialect(
        live="live",
        live_turns="turns",
        find="strpos",
        has_media=statements.HAS_MEDIA,
        unfinished="NOT done",
        unfinished_events="events",
        newest_events="events",
    )

    def __init__(
        self,
        url: SecretStr,
        *,
        timing: StoreTiming | None = None,
        zone: ZoneInfo = UTC_ZONE,
        before_migration: BeforeMigration | None = None,
        roles: Sequence[str] = (),
    ) -> None:
        timing = timing or StoreTiming()
        super().__init__(timing, zone)
        self._connections = Connections(url, timeout=timing.statement)
        self._before_migration = before_migration
        self._lease = Lease(
            self._connections,
            name=f"{PROCESS} {','.join(roles)} {this_process.name()}",
            timing=timing,
            on_notification=self._on_notification,
            adopt=self._adopt,
        )
        self._writer = PostgresWriter(self._connections)
        self._recording = PostgresWriter(self._connections)
        self._stack = AsyncExitStack()
        self.schedules_changed = asyncio.Event()
        self._probe = SharedProbe(self._touch, interval=timing.write_check)
        self._values = NamespaceCache(self._read_values, self.read_namespace_names, is_shared=True)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await prepare(self._connections, self._before_migration)
            await self._connections.open()
            stack.push_async_callback(self._connections.close)
            stack.push_async_callback(self._lease.close)
            await self._lease.open()
            for name, writer in (("store writer", self._writer), ("store recorder", self._recording)):
                await writer.open()  # a process that can't write does not start
                writing = asyncio.create_task(writer.run(), name=name)
                stack.push_async_callback(self._stop, writer, writing)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _stop(self, writer: PostgresWriter, writing: asyncio.Task[None]) -> None:
        writer.close()
        await writing

    def _on_notification(self, payload: str, sender: int) -> None:
        """Handle a notification; "" when some may have been missed.

        They come on the connection that claims: what was written before an event was recorded is known when it runs.
        """
        if sender in {self._writer.sender, self._recording.sender, self._lease.sender}:  # this process knows already
            return
        kind, _, details = payload.partition(" ")
        if kind == VALUES and details:  # of one namespace
            self._values.changed(details)
            return
        if kind == _SCHEDULES:
            self.schedules_changed.set()
            return
        if kind == CANCEL:
            self._cancel_requests.update(map(int, details.split()))
        elif kind == EVENTS and details and self._free.isdisjoint(details.split()):  # it has no free slot for these
            return
        elif kind in ("", VALUES):
            self._values.clear()
            self.schedules_changed.set()
        self._changed.set()

    async def rows(self, sql: str, /, **parameters: object) -> list[Any]:
        return await self._connections.rows(sql, **parameters)

    async def add_feedback(self, event_id: str, by: Event, *, is_good: bool) -> None:
        opinion = erasure.to_opinion(event_id, by, time.time(), is_good=is_good)
        locks = [hash_person(by.adapter, by.actor.id)]
        await self._writer.submit(lambda db: db.rows(erasure.ADD_FEEDBACK, **opinion), locks=locks)

    async def counts(self) -> Mapping[str, float]:
        ((waiting, running, oldest, *by_lane),) = await self._connections.rows(statements.COUNTS)
        lanes = {f"waiting_{lane}": count for lane, count in zip(Lane, by_lane, strict=True)}
        since = 0.0 if oldest is None else max(time.time() - oldest, 0.0)
        return {**lanes, "waiting": waiting, "running": running, "oldest": since}

    async def places(self, events: Collection[EventKey]) -> Mapping[EventKey, QueuePlace]:
        keys = {(codec.to_key(adapter), codec.to_key(name)): (adapter, name) for adapter, name in events}
        if not keys:
            return {}
        asked = {"adapters": [adapter for adapter, _ in keys], "ids": [name for _, name in keys]}
        rows = await self._connections.rows(statements.PLACES, before=time.time() - self._timing.start_grace, **asked)
        return {
            keys[adapter, name]: QueuePlace(number=number, running=running, follows=follows)
            for adapter, name, number, running, follows in rows
        }

    async def confirm_waiting(self, adapter: str, event_id: str, *, is_posted: bool = False) -> None:
        sql = statements.POSTED if is_posted else statements.IS_WAITING
        if not await self._connections.rows(sql, adapter=codec.to_key(adapter), id=codec.to_key(event_id)):
            raise OwnershipLost(f"Event {event_id} does not wait any more.")

    async def wake(self) -> None:
        await self._change(lambda db: db.rows(statements.WAKE, now=time.time()))

    async def join(self, job: Job, event: Event, others: Sequence[Event]) -> bool:
        ids = [codec.to_key(other.id) for other in others]

        async def work(db: PostgresDatabase) -> bool:
            self._check_ownership(job)
            rows = await db.rows(statements.WAITING, adapter=codec.to_key(event.adapter), ids=ids)
            if [codec.loads(Event, row["event"]) for row in rows] != list(others):
                return False
            owner = self._lease.number
            if await db.row(statements.JOIN, event=codec.dumps(event), seq=job.seq, owner=owner) is None:
                raise OwnershipLost(f"Event {event.id} is not this worker's any more.")
            for row, other in zip(rows, others, strict=True):
                content = codec.dumps(replace(other, joined_to=event.id))
                await db.rows(statements.JOINED, event=content, seq=row["seq"])
            return True

        return await self._change(work)

    def revising(self, adapter: str, event_id: str) -> AbstractAsyncContextManager[None]:
        return self._lease.lock(f"{codec.to_key(adapter)} {codec.to_key(event_id)}")

    async def add_audit(self, entry: AuditEntry) -> None:
        locks = [hash_person(entry.adapter, entry.actor)] if entry.event else []
        await self._writer.submit(lambda db: audit.add(db, entry, time.time()), locks=locks)

    # -- context

    async def context(
        self, adapter: str, conversation: str, *, limit: int, exclude_event: str = ""
    ) -> ConversationContext:
        if self._is_new(adapter, conversation):
            return ConversationContext()
        return await super().context(adapter, conversation, limit=limit, exclude_event=exclude_event)

    async def save_summary(
        self, adapter: str, conversation: str, summary: str, *, turns: Sequence[Turn], was: str
    ) -> None:
        text = codec.clean(summary).replace("\0", "")  # which text can't hold
        await self._writer.submit(
            lambda db: contexts.save_summary(db, self.dialect, adapter, conversation, text, turns=turns, was=was),
            locks={hash_person(adapter, turn.actor) for turn in turns if turn.actor},  # none of them is being erased
        )

    async def reset(self, job: Job) -> int:
        return await self._writer.submit(lambda db: contexts.reset(db, self.dialect, job))

    # -- values

    def namespace(self, name: str) -> Namespace:
        return key_values.namespace(name, self._values, self._write_value)

    async def read_namespaces(self, *names: str) -> Sequence[Mapping[str, str]]:
        return await self._values.items([key_values.to_namespace(name) for name in names], may_lag=True)

    async def _write_value(self, sql: str, parameters: Mapping[str, object]) -> Sequence[Any]:
        namespace = str(parameters["namespace"])
        is_short = len(namespace) <= _LONGEST_NOTIFIED
        locks: Collection[int] = ()
        if parameters.get("event"):  # so that its author is not being erased
            adapter, actor = (codec.from_key(str(parameters[name])) for name in ("adapter", "actor"))
            locks = (hash_person(adapter, actor),)
        return await self._writer.submit(
            lambda db: db.rows(sql, **parameters),
            then=lambda _: self._values.changed(namespace),
            notify=f"{VALUES} {namespace}" if is_short else VALUES,
            locks=locks,
        )

    async def _read_values(self, namespaces: Sequence[str]) -> Sequence[Any]:
        return await self.rows(statements.READ_VALUES, namespaces=namespaces)

    # -- schedules

    async def write_schedules(self, work: Callable[[Database], Awaitable[T]], schedule: Schedule) -> T:
        event = schedule.event
        locks = {hash_person(event.adapter, event.actor.id), hash_person(event.adapter, f" {event.location.workspace}")}
        return await self._writer.submit(
            work, then=lambda _: self.schedules_changed.set(), notify=_SCHEDULES, locks=locks
        )

    # -- places

    async def write_places(self, work: Callable[[Database], Awaitable[object]]) -> None:
        await self._writer.submit(work)

    # -- processes

    def share(self, name: str, count: int) -> AsyncGenerator[frozenset[int], None]:
        return Share(self._connections, self._timing, name=name, count=count).changes()

    async def processes(self) -> Sequence[ProcessInfo]:
        return await find_processes(self._connections)

    # -- housekeeping

    async def forget(self, adapter: str, actor: str, *, workspace: str | None = None) -> Sequence[Media]:
        def then(_: object) -> None:
            self._values.clear()
            self._changed.set()

        locks = [hash_person(adapter, actor)]
        answers = await self._writer.submit(
            lambda db: maintenance.forget(db, adapter, actor, workspace), then=then, notify=VALUES, locks=locks
        )
        await self.rows(statements.TIDY)
        return [media for answer in answers for media in parse_media(answer)]

    async def erase_forgotten(self, job: Job) -> Sequence[Media]:
        return await self._writer.submit(lambda db: erasure.erase_forgotten(db, job.seq))

    async def prune(self, before: datetime, *, audit_before: datetime | None = None) -> Sequence[Media]:
        media: list[Media] = []
        gone = maintenance.CHUNK
        while gone == maintenance.CHUNK:
            answers = await self._writer.submit(lambda db: maintenance.prune(db, before.timestamp()))
            gone = len(answers)
            media += [item for answer in answers for item in parse_media(answer)]
        rest = partial(maintenance.prune_rest, before=before.timestamp())
        media += await self._writer.submit(rest, then=lambda _: self._values.clear(), notify=VALUES)
        await self.rows(statements.TIDY)
        if audit_before is not None:
            await self._writer.submit(lambda db: db.rows(audit.PRUNE, before=audit_before.timestamp()))
        return media

    async def prune_place(
        self, before: datetime, *, adapter: str, channel: str = "", workspace: str = ""
    ) -> Sequence[Media]:
        media: list[Media] = []
        seqs = await self.finished_before(before, adapter=adapter, channel=channel, workspace=workspace)
        for at in range(0, len(seqs), maintenance.CHUNK):
            erase = partial(maintenance.erase, seqs=seqs[at : at + maintenance.CHUNK])
            answers = await self._writer.submit(erase)
            media += [item for answer in answers for item in parse_media(answer)]
        return media

    async def _touch(self) -> None:
        await asyncio.gather(
            *(one.submit(lambda db: db.value("SELECT nextval('served')")) for one in (self._recording, self._writer))
        )

    async def check(self) -> None:
        await self.rows("SELECT 1 FROM events LIMIT 1")
        await self._probe.check()
