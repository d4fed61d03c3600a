"""The writer: pending operations are written together, in one transaction."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import aiosqlite
from pydantic_core import to_json

from bot.errors import StoreError, StoreUnavailable
from bot.store.shared.writer import Operation, WriterLoop
from bot.store.sqlite import statements
from bot.store.sqlite.database import SqliteDatabase
from bot.store.sqlite.errors import translate
from bot.store.sqlite.lock import OpenFile

log = logging.getLogger(__name__)

T = TypeVar("T")
Row = Sequence[object]
Rows = Mapping[str, Sequence[Row]]  #: rows by statement
Returned = dict[tuple[str, str], "RecordedEvent"]  #: the recorded events by (adapter, id)

_GROUP = 500  #: operations in one transaction


class RecordedEvent(NamedTuple):
    """The database's answer to a recorded event."""

    seq: int
    is_first: bool  #: nothing was ever said in its conversation


@dataclass(slots=True, eq=False)
class RowsOperation(Operation[T]):
    """Rows for set-based statements; many operations are written in one transaction."""

    plan: Callable[[], Rows]  #: called when it is about to be written; may raise `StoreError`
    then: Callable[[Returned], T]  #: called after the commit, before the caller continues
    seq: int = field(default=0, kw_only=True)  #: of the job that it is about; 0: of none
    #: Two operations on one job are in one group only if the second is of a later stage, which does not depend on how
    #: the first one ended; 0: never.
    stage: int = field(default=0, kw_only=True)


@dataclass(slots=True, eq=False)
class WorkOperation(Operation[T]):
    """Work in a transaction of its own."""

    work: Callable[[SqliteDatabase], Awaitable[T]]
    #: called after the commit, before the caller continues
    then: Callable[[T], None] = field(default=lambda _: None, kw_only=True)


class SqliteWriter(WriterLoop[Operation[Any]]):
    """See `WriterLoop`. `last`: the newest event's number; `linger`: seconds that lazy operations wait for others."""

    def __init__(self, db: aiosqlite.Connection, path: Path, *, last: int, linger: float) -> None:
        super().__init__(path)
        self._db = db
        self._path = path
        self._file = OpenFile(path)
        self._last = last
        self._linger = linger
        self._combined: dict[tuple[int, ...], str] = {}  #: prepared statements by the numbers of their parts

    def execute_lazily(self, operation: RowsOperation[None], *, within: float | None = None) -> None:
        """Do the operation, in order, with the next write or after so many seconds.

        A failed one is tried again with the next write.
        """
        self._pending.append(operation)
        self.wake_within(self._linger if within is None else within)

    async def flush(self) -> None:
        """Return when what was submitted is written; at once where the database is locked or full."""
        with suppress(StoreUnavailable):
            await self.execute(WorkOperation(_nothing))

    async def write_next(self) -> Sequence[Operation[Any]]:
        """See `WriterLoop.write_next`. Operations without a waiting caller are tried again."""
        first = self._pending.popleft()
        if isinstance(first, WorkOperation):
            await self._work(first)
            return ()
        assert isinstance(first, RowsOperation)
        group, stages = [first], {first.seq: first.stage}
        while self._pending and len(group) < _GROUP:
            operation = self._pending[0]
            if not isinstance(operation, RowsOperation):
                break
            if operation.seq in stages and operation.seq and not 0 < stages[operation.seq] < operation.stage:
                break
            group.append(operation)
            stages[operation.seq] = operation.stage
            self._pending.popleft()
        planned: list[tuple[RowsOperation[object], Rows]] = []
        for operation in group:
            try:
                rows = operation.plan()
            except StoreError as exc:
                operation.fail(exc)
            else:
                if rows:
                    planned.append((operation, rows))
                else:  # nothing to write: it can't fail with the others
                    operation.succeed(operation.then({}))
        return await self._rows(planned) if planned else ()

    async def _rows(self, planned: Sequence[tuple[RowsOperation[object], Rows]]) -> Sequence[RowsOperation[object]]:
        try:
            returned = await self._write([rows for _, rows in planned])
        except Exception as exc:  # noqa: BLE001 - the caller must get it, whatever it is
            error = self._explain(exc)
            if len(planned) > 1 and type(error) is StoreError:  # one is at fault: the others are not to fail with it
                return [stuck for one in planned for stuck in await self._rows([one])]
            stuck = [op for op, _ in planned if op.future is None and isinstance(error, StoreUnavailable)]
            for operation, _ in planned:
                if operation not in stuck:
                    operation.fail(error)
            if stuck:
                log.warning("store: %d writes wait for the database: %s", len(stuck), error)
            return stuck
        for operation, _ in planned:
            operation.succeed(operation.then(returned))
        return ()

    async def _write(self, all_rows: Sequence[Rows]) -> Returned:
        merged: dict[str, list[Row]] = {}
        for rows in all_rows:
            for statement, given in rows.items():
                if given:
                    merged.setdefault(statement, []).extend(given)
        if not merged:
            return {}
        self._file.require_named()
        parts = tuple(n for n, statement in enumerate(statements.ALL) if statement in merged)
        if parts not in self._combined:
            for preparation in statements.prepare(parts):
                await self._db.execute_fetchall(preparation)
            self._combined[parts] = statements.combine(parts)
        parameters = (to_json(merged[statements.ALL[n]]).decode() for n in parts)
        recorded = await self._db.execute_fetchall(self._combined[parts], (*parameters, self._last))
        new: list[tuple[int, str, str, int]] = [row for (rows,) in recorded for row in json.loads(str(rows))]
        self._last = max((seq for seq, *_ in new), default=self._last)
        return {(adapter, event_id): RecordedEvent(seq, bool(first)) for seq, adapter, event_id, first in new}

    async def _work(self, operation: WorkOperation[object]) -> None:
        try:
            self._file.require_named()
            await self._db.execute_fetchall("BEGIN IMMEDIATE")
            try:
                result = await operation.work(SqliteDatabase(self._db))
                await self._db.execute_fetchall("COMMIT")
            except BaseException:
                await self._rollback()
                raise
        except Exception as exc:  # noqa: BLE001 - the caller must get it, whatever it is
            operation.fail(self._explain(exc))
        else:
            operation.then(result)
            operation.succeed(result)

    def _explain(self, error: Exception) -> StoreError:
        return self.as_store_error(error, lambda one: translate(one, self._path))

    async def _rollback(self) -> None:
        if self._db.in_transaction:  # a full disk has rolled back by itself
            await self._db.rollback()


async def _nothing(db: SqliteDatabase) -> None:
    """Write nothing."""
