"""Claims: which event is next, whose process it is, and when to look again."""

# ruff: noqa: D102 - the promises are those of `bot.ports`

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from bot.models import Job, Lane
from bot.store.postgres import statements
from bot.store.postgres.connection import PostgresDatabase
from bot.store.postgres.lease import CHANNEL, LOCK, Lease
from bot.store.shared import codec
from bot.store.shared.rows import parse_job
from bot.store.timing import StoreTiming

#: Kind of the notification that there may be an event to claim; the kinds of lane may follow.
EVENTS = "events"
#: Events that are claimed together. Another process may have a free slot, too.
_MOST = 32


@dataclass(slots=True, eq=False)
class UnsavedDraft:
    """The reference of a job's draft, which is not durable yet."""

    job: Job
    ref: str  #: JSON
    is_taken: bool = False  #: it is written by another operation than its own


class PostgresClaims:
    """The methods `claim`, `claim_some` and `wait` of `EventQueue`.

    A claim follows each change that this process makes. Where it finds that something waits for which it has no free
    slot, it wakes the other processes.
    """

    _lease: Lease

    def __init__(self, timing: StoreTiming) -> None:
        self._timing = timing
        self._changed = asyncio.Event()
        self._is_claiming = False
        self._free: frozenset[Lane] = frozenset()  #: kinds of lane that had a free slot at the last claim
        self._next_at: float | None = None  #: time from which on there may be more to claim, by the last claim
        self._running: dict[int, Job] = {}  #: by sequence number
        self._drafts: dict[int, UnsavedDraft] = {}  #: of those
        self._has_lost_track = False  #: the table may name this process as owner of events that are not in `_running`
        self._take_over_at = 0.0  #: monotonic
        self._new: dict[tuple[str, str], float] = {}  #: conversations without history, and when they were claimed
        self._numbers: list[int] = []  #: all numbers that this process has had

    async def claim(self, lanes: Collection[Lane], adapters: Collection[str]) -> Job | None:
        return next(iter(await self._claim(dict.fromkeys(lanes, _MOST), adapters, 1)), None)

    async def claim_some(self, slots: Mapping[Lane, int], adapters: Collection[str]) -> Sequence[Job]:
        return await self._claim(slots, adapters, _MOST)

    async def _claim(self, slots: Mapping[Lane, int], adapters: Collection[str], most: int) -> Sequence[Job]:
        self._changed.clear()
        self._is_claiming = True
        try:
            async with self._lease.connection() as db:
                return await self._claim_by(db, slots, adapters, most)
        except BaseException:
            self._is_claiming = False
            raise

    async def _claim_by(
        self, db: PostgresDatabase, slots: Mapping[Lane, int], adapters: Collection[str], most: int
    ) -> Sequence[Job]:
        occupied, self._free = self._free.difference(slots), frozenset(slots)
        given: dict[str, object] = {"lanes": [*slots], "slots": [*slots.values()], "most": most}
        given |= {"occupied": [*occupied], "adapters": [*map(codec.to_key, adapters)]}
        try:
            await self._take_over(db)
            *rows, last = await self._take(db, given)
            long = [row["seq"] for row in rows if row["event"] is None]
            contents = {row["seq"]: row for row in await db.rows(statements.CONTENT, seqs=long)} if long else {}
            jobs = [_parse({**row, **contents.get(row["seq"], {})}) for row in rows]
        except BaseException:
            self._has_lost_track = True
            raise
        self._next_at = last["next_at"]
        claimed = Counter(row["lane"] for row in rows)
        self._free = frozenset(lane for lane, free in slots.items() if free > claimed[lane])  # others know of the rest
        now = time.monotonic()
        self._new = {key: at for key, at in self._new.items() if at > now - self._timing.stays_new}
        for row, job in zip(rows, jobs, strict=True):
            self._running[job.seq] = job
            if row["is_new"]:
                self._new[job.event.adapter, job.event.conversation] = now
        return jobs

    def _is_new(self, adapter: str, conversation: str) -> bool:
        """Whether a conversation had no history when its event was claimed, a moment ago. Says so once."""
        claimed_at = self._new.pop((adapter, conversation), None)
        return claimed_at is not None and claimed_at > time.monotonic() - self._timing.stays_new

    async def _take(self, db: PostgresDatabase, given: Mapping[str, object]) -> Sequence[Any]:
        now = time.time()
        due = {"now": now, "bound": now + self._timing.longest_retry, "channel": CHANNEL}
        while True:
            try:
                return await db.rows(statements.CLAIM, owner=self._lease.number, numbers=self._numbers, **due, **given)
            except asyncpg.UniqueViolationError:  # a process of the version before was quicker
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

        A fault of this connection, such as a restart of the server, may concern those of the others: none of their
        events is taken over before they have had time to connect anew. Its answer would be paid for again.
        """
        self._numbers.append(number)
        if before:
            await db.rows(statements.MOVE_HOME, home=number, before=list(before))
            self._take_over_at = time.monotonic() + self._timing.return_of_others
            running = list(self._running)
            rows = await db.rows(statements.ADOPT, owners_before=list(before), owner=number, running=running)
            kept = {row["seq"] for row in rows if row["is_kept"]}
            self._running = {seq: job for seq, job in self._running.items() if seq in kept}
            self._drafts = {seq: draft for seq, draft in self._drafts.items() if seq in kept}

    @property
    def may_have_more(self) -> bool:
        return self._changed.is_set() or (self._next_at is not None and self._next_at <= time.time())

    async def wait(self) -> None:
        await asyncio.sleep(0)  # what has arrived meanwhile is read, also where nothing is waited for
        longest = self._timing.take_over
        patience = longest if self._next_at is None else min(max(self._next_at - time.time(), 0.0), longest)
        try:
            async with asyncio.timeout(patience):
                await self._changed.wait()
        except TimeoutError:
            pass
        except BaseException:
            self._is_claiming = False
            raise

    @property
    def _news(self) -> str:
        """The notification of what may be claimed: none while this process claims, as it then tells others itself."""
        return "" if self._is_claiming else EVENTS


def _parse(row: Mapping[str, Any]) -> Job:
    """Parse a row of `statements.CLAIM`."""
    job = parse_job([tuple(row.values())])
    assert job is not None
    return replace(job, event=replace(job.event, id=codec.from_key(row["id"])))  # with its lone surrogates
