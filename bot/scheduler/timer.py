"""Waits until a schedule is due, with one timer, and none while there is no schedule."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bot.errors import BotError
from bot.ports import Schedule, ScheduleStore
from bot.scheduler.firing import Firing
from bot.scheduler.timing import ScheduleTiming

log = structlog.get_logger(__name__)

_AT_ONCE = 10  #: requests that are made side by side


@dataclass(slots=True, kw_only=True, eq=False)
class ScheduleTimer:
    """Has the requests of this process's platforms made when they are due."""

    store: ScheduleStore
    firing: Firing
    adapters: Collection[str]
    timing: ScheduleTiming
    #: by adapter and id, when a request is tried again that could not be recorded
    _postponed: dict[tuple[str, str], datetime] = field(default_factory=dict)

    async def run(self) -> None:
        """Work until cancelled."""
        clock = self.timing.clock
        while True:
            self.store.schedules_changed.clear()
            try:
                due = await self.store.next_due(self.adapters, await self._fire())
            except BotError as exc:
                log.warning("schedules not read", reason=str(exc))
                due = clock.now() + timedelta(seconds=self.timing.retry)
            times = [*self._postponed.values(), *(() if due is None else (due,))]
            await clock.wait(self.store.schedules_changed, min(times, default=None))

    async def _fire(self) -> datetime:
        """Make the requests that are due; return the time at which none was. Raises `StoreError`."""
        while True:
            now = self.timing.clock.now()  # each time anew: a clock that is set back makes them due later
            self._postponed = {key: at for key, at in self._postponed.items() if at > now}
            limit = _AT_ONCE + len(self._postponed)
            found = await self.store.due_schedules(self.adapters, now, limit=limit)
            due = [one for one in found if _key(one) not in self._postponed]
            if not due:
                return now
            await asyncio.gather(*map(self._try, due))

    async def _try(self, schedule: Schedule) -> None:
        try:
            await self.firing.fire(schedule)
        except BotError as exc:
            log.warning("scheduled request waits", schedule=schedule.id, reason=str(exc))
            self._postpone(schedule)
        except Exception:  # one that can't be made must not keep the others from being made
            log.exception("scheduled request failed", schedule=schedule.id)
            self._postpone(schedule)

    def _postpone(self, schedule: Schedule) -> None:
        self._postponed[_key(schedule)] = self.timing.clock.now() + timedelta(seconds=self.timing.retry)


def _key(schedule: Schedule) -> tuple[str, str]:
    return schedule.event.adapter, schedule.id
