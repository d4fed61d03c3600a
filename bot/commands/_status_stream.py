"""Shared by commands: statuses of work that reports them by a function, as parts of an answer."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Generic, TypeVar

from bot.models import Status

T = TypeVar("T")


class StatusStream(Generic[T]):
    """Runs `work(report)`; `statuses` yields what it reports until it has ended, `result` is what it returned."""

    def __init__(self, work: Callable[[Callable[[Status], None]], Awaitable[T]]) -> None:
        self._work = work
        self.result: T

    async def statuses(self) -> AsyncGenerator[Status, None]:
        """Yield the newest status, whenever there is one. Raises what the work does."""
        reported: asyncio.Queue[Status | None] = asyncio.Queue()
        task = asyncio.ensure_future(self._work(reported.put_nowait))
        task.add_done_callback(lambda _: reported.put_nowait(None))
        try:
            while (status := await reported.get()) is not None:
                yield status
            self.result = await task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
