"""Which waiting event is next. Pure: no clock, no database, no event loop.

Every step costs the logarithm of what waits, whatever the number of people, conversations or finished events.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush, heapreplace

from bot.models import Lane
from bot.store.shared.lanes import lane_parts

Person = tuple[str, str]  #: adapter, actor
LaneKey = tuple[str | int, ...]
Bucket = tuple[Lane, str]  #: kind of lane, adapter
Rank = tuple[int, int]  #: when its person was last served, sequence number: the smallest is next

#: People whose last turn is remembered. Those served longest ago are dropped: they come first without it, too.
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the queue knows of one event."""

    seq: int
    adapter: str
    conversation: str
    person: Person
    lane: Lane
    key: LaneKey  #: events of one key run one at a time, in order
    since: float = 0.0  #: when it was received, seconds since 1970
    ready_at: float = 0.0  #: not before, seconds since 1970
    answered: bool = False  #: only delivery is left


def entry(
    seq: int,
    *,
    adapter: str,
    conversation: str,
    actor: str,
    lane: Lane,
    command: str,
    since: float = 0.0,
    ready_at: float = 0.0,
    answered: bool = False,
) -> Entry:
    """An entry with the lane key that follows from its kind of lane."""
    key = lane_parts(lane, adapter=adapter, conversation=conversation, command=command, actor=actor)
    return Entry(
        seq=seq,
        adapter=adapter,
        conversation=conversation,
        person=(adapter, actor),
        lane=lane,
        key=(seq,) if key is None else key,
        since=since,
        ready_at=ready_at,
        answered=answered,
    )


@dataclass(slots=True)
class _Line:
    """The events of one lane key."""

    waiting: list[int] = field(default_factory=list)  #: heap of sequence numbers; may hold discarded ones
    running: int | None = None


@dataclass(slots=True)
class _Offers:
    """What one person may start in one bucket."""

    heads: list[int] = field(default_factory=list)  #: heap; outdated ones are dropped when met
    rank: Rank = (0, 0)  #: the one of this person's ranks in the bucket's heap that counts


class WaitingQueue:
    """The waiting and running events.

    A lane key offers its oldest event when nothing of the key runs and the event's time has come. Among the offers
    `take` prefers the person served least recently, then the older event.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, Entry] = {}
        self._running: dict[int, Entry] = {}
        self._lines: dict[LaneKey, _Line] = {}
        self._later: list[tuple[float, int]] = []  #: heap of the heads whose time has not come
        self._offered: dict[int, Bucket] = {}  #: heads whose time has come
        self._offers: dict[Bucket, dict[Person, _Offers]] = {}
        self._ranks: dict[Bucket, list[tuple[Rank, Person]]] = {}  #: heaps; outdated ones are put right when met
        self._served: OrderedDict[Person, int] = OrderedDict()
        self._clock = 0

    @property
    def waiting(self) -> int:
        """How many events wait, for a time included."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """How many events were taken and not given back."""
        return len(self._running)

    @property
    def oldest(self) -> float | None:
        """When the oldest waiting event was received."""
        return min((item.since for item in self._waiting.values()), default=None)

    def is_unanswered(self, seq: int) -> bool:
        """Whether an event waits and has no answer."""
        item = self._waiting.get(seq)
        return item is not None and not item.answered

    def running_of(self, person: Person) -> list[int]:
        """The sequence numbers of a person's running events."""
        return [item.seq for item in self._running.values() if item.person == person]

    def add(self, item: Entry) -> None:
        """Let an event wait."""
        self._waiting[item.seq] = item
        line = self._lines.setdefault(item.key, _Line())
        heappush(line.waiting, item.seq)
        if line.waiting[0] == item.seq:
            self._offer(item.key, line)

    def take(self, lanes: Collection[Lane], adapters: Collection[str], now: float) -> Entry | None:
        """Start the next event of these kinds of lane and adapters."""
        while self._later and self._later[0][0] <= now:
            _, seq = heappop(self._later)
            if (item := self._waiting.get(seq)) is not None and self._is_head(item) and item.ready_at <= now:
                self._push(item)
        best: tuple[Rank, Bucket] | None = None
        for bucket in self._ranks:
            if bucket[0] in lanes and bucket[1] in adapters:
                rank = self._first(bucket)
                if rank is not None and (best is None or rank < best[0]):
                    best = rank, bucket
        if best is None:
            return None
        item = self._waiting.pop(best[0][1])
        del self._offered[item.seq]
        heappop(self._offers[best[1]][item.person].heads)
        line = self._lines[item.key]
        heappop(line.waiting)
        line.running = item.seq
        self._running[item.seq] = item
        self._serve(item.person)
        return item

    def done(self, seq: int) -> None:
        """A running event is finished: its lane key goes on."""
        item = self._running.pop(seq)
        line = self._lines[item.key]
        line.running = None
        self._offer(item.key, line)
        if not line.waiting:
            del self._lines[item.key]

    def give_back(self, seq: int, *, ready_at: float = 0.0, answered: bool = False) -> None:
        """A running event waits again, at the head of its lane key, not before `ready_at`."""
        item = self._running.pop(seq)
        self._lines[item.key].running = None
        self.add(replace(item, ready_at=ready_at, answered=answered))

    def discard(self, which: Callable[[Entry], bool]) -> list[Entry]:
        """Let the waiting events that fit wait no more; returns them by sequence number."""
        gone = sorted((item for item in self._waiting.values() if which(item)), key=lambda item: item.seq)
        for item in gone:
            del self._waiting[item.seq]
            self._offered.pop(item.seq, None)
        for key in {item.key for item in gone}:
            line = self._lines[key]
            if line.running is None:
                self._offer(key, line)
            if not line.waiting and line.running is None:
                del self._lines[key]
        return gone

    def next_time(self) -> float | None:
        """When the earliest of the events that wait for a time may run."""
        while self._later and not self._is_head(self._waiting.get(self._later[0][1])):
            heappop(self._later)
        return self._later[0][0] if self._later else None

    def _is_head(self, item: Entry | None) -> bool:
        if item is None or item.seq not in self._waiting:
            return False
        line = self._lines[item.key]
        return line.running is None and line.waiting[0] == item.seq

    def _offer(self, key: LaneKey, line: _Line) -> None:
        """Put the head of an idle line up for taking, now or when its time has come."""
        while line.waiting and not self._belongs(line.waiting[0], key):
            heappop(line.waiting)
        if line.running is None and line.waiting:
            item = self._waiting[line.waiting[0]]
            if item.ready_at:
                heappush(self._later, (item.ready_at, item.seq))
            else:
                self._push(item)

    def _belongs(self, seq: int, key: LaneKey) -> bool:
        item = self._waiting.get(seq)
        return item is not None and item.key == key

    def _push(self, item: Entry) -> None:
        bucket = (item.lane, item.adapter)
        self._offered[item.seq] = bucket
        offers = self._offers.setdefault(bucket, {}).setdefault(item.person, _Offers())
        heappush(offers.heads, item.seq)
        if offers.heads[0] == item.seq:
            offers.rank = (self._served.get(item.person, 0), item.seq)
            heappush(self._ranks.setdefault(bucket, []), (offers.rank, item.person))

    def _first(self, bucket: Bucket) -> Rank | None:
        """The best rank of a bucket; what is outdated before it is dropped or put right."""
        ranks, people = self._ranks[bucket], self._offers[bucket]
        while ranks:
            rank, person = ranks[0]
            offers = people.get(person)
            if offers is None or offers.rank != rank:
                heappop(ranks)
                continue
            heads = offers.heads
            while heads and not (self._offered.get(heads[0]) == bucket and self._is_head(self._waiting[heads[0]])):
                heappop(heads)
            if not heads:
                heappop(ranks)
                del people[person]
                continue
            current = (self._served.get(person, 0), heads[0])
            if current == rank:
                return rank
            offers.rank = current
            heapreplace(ranks, (current, person))
        return None

    def _serve(self, person: Person) -> None:
        self._clock += 1
        self._served[person] = self._clock
        self._served.move_to_end(person)
        if len(self._served) > _REMEMBERED:
            self._served.popitem(last=False)
