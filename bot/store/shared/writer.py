"""The loop of a writer, which writes pending operations in order and in groups."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from bot.errors import OwnershipLost, StoreError, StoreUnavailable

log = logging.getLogger(__name__)

T = TypeVar("T")


def _nothing() -> None:
    pass


@dataclass(slots=True, eq=False, kw_only=True)
class Operation(Generic[T]):
    """A write, and the future of the caller that waits for it."""

    undo: Callable[[], None] = _nothing  #: called when it failed, before the caller continues
    future: asyncio.Future[T] | None = field(default=None, init=False)  #: None: no caller waits

    def fail(self, error: Exception) -> None:
        """Raise the error at the caller; without one, log it."""
        self.undo()
        if self.future is None and isinstance(error, OwnershipLost):
            log.debug("store: a write came too late: %s", error)
        elif self.future is None:
            log.error("store: a write without a waiting caller failed: %s", error)
        elif not self.future.done():
            self.future.set_exception(error)

    def succeed(self, result: T) -> None:
        """Return the result to the caller."""
        if self.future is not None and not self.future.done():
            self.future.set_result(result)


AnyOperation = TypeVar("AnyOperation", bound=Operation[Any])


class WriterLoop(ABC, Generic[AnyOperation]):
    """Writes operations in order while `run` runs. `name`: that of the database."""

    def __init__(self, name: object) -> None:
        self._name = name
        self._pending: deque[AnyOperation] = deque()
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None  #: of operations that may wait for others
        self._closing = False

    @abstractmethod
    async def write_next(self) -> Sequence[AnyOperation]:
        """Write the next operations of the queue; returns those to be tried again with the next write."""

    async def release(self) -> None:
        """Release the writer's resources."""

    async def execute(self, operation: Operation[T]) -> T:
        """Return the operation's result when it is durable. Cancelling the caller does not cancel the operation.

        Raises `StoreError`.
        """
        if self._closing:
            operation.undo()
            raise StoreUnavailable(f"The database {self._name} is closed.")
        operation.future = asyncio.get_running_loop().create_future()
        self._pending.append(operation)  # type: ignore[arg-type]  # of the kind that this writer takes
        self._wake.set()
        return await operation.future

    def wake_within(self, seconds: float) -> None:
        """Write pending operations within so many seconds."""
        loop = asyncio.get_running_loop()
        due = loop.time() + seconds
        if self._timer is not None and due < self._timer.when():
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = loop.call_at(due, self._wake.set)

    def close(self) -> None:
        """Let `run` return when no operation is pending."""
        self._closing = True
        self._wake.set()

    async def run(self) -> None:
        """Write until closed."""
        try:
            while not self._closing or self._pending:
                await self._wake.wait()
                self._wake.clear()
                if self._timer is not None:
                    self._timer.cancel()
                    self._timer = None
                await self._write_pending()
        finally:  # no caller is left waiting, whatever ended it
            self._closing = True
            while self._pending:
                self._pending.popleft().fail(StoreUnavailable(f"The database {self._name} is closed."))
            await self.release()

    async def _write_pending(self) -> None:
        stuck: list[AnyOperation] = []
        while self._pending:
            stuck += await self.write_next()
        if self._closing:
            for operation in stuck:
                operation.fail(StoreUnavailable(f"The database {self._name} was closed before it could be written."))
        else:
            self._pending.extendleft(reversed(stuck))

    @staticmethod
    def as_store_error(error: Exception, explain: Callable[[Exception], StoreError]) -> StoreError:
        """Return the error as a `StoreError`, with its cause."""
        if isinstance(error, StoreError):
            return error
        explained = explain(error)
        explained.__cause__ = error
        return explained
