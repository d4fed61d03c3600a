"""Ownership of events: a lock in the database, which ends when its process does."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from zlib import crc32

import structlog

from bot.background import BackgroundLoops
from bot.errors import StoreError, StoreUnavailable
from bot.store.postgres.connection import BY_INDEX, Connection, Connections, PostgresDatabase, close
from bot.store.timing import StoreTiming

log = structlog.get_logger(__name__)

CHANNEL = "channelmuse"  #: of LISTEN and NOTIFY
#: First key of the advisory locks of processes; the second is their number.
LOCK = 0x636D7573
#: First key of the locks of edits that are being applied.
_EDITS = LOCK + 1

Adopt = Callable[[PostgresDatabase, Collection[int], int], Awaitable[None]]


class Lease:
    """The connection that holds the lock of this process's number, claims events and receives notifications.

    A broken one is replaced, with another number; events that no process has taken over meanwhile are moved to it.
    Claims need not survive a crash of the server, which ends all ownership: they don't wait for its disk.
    """

    def __init__(
        self,
        connections: Connections,
        *,
        name: str,
        timing: StoreTiming,
        on_notification: Callable[[str, int], None],
        adopt: Adopt,
    ) -> None:
        self._name = name  #: of the connection, by which others see this process
        self._timing = timing
        self._connections = connections
        self._on_notification = (
            on_notification  #: called with payload and sender of every notification; with "" after a new connection
        )
        self._adopt = adopt  #: called with the new connection, the earlier numbers and the new one
        self._connection: Connection | None = None
        self._using = asyncio.Lock()
        self._watching: Sequence[asyncio.Task[None]] = ()
        self._seen = 0.0  #: when the connection last gave a sign of life, on the clock that goes on in sleep
        self._ticked = 0.0  #: when the event loop last looked for what has arrived, on the same clock
        self._numbers: list[int] = []  #: that may own events of this process in the table
        self.number = 0  #: of this process
        self.sender = 0  #: process id of the connection that notifies

    async def open(self) -> None:
        """Connect and take a number. Raises `StoreError`."""
        async with self.connection():
            pass
        loops = BackgroundLoops()
        self._watching = [loops.start("store ownership", run) for run in (self._beat, self._note_running)]

    async def close(self) -> None:
        """Close the connection, which ends the ownership of all events."""
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        if self._connection is not None:
            await close(self._connection)

    @property
    def is_held(self) -> bool:
        """Whether the lock is held according to the last sign of life."""
        connection = self._connection
        return (
            connection is not None and not connection.is_closed() and abs(time.time() - self._seen) < self._timing.trust
        )

    async def verify(self) -> None:
        """Ask the database where the last sign of life is old, or where this process may just have been paused.

        Then the end of the connection may have arrived without having been read. Raises `StoreError`.
        """
        now = time.time()
        if abs(now - self._seen) > self._timing.recent or abs(now - self._ticked) > self._timing.paused:
            async with self.connection() as db:
                await db.rows("SELECT 1")

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[PostgresDatabase]:
        """Lend the connection to one user at a time; a broken one is replaced. Raises `StoreError`."""
        async with self._using:
            connection = self._connection
            if connection is None or connection.is_closed():
                connection = await self._connect()
            asked_at = time.time()  # an answer may be read long after it was sent, by a process that was paused
            try:
                with self._connections.translate_errors():
                    yield PostgresDatabase(connection)
            except StoreUnavailable:
                connection.terminate()  # in whatever state it is
                raise
            self._seen = asked_at

    @asynccontextmanager
    async def lock(self, name: str) -> AsyncIterator[None]:
        """Hold the lock of a name; wait while another process holds it. Raises `StoreError`."""
        keys = {"lock": _EDITS, "name": crc32(name.encode()) - 0x80000000}
        while not await self._call("pg_try_advisory_lock", keys):  # noqa: ASYNC110 - only the database tells
            await asyncio.sleep(self._timing.cancel_check)
        try:
            yield
        finally:
            with suppress(StoreError):  # it ended with its connection
                await self._call("pg_advisory_unlock", keys)

    async def _call(self, function: str, keys: Mapping[str, int]) -> bool:
        async with self.connection() as db:
            return bool(await db.value(f"SELECT {function}(:lock::integer, :name::integer)", **keys))

    async def _connect(self) -> Connection:
        connection = await self._connections.connect(synchronous_commit="off", application_name=self._name, **BY_INDEX)
        try:
            with self._connections.translate_errors():
                number = await connection.fetchval("SELECT nextval('owners')")
                await connection.execute("SELECT pg_advisory_lock($1, $2)", LOCK, number)
                await connection.add_listener(
                    CHANNEL, lambda _c, pid, _channel, text: self._on_notification(str(text), pid)
                )
                before = tuple(self._numbers)
                self._numbers.append(number)  # should it break now, events may or may not have been moved
                await self._adopt(PostgresDatabase(connection), before, number)
        except BaseException:
            connection.terminate()
            raise
        if self.number:
            log.info("database connection replaced", number=number)
        self._connection, self.number, self._seen = connection, number, time.time()
        self.sender = int(connection.get_server_pid())
        self._numbers = [number]
        self._on_notification("", 0)
        return connection

    async def _note_running(self) -> None:
        """Note regularly that this process is running and its event loop reads what arrives."""
        while True:
            self._ticked = time.time()
            await asyncio.sleep(self._timing.tick)

    async def _beat(self) -> None:
        """Check the connection regularly, and replace one that broke silently."""
        while True:
            await asyncio.sleep(self._timing.beat)
            connection, seen = self._connection, self._seen
            try:
                async with asyncio.timeout(self._timing.beat_timeout), self.connection() as current:
                    await current.rows("SELECT 1")
            except (StoreError, TimeoutError) as exc:
                log.debug("no sign of life from the database", reason=str(exc))
                # Neither a new one nor one that is only busy: its user gave a sign of life meanwhile.
                if connection is not None and self._seen == seen:
                    connection.terminate()
