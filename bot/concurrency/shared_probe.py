"""A check of something outside this process, made once for all who look at it within a while."""

import asyncio
import time
from collections.abc import Awaitable, Callable


class SharedProbe:
    """Checks at most once in `interval` seconds after a success, and one check at a time, however many look.

    `check`: raises where it fails; `pause`: seconds for which a failure is reported without another check.
    """

    def __init__(self, check: Callable[[], Awaitable[object]], *, interval: float, pause: float = 0.0) -> None:
        self._check = check
        self._interval = interval
        self._pause = pause
        self._fresh_until = 0.0  # monotonic
        self._checking: asyncio.Task[None] | None = None

    async def check(self) -> None:
        """Do nothing if the check succeeded lately; else check again, and raise what that raises."""
        if self._checking is None or (self._checking.done() and time.monotonic() >= self._fresh_until):
            self._checking = asyncio.create_task(self._run(), name="probe")
            self._checking.add_done_callback(_retrieve)
        await asyncio.shield(self._checking)

    async def _run(self) -> None:
        fresh = self._pause
        try:
            await self._check()
            fresh = self._interval
        finally:
            self._fresh_until = time.monotonic() + fresh


def _retrieve(done: asyncio.Task[None]) -> None:
    """Mark the error as seen: who looked may have given up meanwhile."""
    if not done.cancelled():
        done.exception()
