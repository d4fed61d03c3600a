"""A clock of schedules that a test sets."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

START = datetime(2026, 11, 27, 1, 30, tzinfo=UTC)  #: a Friday


@dataclass(slots=True, eq=False)
class SetClock:
    """Tells the time that was set last; who waits for it goes on at once."""

    time: datetime = START
    steps: list[datetime] = field(default_factory=list)  #: told once each, before the time: it was set back
    waiting: list[datetime | None] = field(default_factory=list)  #: for which those who wait now do
    _changes: asyncio.Condition = field(default_factory=asyncio.Condition)

    def now(self) -> datetime:
        return self.steps.pop(0) if self.steps else self.time

    async def set(self, time: datetime) -> None:
        """Set the time."""
        async with self._changes:
            self.time = time
            self._changes.notify_all()

    async def until_waiting(self, until: datetime | None, *, count: int = 1) -> None:
        """Return once so many wait until that time, and nobody for another."""
        async with self._changes:
            await self._changes.wait_for(lambda: self.waiting == [until] * count and not self.steps)

    async def wait(self, changed: asyncio.Event, until: datetime | None) -> None:
        tasks = [asyncio.create_task(changed.wait()), asyncio.create_task(self._come(until))]
        async with self._changes:
            self.waiting.append(until)
            self._changes.notify_all()
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.waiting.remove(until)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _come(self, until: datetime | None) -> None:
        async with self._changes:
            await self._changes.wait_for(lambda: until is not None and self.time >= until)
