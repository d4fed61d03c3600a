"""A queueing model of the service: what an event waits for, and how long. Nothing runs but arithmetic.

An event needs CPU time of a process, the database, its conversation's turn, CPU time, the AI API, CPU time, the
database, CPU time and the platform. Each is a queue: first come, first served, each service as long as the last (the
sources of the times are measurements, whose spread is small beside their waits). The database is another: it writes
all that waits in one transaction, and what comes meanwhile waits for its end and for the next one. How long they take
differs much, and most come while a long one is written: each takes as long as one that was measured. Arrivals are
independent of each other (Poisson); channels are of equal use, or of unequal use by Zipf's law. A channel stands for a
conversation: its questions have an order.
"""

import heapq
import itertools
import math
import random
import statistics
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Stage = Literal["CPU", "database", "API calls", "API", "platform"]
_PATH: tuple[Stage, ...] = ("CPU", "database", "CPU", "API calls", "API", "CPU", "database", "CPU", "platform")
_TURN = 2  # index in the path before which an event waits for the answer to the one before it


@dataclass(frozen=True, slots=True)
class Site:
    """A service to be simulated, with its database, API and platform. Times are in seconds; no limit is infinity."""

    cpu: float  #: of a process for one event
    api: float  #: from a call of the AI API to its answer
    processes: int = 1
    concurrency: int = 50  #: calls of the AI API at a time, of each process
    database: float = 0.0  #: for the writes of one event; those of all processes follow each other
    transactions: tuple[float, ...] = (0.0,)  #: as long as one of these a transaction takes, besides the writes in it
    calls_per_second: float = math.inf  #: that the AI API allows
    platform_requests: int = 1  #: for one answer
    platform_per_second: float = math.inf  #: requests that the platform allows, of all channels together

    def seconds(self, stage: Stage) -> float:
        """Return the seconds for which an event occupies a server of that stage, each time that it comes there."""
        return {
            "CPU": self.cpu / _PATH.count("CPU"),
            "database": self.database / _PATH.count("database"),
            "API calls": 1 / self.calls_per_second,
            "API": self.api,
            "platform": self.platform_requests / self.platform_per_second,
        }[stage]

    def servers(self, stage: Stage) -> int:
        """Return how many events that stage serves at a time."""
        return {"CPU": self.processes, "API": self.processes * self.concurrency}.get(stage, 1)


@dataclass(frozen=True, slots=True)
class Load:
    """The events that a simulation sends. Without a rate each channel sends its next one when it is answered."""

    channels: int
    per_second: float | None = None  #: events of all channels together
    exponent: float = 0.0  #: of Zipf's law for the use of channels; 0: all alike


@dataclass(frozen=True, slots=True)
class Result:
    """The figures of a simulated run."""

    per_second: float  #: answers
    waits: list[float]  #: seconds from each event to its answer, shortest first
    use: Mapping[Stage, float]  #: share of the time for which each stage was at work

    def wait(self, share: float) -> float:
        """Return the seconds within which that share of the events was answered."""
        return self.waits[min(len(self.waits) - 1, int(share * len(self.waits)))]

    @property
    def mean(self) -> float:
        """The mean seconds from an event to its answer."""
        return statistics.fmean(self.waits)

    @property
    def first_limit(self) -> Stage:
        """The stage that would be the first to have too much to do."""
        return max(self.use, key=lambda stage: self.use[stage])


@dataclass(slots=True)
class _Queue:
    """A stage: when each of its servers is free."""

    seconds: float
    free: list[float]
    busy: float = 0.0

    def serve(self, now: float) -> float:
        """Return when an event that comes now has been served."""
        end = max(now, heapq.heappop(self.free)) + self.seconds
        heapq.heappush(self.free, end)
        self.busy += self.seconds
        return end


@dataclass(slots=True)
class _Event:
    channel: int
    came: float
    place: int = 0  #: in the path


@dataclass(slots=True)
class _Writer:
    """The database. Its use does not count flushes: the more events wait, the more share one."""

    seconds: float
    transactions: tuple[float, ...]
    chance: random.Random
    waiting: list[_Event] = field(default_factory=list)
    free: float = 0.0
    busy: float = 0.0

    def begin(self, now: float) -> list[_Event]:
        """Begin a transaction of all that waits, which ends when the writer is free again; none while it is not."""
        if now < self.free or not self.waiting:
            return []
        group, self.waiting = self.waiting, []
        self.busy += self.seconds * len(group)
        self.free = now + self.chance.choice(self.transactions) + self.seconds * len(group)
        return group


class _Simulation:
    """The events that are on their way, in the order of time."""

    def __init__(self, site: Site, load: Load, seed: int) -> None:
        self.queues = {
            stage: _Queue(site.seconds(stage), [0.0] * site.servers(stage)) for stage in dict.fromkeys(_PATH)
        }
        self._chance = random.Random(seed)
        self.writer = _Writer(site.seconds("database"), site.transactions, self._chance)
        self.load = load
        self.answers: list[tuple[float, float]] = []  #: when each was shown, and how long it took
        self._weights = list(itertools.accumulate((rank + 1) ** -load.exponent for rank in range(load.channels)))
        self._numbers = itertools.count()
        self._pending: list[tuple[float, int, list[_Event]]] = []  #: when a stage has served them
        self._waiting: dict[int, deque[_Event]] = {}  #: by channel that is being answered: what waits for its turn

    def run(self, seconds: float) -> None:
        """Let events come for so many seconds."""
        rate, upcoming = self.load.per_second, math.inf
        if rate is None:
            for channel in range(self.load.channels):
                self._go_on(_Event(channel, 0.0), 0.0)
        else:
            upcoming = self._chance.expovariate(rate)
        while min(upcoming, self._pending[0][0] if self._pending else math.inf) <= seconds:
            if rate is not None and (not self._pending or upcoming <= self._pending[0][0]):
                (channel,) = self._chance.choices(range(self.load.channels), cum_weights=self._weights)
                self._go_on(_Event(channel, upcoming), upcoming)
                upcoming += self._chance.expovariate(rate)
            else:
                now, _, served = heapq.heappop(self._pending)
                for event in served:
                    self._arrive(event, now)
                self._write(now)

    def _go_on(self, event: _Event, now: float) -> None:
        """Let an event be served by the next stage of its path."""
        stage = _PATH[event.place]
        event.place += 1
        if stage == "database":
            self.writer.waiting.append(event)
            self._write(now)
        else:
            self._end(self.queues[stage].serve(now), [event])

    def _write(self, now: float) -> None:
        if group := self.writer.begin(now):
            self._end(self.writer.free, group)

    def _end(self, at: float, served: list[_Event]) -> None:
        heapq.heappush(self._pending, (at, next(self._numbers), served))

    def _arrive(self, event: _Event, now: float) -> None:
        """Take an event that a stage has served to the next one, or to the end."""
        if event.place == _TURN and event.channel in self._waiting:
            self._waiting[event.channel].append(event)
            return
        if event.place == _TURN:
            self._waiting[event.channel] = deque()
        if event.place < len(_PATH):
            self._go_on(event, now)
            return
        self.answers.append((now, now - event.came))
        waiting = self._waiting[event.channel]
        if waiting:
            self._go_on(waiting.popleft(), now)
        else:
            del self._waiting[event.channel]
        if self.load.per_second is None:
            self._go_on(_Event(event.channel, now), now)


def simulate(site: Site, load: Load, *, seconds: float, seed: int = 1) -> Result:
    """Return what happens to the events of so many seconds. The first tenth, while queues fill, is left out.

    The same seed gives the same result.
    """
    simulation = _Simulation(site, load, seed)
    simulation.run(seconds)
    counted = sorted(wait for at, wait in simulation.answers if at > seconds / 10)
    use = {stage: min(1.0, queue.busy / (len(queue.free) * seconds)) for stage, queue in simulation.queues.items()}
    use["database"] = min(1.0, simulation.writer.busy / seconds)
    return Result(len(counted) / (seconds * 0.9), counted, use)
