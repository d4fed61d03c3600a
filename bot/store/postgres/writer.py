"""One writer: whatever waits to be written is written in order, together in one transaction."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, Generic, TypeVar

import asyncpg  # type: ignore[import-untyped]

from bot.errors import StoreUnavailable
from bot.store.postgres.connection import BROKEN, Connection, Link, close
from bot.store.postgres.lease import CHANNEL

T = TypeVar("T")

_GROUP = 100  #: operations in one transaction
_TRIES = 3  #: of an operation that met another process's
#: SQLSTATE class of what another process's transaction got in the way of.
_CONFLICT = "40"


class _Operation(Generic[T]):
    """Something to write, and who waits for it."""

    def __init__(
        self,
        work: Callable[[Connection], Awaitable[T]],
        then: Callable[[T], None],
        news: str,
        locks: Collection[int],
    ) -> None:
        self.work = work
        self.then = then
        self.news = news
        self.locks = locks
        self.future: asyncio.Future[T] = asyncio.get_running_loop().create_future()


class Writer:
    """Takes operations in order; `run` must be running for them to be done."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._pending: deque[_Operation[Any]] = deque()
        self._wake = asyncio.Event()
        self._connection: Connection | None = None
        self._closing = False
        self.sender = 0  #: what the news of this writer are told from

    async def submit(
        self,
        work: Callable[[Connection], Awaitable[T]],
        *,
        then: Callable[[T], None] = lambda _: None,
        news: str = "",
        locks: Collection[int] = (),
    ) -> T:
        """Return when the work is durable. Raises `StoreError`.

        `work` may be called several times, until it succeeds; `then` is called with its result before anything else is
        written; `news`, a word, are told to the other processes. While it is done, no other process does what has one
        of its `locks`. A caller that is cancelled leaves it to be done all the same.
        """
        if self._closing:
            raise StoreUnavailable(f"The database {self._link.name} is closed.")
        operation = _Operation(work, then, news, locks)
        self._pending.append(operation)
        self._wake.set()
        return await operation.future

    def close(self) -> None:
        """Let `run` return when what is pending is done."""
        self._closing = True
        self._wake.set()

    async def run(self) -> None:
        """Write until closed."""
        try:
            while not self._closing or self._pending:
                await self._wake.wait()
                self._wake.clear()
                while self._pending:
                    group = [self._pending.popleft() for _ in range(min(len(self._pending), _GROUP))]
                    await self._write(group)
        finally:  # whatever ended it: nobody is left waiting
            self._closing = True
            while self._pending:
                _fail(self._pending.popleft(), StoreUnavailable(f"The database {self._link.name} is closed."))
            if self._connection is not None:
                await close(self._connection)

    async def _write(self, group: Sequence[_Operation[Any]], tries: int = 1) -> None:
        try:
            results = await self._transaction(group)
        except asyncpg.PostgresError as exc:
            if len(group) > 1:  # one of them is at fault, or in the way of another process: spare the others
                for operation in group:
                    await self._write([operation])
            elif (exc.sqlstate or "").startswith(_CONFLICT) and tries < _TRIES:
                await self._write(group, tries + 1)
            else:
                self._failed(group, exc)
        except Exception as exc:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
            # Whether the transaction took place is not known: only who waits can tell whether to repeat it.
            self._failed(group, exc)
        else:
            for operation, result in zip(group, results, strict=True):
                operation.then(result)
                if not operation.future.done():
                    operation.future.set_result(result)

    async def _transaction(self, group: Sequence[_Operation[Any]]) -> list[Any]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._link.connect()
            self.sender = int(self._connection.get_server_pid())
        connection = self._connection
        news = sorted({operation.news for operation in group} - {""})
        try:
            await connection.execute(_begin({key for operation in group for key in operation.locks}))
            results = [await operation.work(connection) for operation in group]
            await connection.execute("".join(f"NOTIFY {CHANNEL}, '{one}'; " for one in news) + "COMMIT")
        except asyncpg.PostgresError:
            await _roll_back(connection)
            raise
        except BaseException:
            connection.terminate()  # in whatever state it is
            raise
        return results

    def _failed(self, group: Sequence[_Operation[Any]], error: Exception) -> None:
        explained = error
        if isinstance(error, (asyncpg.PostgresError, *BROKEN)):
            explained = self._link.explained(error)
            explained.__cause__ = error
        for operation in group:
            _fail(operation, explained)


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


def _fail(operation: _Operation[Any], error: Exception) -> None:
    if not operation.future.done():
        operation.future.set_exception(error)
