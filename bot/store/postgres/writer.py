"""One writer: whatever waits to be written is written in order, together in one transaction."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, TypeVar

import asyncpg  # type: ignore[import-untyped]

from bot.errors import StoreError
from bot.store.postgres.connection import BROKEN, Connection, Connections, PostgresDatabase, close
from bot.store.postgres.lease import CHANNEL
from bot.store.shared.writer import Operation, WriterLoop

T = TypeVar("T")

_GROUP = 100  #: operations in one transaction
_TRIES = 3  #: of an operation that met another process's
#: SQLSTATE class of what another process's transaction got in the way of.
_CONFLICT = "40"


class _Work(Operation[T]):
    """What is to be written."""

    def __init__(
        self,
        work: Callable[[PostgresDatabase], Awaitable[T]],
        then: Callable[[T], None],
        news: str,
        locks: Collection[int],
    ) -> None:
        super().__init__()
        self.work = work
        self.then = then
        self.news = news
        self.locks = locks


class PostgresWriter(WriterLoop[_Work[Any]]):
    """See `WriterLoop`."""

    def __init__(self, connections: Connections) -> None:
        super().__init__(connections.name)
        self._connections = connections
        self._connection: Connection | None = None
        self.sender = 0  #: number of the connection that notifies other processes

    async def submit(
        self,
        work: Callable[[PostgresDatabase], Awaitable[T]],
        *,
        then: Callable[[T], None] = lambda _: None,
        news: str = "",
        locks: Collection[int] = (),
    ) -> T:
        """Return when the work is durable. Raises `StoreError`.

        `work` may be called several times, until it succeeds; it raises nothing but errors of the database. `then` is
        called with its result before anything else is written; `news`, a word, is sent to the other processes. While it
        is done, no other process does what has one of its `locks`. A caller that is cancelled leaves it to be done.
        """
        return await self.done(_Work(work, then, news, locks))

    async def release(self) -> None:
        """See `WriterLoop.release`."""
        if self._connection is not None:
            await close(self._connection)

    async def write_next(self) -> Sequence[_Work[Any]]:
        """See `WriterLoop.write_next`. Nothing is tried again later."""
        await self._write([self._pending.popleft() for _ in range(min(len(self._pending), _GROUP))])
        return ()

    async def _write(self, group: Sequence[_Work[Any]], tries: int = 1) -> None:
        try:
            results = await self._transaction(group)
        except asyncpg.PostgresError as exc:
            if len(group) > 1:  # one of them is at fault, or in the way of another process: spare the others
                for operation in group:
                    await self._write([operation])
            elif (exc.sqlstate or "").startswith(_CONFLICT) and tries < _TRIES:
                await self._write(group, tries + 1)
            else:
                self._fail(group, exc)
        except Exception as exc:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
            # Whether the transaction took place is not known: only who waits can tell whether to repeat it.
            self._fail(group, exc)
        else:
            for operation, result in zip(group, results, strict=True):
                operation.then(result)
                operation.succeed(result)

    async def _transaction(self, group: Sequence[_Work[Any]]) -> list[Any]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connections.connect()
            self.sender = int(self._connection.get_server_pid())
        connection = self._connection
        db = PostgresDatabase(connection)
        news = sorted({operation.news for operation in group} - {""})
        try:
            await connection.execute(_begin({key for operation in group for key in operation.locks}))
            results = [await operation.work(db) for operation in group]
            await connection.execute("".join(f"NOTIFY {CHANNEL}, '{one}'; " for one in news) + "COMMIT")
        except asyncpg.PostgresError:
            await _roll_back(connection)
            raise
        except BaseException:
            connection.terminate()  # in whatever state it is
            raise
        return results

    def _fail(self, group: Sequence[_Work[Any]], error: Exception) -> None:
        is_known = isinstance(error, (StoreError, asyncpg.PostgresError, *BROKEN))
        explained = self.explained(error, self._connections.explained) if is_known else error
        for operation in group:
            operation.fail(explained)


def _begin(locks: Collection[int]) -> str:
    """Begin a transaction with these locks. All are taken at once and in order: nobody waits for who waits for them."""
    if not locks:
        return "BEGIN"
    keys = ",".join(map(str, sorted(locks)))
    return f"BEGIN; SELECT pg_advisory_xact_lock(key) FROM unnest('{{{keys}}}'::bigint[]) AS key"  # noqa: S608 - numbers


async def _roll_back(connection: Connection) -> None:
    try:
        await connection.execute("ROLLBACK")
    except (asyncpg.PostgresError, *BROKEN):
        connection.terminate()
