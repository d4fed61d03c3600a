"""A check that the database takes writes, made once for all who look at it within a while."""

import asyncio
import time
from collections.abc import Awaitable, Callable


class WriteProbe:
    """Writes at most once in `interval` seconds after a success, and one write at a time, however many look.

    `write`: writes something that changes nothing; raises `StoreError`.
    """

    def __init__(self, write: Callable[[], Awaitable[object]], *, interval: float) -> None:
        self._write = write
        self._interval = interval
        self._good_until = 0.0  # monotonic
        self._writing: asyncio.Task[None] | None = None

    async def check(self) -> None:
        """Return where a write succeeded lately. Raises `StoreError`."""
        if time.monotonic() < self._good_until:
            return
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._probe(), name="write probe")
            self._writing.add_done_callback(_retrieve)
        await asyncio.shield(self._writing)

    async def _probe(self) -> None:
        await self._write()
        self._good_until = time.monotonic() + self._interval


def _retrieve(done: asyncio.Task[None]) -> None:
    """Mark the error as seen: who looked may have given up meanwhile."""
    if not done.cancelled():
        done.exception()
