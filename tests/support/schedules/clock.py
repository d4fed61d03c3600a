"""A clock of schedules that a test sets."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

START = datetime(2026, 11, 27, 1, 30, tzinfo=UTC)  #: a Friday


@dataclass(slots=True, eq=False)
class SetClock:
    """Tells the time that was set last; who waits for it goes on at once."""

    time: datetime = START
    until: datetime | None = None  #: for which the last one waits
    timers: int = 0  #: of those who wait now for a time
    _changes: asyncio.Condition = field(default_factory=asyncio.Condition)

    def now(self) -> datetime:
        return self.time

    async def set(self, time: datetime) -> None:
        """Set the time."""
        async with self._changes:
            self.time = time
            self._changes.notify_all()

    async def until_waiting(self, until: datetime | None) -> None:
        """Return once somebody waits until that time."""
        async with self._changes:
            await self._changes.wait_for(lambda: self.until == until)

    async def wait(self, changed: asyncio.Event, until: datetime | None) -> None:
        async with self._changes:
            self.until = until
            self._changes.notify_all()
        told = asyncio.create_task(changed.wait())
        come = asyncio.create_task(self._come(until))
        try:
            await asyncio.wait({told, come}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (told, come):
                task.cancel()
            await asyncio.gather(told, come, return_exceptions=True)

    async def _come(self, until: datetime | None) -> None:
        async with self._changes:
            self.timers += until is not None
            try:
                await self._changes.wait_for(lambda: until is not None and self.time >= until)
            finally:
                self.timers -= until is not None
