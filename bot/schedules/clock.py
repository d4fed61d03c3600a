"""The clock of schedules, which tests replace."""

import asyncio
from datetime import UTC, datetime
from typing import Protocol

_LONGEST = 60.0  #: seconds of one wait: the clock may be set, or the machine sleep, meanwhile


class Clock(Protocol):
    """Tells the time and waits for it."""

    def now(self) -> datetime:
        """Return the time, aware, UTC."""

    async def wait(self, changed: asyncio.Event, until: datetime | None) -> None:
        """Return when the event is set, or at that time; None: never at a time, and without a timer."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """See `Clock.now`."""
        return datetime.now(UTC)

    async def wait(self, changed: asyncio.Event, until: datetime | None) -> None:
        """See `Clock.wait`."""
        if until is None:
            await changed.wait()
        while until is not None and not changed.is_set() and (left := (until - self.now()).total_seconds()) > 0:
            try:
                async with asyncio.timeout(min(left, _LONGEST)):
                    await changed.wait()
            except TimeoutError:
                pass
