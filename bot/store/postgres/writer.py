"""The writer: pending operations are written in order, together in one transaction."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, Union

import asyncpg  # type: ignore[import-untyped]

from bot.errors import StoreError
from bot.store.postgres.connection import BROKEN, BY_INDEX, Connection, Connections, PostgresDatabase, close
from bot.store.postgres.lease import CHANNEL
from bot.store.postgres.parameters import as_columns
from bot.store.postgres.statements import ALONE
from bot.store.shared.writer import Operation, WriterLoop

T = TypeVar("T")

AnyWork = Union["_Work[Any]", "_Row"]

_GROUP = 100  #: operations in one transaction
_TRIES = 3  #: tries of an operation that meets such a conflict
#: SQLSTATE class of conflicts with the transaction of another process.
_CONFLICT = "40"


@dataclass(slots=True, eq=False)
class _Work(Operation[T]):
    """Work in the transaction of its group."""

    work: Callable[[PostgresDatabase], Awaitable[T]]
    then: Callable[[T], None]
    notify: str
    locks: Collection[int]


def _is_written(_: object) -> bool:
    return True


@dataclass(slots=True, eq=False)
class _Row(Operation[Any]):
    """A row of a statement that writes many; the result is what is read of the row that it returns, or False."""

    sql: str
    row: Callable[[], Mapping[str, object] | None]
    key: Sequence[str]
    then: Callable[[Any], None]
    after: Callable[[PostgresDatabase], Awaitable[None]] | None = None
    notify: str = ""
    read: Callable[[Any], object] = _is_written
    locks: Collection[int] = ()


class _Statement:
    """A statement with the rows of a group that it writes, each of another key."""

    def __init__(self, sql: str, key_length: int) -> None:
        self.sql = sql
        self.key_length = key_length
        self.rows: dict[tuple[object, ...], Mapping[str, object]] = {}
        self.of: dict[tuple[object, ...], tuple[int, _Row]] = {}  #: the operation of each row, and its place

    @property
    def is_alone(self) -> bool:
        """Whether there is nothing else to do in its transaction."""
        return all(operation.after is None for _, operation in self.of.values())

    async def execute(self, db: PostgresDatabase, results: list[Any], *, is_alone: bool) -> None:
        """Write the rows, note what was returned of each, and do what comes after them."""
        sql = ALONE.get(self.sql, self.sql) if is_alone else self.sql
        for written in await db.rows(sql, **as_columns([*self.rows.values()])):
            place, operation = self.of[tuple(written)[: self.key_length]]
            results[place] = operation.read(written)
            if operation.after is not None:
                await operation.after(db)


class _Step:
    """Work at a place of a group."""

    is_alone = False  #: it may be several statements

    def __init__(self, work: _Work[Any], place: int) -> None:
        self._work = work
        self._place = place

    async def execute(self, db: PostgresDatabase, results: list[Any], *, is_alone: bool) -> None:  # noqa: ARG002
        """Do the work and note its result."""
        results[self._place] = await self._work.work(db)


class PostgresWriter(WriterLoop[_Work[Any] | _Row]):
    """See `WriterLoop`."""

    def __init__(self, connections: Connections) -> None:
        super().__init__(connections.name)
        self._connections = connections
        self._connection: Connection | None = None
        self.sender = 0  #: process id of the connection that notifies

    async def open(self) -> Connection:
        """Connect; a connection that breaks later is replaced by the next write. Raises `StoreError`."""
        self._connection = connection = await self._connections.connect(**BY_INDEX)
        self.sender = int(connection.get_server_pid())
        return connection

    async def submit(
        self,
        work: Callable[[PostgresDatabase], Awaitable[T]],
        *,
        then: Callable[[T], None] = lambda _: None,
        notify: str = "",
        locks: Collection[int] = (),
    ) -> T:
        """Return when the work is durable. Raises `StoreError`.

        `work` may be called several times, until it succeeds; it raises nothing but errors of the database. `then` is
        called with its result before anything else is written; `notify`: payload of a notification to all processes.
        Meanwhile no other process does work with one of its `locks`. Cancelling the caller does not cancel the work.
        """
        return await self.execute(_Work(work, then, notify, locks))

    async def submit_row(
        self,
        sql: str,
        row: Callable[[], Mapping[str, object] | None],
        *,
        key: Sequence[str],
        then: Callable[[T | bool], None] = lambda _: None,
        after: Callable[[PostgresDatabase], Awaitable[None]] | None = None,
        notify: str = "",
        read: Callable[[Any], T | bool] = _is_written,
        locks: Collection[int] = (),
    ) -> T | bool:
        """Write a row by a statement that takes arrays, with all other rows that are pending for it.

        Returns what is read of the row that the statement returned, whose first columns are its `key`: True by default;
        False: it is not among them. `row` is called when it is written; None: there is nothing to write. `after` is
        awaited in the same transaction if it is written. `locks`: those that the statement takes by itself, in their
        order. For the rest see `submit`.
        """
        return await self.execute(_Row(sql, row, key, then, after, notify, read, locks))

    def submit_row_lazily(
        self,
        sql: str,
        row: Callable[[], Mapping[str, object] | None],
        *,
        key: Sequence[str],
        then: Callable[[bool], None],
        within: float,
    ) -> None:
        """Write a row with the next transaction, or within so many seconds; see `submit_row`."""
        self._pending.append(_Row(sql, row, key, then))
        self.wake_within(within)

    async def release(self) -> None:
        """See `WriterLoop.release`."""
        if self._connection is not None:
            await close(self._connection)

    async def write_next(self) -> Sequence[AnyWork]:
        """See `WriterLoop.write_next`. Nothing is tried again later."""
        await self._write([self._pending.popleft() for _ in range(min(len(self._pending), _GROUP))])
        return ()

    async def _write(self, group: Sequence[AnyWork], tries: int = 1) -> None:
        try:
            results = await self._transaction(group)
        except asyncpg.PostgresError as exc:
            if len(group) > 1:  # one is at fault or in conflict: the others are not to fail with it
                for operation in group:
                    await self._write([operation])
            elif (exc.sqlstate or "").startswith(_CONFLICT) and tries < _TRIES:
                await self._write(group, tries + 1)
            else:
                self._fail(group, exc)
        except Exception as exc:  # noqa: BLE001 - the caller must get it, whatever it is
            # It is unknown whether the transaction was committed: only the caller can decide whether to repeat it.
            self._fail(group, exc)
        else:
            for operation, result in zip(group, results, strict=True):
                operation.then(result)
                operation.succeed(result)

    async def _transaction(self, group: Sequence[AnyWork]) -> list[Any]:
        connection = self._connection
        if connection is None or connection.is_closed():
            connection = await self.open()
        db = PostgresDatabase(connection)
        payloads = sorted({operation.notify for operation in group} - {""})
        locks = {key for operation in group for key in operation.locks}
        steps, results = _plan(group)
        if not steps:
            return results
        is_alone = len(steps) == 1 and steps[0].is_alone and not payloads
        try:
            if not is_alone:  # a statement alone is a transaction
                await connection.execute(_begin(locks))
            for step in steps:
                await step.execute(db, results, is_alone=is_alone)
            if not is_alone:
                await connection.execute("".join(map(_notify, payloads)) + "COMMIT")
        except asyncpg.PostgresError:
            await _roll_back(connection)
            raise
        except BaseException:
            connection.terminate()  # in whatever state it is
            raise
        return results

    def _fail(self, group: Sequence[AnyWork], error: Exception) -> None:
        is_known = isinstance(error, (StoreError, asyncpg.PostgresError, *BROKEN))
        explained = self.as_store_error(error, self._connections.explain) if is_known else error
        for operation in group:
            operation.fail(explained)


def _plan(group: Sequence[AnyWork]) -> tuple[list["_Statement | _Step"], list[Any]]:
    """Return the steps of a transaction, and the results so far: rows of one statement are written together.

    Statements come in an order that all processes share, so that two that write the same rows don't deadlock.
    """
    statements: list[_Statement] = []
    steps: list[_Step] = []
    results: list[Any] = [False] * len(group)
    open_ones: dict[str, _Statement] = {}
    for place, operation in enumerate(group):
        if isinstance(operation, _Work):
            steps.append(_Step(operation, place))
            continue
        row = operation.row()
        if row is None:
            continue
        key = tuple(row[name] for name in operation.key)
        statement = open_ones.get(operation.sql)
        if statement is None or key in statement.rows:  # of two rows of one key the second is written later
            statement = open_ones[operation.sql] = _Statement(operation.sql, len(key))
            statements.append(statement)
        statement.rows[key], statement.of[key] = row, (place, operation)
    return [*sorted(statements, key=lambda statement: statement.sql), *steps], results


def _notify(payload: str) -> str:
    """Return the statement that notifies all processes. The server has standard strings: a quote is doubled."""
    quoted = payload.replace("'", "''")
    return f"NOTIFY {CHANNEL}, '{quoted}'; "


def _begin(locks: Collection[int]) -> str:
    """Return the statement that begins a transaction with these locks, taken in order to avoid deadlocks."""
    if not locks:
        return "BEGIN"
    keys = ",".join(map(str, sorted(locks)))
    return f"BEGIN; SELECT pg_advisory_xact_lock(key) FROM unnest('{{{keys}}}'::bigint[]) AS key"  # noqa: S608 - numbers


async def _roll_back(connection: Connection) -> None:
    try:
        await connection.execute("ROLLBACK")
    except (asyncpg.PostgresError, *BROKEN):
        connection.terminate()
