"""The loop of a writer: whatever waits to be written is written in order, together in one transaction."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from bot.errors import OwnershipLost, StoreError, StoreUnavailable

log = logging.getLogger(__name__)

T = TypeVar("T")


def _nothing() -> None:
    pass


class Operation(Generic[T]):
    """Something to write, and who waits for it."""

    def __init__(self, *, undo: Callable[[], None] = _nothing) -> None:
        self.undo = undo  #: called when it was not done, before the caller goes on
        self.future: asyncio.Future[T] | None = None  #: None: nobody waits

    def fail(self, error: Exception) -> None:
        """Report to the caller that it was not done."""
        self.undo()
        if self.future is None and isinstance(error, OwnershipLost):
            log.debug("store: a write came too late: %s", error)
        elif self.future is None:
            log.error("store: a write that nobody waits for failed: %s", error)
        elif not self.future.done():
            self.future.set_exception(error)

    def succeed(self, result: T) -> None:
        """Report to the caller that it is durable."""
        if self.future is not None and not self.future.done():
            self.future.set_result(result)


AnyOperation = TypeVar("AnyOperation", bound=Operation[Any])


class WriterLoop(ABC, Generic[AnyOperation]):
    """Takes operations in order; `run` must be running for them to be done. `name`: of the database."""

    def __init__(self, name: object) -> None:
        self._name = name
        self._pending: deque[AnyOperation] = deque()
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None  #: of operations that may wait for others
        self._closing = False

    @abstractmethod
    async def write_next(self) -> Sequence[AnyOperation]:
        """Take the next operations from the queue and do them; returns those to be tried again with the next write."""

    async def release(self) -> None:
        """Close what the writer has opened."""

    async def done(self, operation: Operation[T]) -> T:
        """Return the operation's result when it is durable. A caller that is cancelled leaves it to be done.

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
        """Write what is pending after so many seconds, or with an earlier write."""
        loop = asyncio.get_running_loop()
        due = loop.time() + seconds
        if self._timer is not None and due < self._timer.when():
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = loop.call_at(due, self._wake.set)

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
                if self._timer is not None:
                    self._timer.cancel()
                    self._timer = None
                await self._write_pending()
        finally:  # whatever ended it: no caller is left waiting
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
    def explained(error: Exception, explain: Callable[[Exception], StoreError]) -> StoreError:
        """The error as a `StoreError`, with its cause."""
        if isinstance(error, StoreError):
            return error
        explained = explain(error)
        explained.__cause__ = error
        return explained
