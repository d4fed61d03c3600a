"""Injects faults one after another, chosen by the campaign's random numbers, and counts them."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from bench.torture.clock import Clock
from bench.torture.history import Injected
from bench.torture.platform import Fault
from bench.torture.service import ServiceProcess

KILL = "kill -9"
DISK_FULL = "disk full"
_NOTICED = 0.05  #: seconds until platforms have noticed that a process is gone
_JUMPS = (-3600, -40, 40, 3600)  #: seconds by which the clock is wrong for a while
_WEIGHTS = {"reply lost": 3, "event again": 3, "pause": 2}


class FaultInjector:
    """Injects the faults of processes and those it is given."""

    def __init__(
        self,
        rng: random.Random,
        processes: Sequence[ServiceProcess],
        others: Mapping[str, Fault],
        *,
        clock: Clock,
        kill_weight: int,
        on_death: Sequence[Callable[[bool], None]],
    ) -> None:
        self._rng = rng
        self._clock = clock
        self._kill_weight = kill_weight
        self._on_death = on_death  #: called after each kill of a process that receives; whether it was the last such
        self._processes = processes
        self._faults: dict[str, Fault] = {
            KILL: self._kill,
            "pause": self._pause,
            DISK_FULL: self._fill_disk,
            "few descriptors": self._exhaust_descriptors,
            **({"clock jump": self._jump} if clock.can_jump else {}),
            **others,
        }
        self.counts: Counter[str] = Counter()
        self.log: list[Injected] = []

    async def run(self, seconds: float) -> None:
        """Inject faults for that time."""
        names = list(self._faults)
        weights = [_WEIGHTS.get(name.partition(": ")[2] or name, 1) for name in names]
        weights[names.index(KILL)] = self._kill_weight
        end = asyncio.get_running_loop().time() + seconds
        while (left := end - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(left, self._rng.uniform(0.2, 1.2)))
            [name] = self._rng.choices(names, weights)
            self.counts[name] += 1
            began_at = time.time()
            await self._faults[name]()
            self.log.append(Injected(name, began_at, time.time()))
            for one in self._processes:
                if not one.is_alive:
                    await one.start()

    def _pick(self) -> ServiceProcess:
        return self._rng.choice(self._processes)

    async def _kill(self) -> None:
        one = self._pick()
        await one.kill()
        await asyncio.sleep(_NOTICED)
        is_last = not any(other.is_alive and other.receives for other in self._processes)
        for note in self._on_death if one.receives else ():
            note(is_last)
        await asyncio.sleep(self._rng.choice((0.0, 0.0, 0.5, 2.0)))

    async def _pause(self) -> None:
        await self._pick().pause(self._rng.choice((0.3, 1.0, 4.0)))

    async def _jump(self) -> None:
        await self._clock.jump(self._rng.choice(_JUMPS), self._rng.uniform(0.5, 3.0))

    async def _fill_disk(self) -> None:
        await self._pick().fill_disk(self._rng.uniform(0.5, 2.0))

    async def _exhaust_descriptors(self) -> None:
        await self._pick().exhaust_descriptors(self._rng.uniform(0.5, 2.0))
