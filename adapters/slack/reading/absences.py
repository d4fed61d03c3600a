"""Absences: times in which no process of the service received what Slack sends.

Slack tells nobody what it gave up sending. So each process that receives notes now and then that it does, and the first
one after a while in which none did notes when that began. An absence is stored until what was missed in it is read.
"""

import time
from dataclasses import dataclass

import structlog

from adapters.slack.timing import Timing
from adapters.slack.types import ADAPTER
from bot.ports import AdapterValues

log = structlog.get_logger(__name__)

#: Storage namespace; the name of the time until which everything came; names of absences begin so.
NAMESPACE, UNTIL, ABSENT = f"{ADAPTER}.heard", "until", "absent."


@dataclass(frozen=True, slots=True)
class Absence:
    """One absence."""

    name: str
    since: float  #: in seconds since 1970


class Absences:
    """The absences that are not made up for yet. Every method raises `StoreError`."""

    def __init__(self, services: AdapterValues, timing: Timing) -> None:
        self._storage = services.storage(NAMESPACE, has_secrets=False)
        self._timing = timing
        self._has_received = False  #: in this process

    async def begin(self) -> None:
        """Note that the service has begun, if it is its first time: nothing was missed before."""
        if UNTIL not in await self._storage.items():
            await self._storage.set(UNTIL, f"{time.time():.6f}")

    async def note_receiving(self) -> bool:
        """Note that this process receives; return whether it is the first after an absence.

        A process that has just begun need not wait until Slack sends again what it missed. A time that is ahead of now,
        by a clock that was wrong, tells nothing: then as much was missed as is read at all.
        """
        timing, now = self._timing, time.time()
        noted = (await self._storage.items()).get(UNTIL)
        until = float(noted or now)
        if until > now + timing.clock_skew:
            until = now - timing.missed_reach
        is_absence = now - until > (timing.absence if self._has_received else timing.absence_before_start)
        if is_absence:
            await self._storage.set(f"{ABSENT}{until:.0f}", f"{until:.6f}")
            log.info("events missed", seconds=round(now - until))
        if noted is None or now - until > timing.position_interval / 2:  # else another process has just noted it
            await self._storage.set(UNTIL, f"{now:.6f}")
        self._has_received = True
        return is_absence

    async def find(self) -> Absence | None:
        """Return the absence that began first."""
        stored = await self._storage.items()
        found = [Absence(name, float(since)) for name, since in stored.items() if name.startswith(ABSENT)]
        return min(found, key=lambda absence: absence.since, default=None)

    async def forget(self, absence: Absence) -> None:
        """Forget an absence: what was missed is read."""
        await self._storage.delete(absence.name)
