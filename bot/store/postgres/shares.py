"""Things that processes share out between them: numbers of which each is held by one process, by an advisory lock.

A lock ends with its connection: at once when a process dies. A holder asks the database at least once a second; one
whose connection has been silent for long, as on a machine that is gone, is cut off by those who wait. A process that
can't reach the database lets go of everything before that, where there are others.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Collection
from contextlib import suppress
from zlib import crc32

import structlog

from bot import this_process
from bot.errors import StoreError
from bot.ports import ProcessInfo
from bot.store.postgres.connection import Connection, Connections, PostgresDatabase, close
from bot.store.timing import StoreTiming

log = structlog.get_logger(__name__)

#: Beginnings of the names of connections: of what is shared out, and of each process with its roles.
SHARE, PROCESS = "muse-share", "muse-roles"
#: Second key of the lock that everybody who takes part has; the others' second key is a number.
_MEMBER = -1
_MEMBER_SHOWN = 0xFFFFFFFF
#: Tries to lock anew what was held before the connection broke.
_LOCK_TRIES = 20

_LOOK = """
SELECT l.objid::bigint AS number, l.pid, a.pid = pg_backend_pid() AS is_own,
    extract(epoch FROM clock_timestamp() - coalesce(a.state_change, clock_timestamp()))::float8 AS silent
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint = :kind::bigint
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_PROCESSES = """
SELECT a.application_name, a.pid, array_agg(l.objid::bigint ORDER BY l.objid)
    FILTER (WHERE l.objid::bigint <> :member::bigint) AS numbers
FROM pg_stat_activity a LEFT JOIN pg_locks l ON l.pid = a.pid AND l.locktype = 'advisory' AND l.granted
WHERE a.datname = current_database() AND a.application_name LIKE 'muse-%'
GROUP BY a.application_name, a.pid ORDER BY a.pid
"""


class Share:
    """The part of this process of the numbers below `count`. See `Processes.share`."""

    def __init__(self, connections: Connections, timing: StoreTiming, *, name: str, count: int) -> None:
        self._connections = connections
        self._timing = timing
        self._name = name
        self._count = count
        self._kind = crc32(name.encode()) - 0x80000000
        self._connection: Connection | None = None
        self._held: set[int] = set()
        self._giving: set[int] = set()  #: still locked, until nothing here uses them
        self._seen = 0.0  #: time of the last answer of the database, on the clock that goes on in sleep
        self._gave_at = 0.0
        self._may_take_at = 0.0  #: monotonic
        self._free_since: dict[int, float] = {}  #: monotonic, of numbers that nobody has
        self._is_alone = False  #: whether nobody else has anything of it
        self._has_others = True  #: whether others took part at the last look, and may take over what is held

    async def changes(self) -> AsyncGenerator[frozenset[int], None]:
        """See `Processes.share`."""
        yielded: frozenset[int] | None = None
        try:
            while True:
                await self._refresh()
                if (held := frozenset(self._held)) != yielded:
                    yielded = held
                    log.info("shared out", name=self._name, held=sorted(yielded), of=self._count)
                    yield yielded
                    continue  # what was given up is released at once
                await asyncio.sleep(self._timing.share_alone if self._is_alone else self._timing.share_look)
        finally:
            if self._connection is not None:
                await close(self._connection)

    async def _refresh(self) -> None:
        """Ask the database; let go of everything once it has not answered for long, and others may take over."""
        asked_at = time.time()
        try:
            async with asyncio.timeout(self._timing.share_timeout):
                if self._connection is None or self._connection.is_closed():
                    self._connection = await self._connect()
                with self._connections.translate_errors():
                    await self._look(PostgresDatabase(self._connection))
        except (StoreError, TimeoutError) as exc:
            log.debug("not known what is held", name=self._name, reason=str(exc))
            if self._connection is not None:
                self._connection.terminate()
                self._connection = None
                # What broke this connection may have broken those of others, who are about to connect anew, too.
                self._may_take_at = time.monotonic() + self._timing.share_return
            if self._has_others and abs(time.time() - self._seen) > self._timing.share_trust:
                self._held.clear()
                self._giving.clear()
        else:
            self._seen = asked_at

    async def _connect(self) -> Connection:
        """Connect, and lock anew what was held before; what others have by now is lost."""
        name = f"{SHARE} {self._name} {this_process.name()}"
        connection = await self._connections.connect(application_name=name)
        try:
            with self._connections.translate_errors():
                await connection.execute("SELECT pg_advisory_lock_shared($1, $2)", self._kind, _MEMBER)
                await self._lock_again(connection)
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _lock_again(self, connection: Connection) -> None:
        """Lock what was held before; the server may need a moment to release the locks of a connection that broke."""
        self._giving.clear()
        missing = set(self._held)
        for _ in range(_LOCK_TRIES):
            for number in tuple(missing):
                if await connection.fetchval("SELECT pg_try_advisory_lock($1, $2)", self._kind, number):
                    missing.discard(number)
            if not missing:
                return
            await asyncio.sleep(self._timing.share_timeout / (2 * _LOCK_TRIES))
        self._held -= missing

    async def _look(self, db: PostgresDatabase) -> None:
        for number in tuple(self._giving):
            await db.value("SELECT pg_advisory_unlock(:kind::integer, :number::integer)", **self._keys(number))
            self._giving.discard(number)
        members, taken = Counter[int](), set[int]()
        for row in await db.rows(_LOOK, kind=self._kind & _MEMBER_SHOWN):
            if not row["is_own"] and row["silent"] > self._timing.share_lost:
                log.warning("a process is silent: its connection is ended", name=self._name, pid=row["pid"])
                with suppress(StoreError):
                    await db.value("SELECT pg_terminate_backend(:pid::integer)", pid=row["pid"])
            elif row["number"] == _MEMBER_SHOWN:
                members[row["pid"]] += 0
            else:
                members[row["pid"]] += 1
                taken.add(row["number"])
        self._has_others = len(members) > 1
        most = -(-self._count // max(len(members), 1))
        for number in self._find_free(taken, is_first=self._seen == 0 and len(members) == 1):
            if len(self._held) >= most:
                break
            if await db.value("SELECT pg_try_advisory_lock(:kind::integer, :number::integer)", **self._keys(number)):
                self._held.add(number)
                taken.add(number)
        self._is_alone = len(self._held) == self._count
        has_more = len(self._held) - min(members.values(), default=0) > 1
        if has_more and not self._free_since and self._may_give():
            self._gave_at = time.monotonic()
            number = max(self._held)
            self._held.discard(number)
            self._giving.add(number)

    def _find_free(self, taken: Collection[int], *, is_first: bool) -> list[int]:
        """Return the numbers that nobody has, and whose last holder has had time to connect anew."""
        now, since = time.monotonic(), self._free_since
        self._free_since = {number: since.get(number, now) for number in range(self._count) if number not in taken}
        if is_first:
            return list(self._free_since)
        if now < self._may_take_at:
            return []
        return [number for number, free in self._free_since.items() if now - free >= self._timing.share_free]

    def _may_give(self) -> bool:
        """Whether the last one that was given up has had its time to be taken over: one at a time is moved."""
        return time.monotonic() - self._gave_at > self._timing.share_move

    def _keys(self, number: int) -> dict[str, int]:
        return {"kind": self._kind, "number": number}


async def find_processes(connections: Connections) -> list[ProcessInfo]:
    """See `Processes.processes`."""
    roles: dict[str, tuple[str, ...]] = {}
    holds: dict[str, list[str]] = {}
    for row in await connections.rows(_PROCESSES, member=_MEMBER_SHOWN):
        kind, _, rest = row["application_name"].partition(" ")
        what, _, process = rest.partition(" ")
        if kind == PROCESS:
            roles[process] = tuple(what.split(","))
        elif numbers := row["numbers"]:
            holds.setdefault(process, []).append(f"{what}: {', '.join(map(str, numbers))}")
    return [ProcessInfo(name, own, tuple(sorted(holds.get(name, ())))) for name, own in sorted(roles.items())]
