"""Work that nobody waits for and nothing fails with, such as decoration. Ended with the adapter."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Errands:
    """Keeps hold of such work until it is done."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin it; it is not to raise."""
        task = asyncio.create_task(work, name="slack errand")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Leave off."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
