"""The order of waiting events, in memory: no clock, no database, no event loop.

Every step costs the logarithm of what waits, whatever the number of people, conversations or finished events.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush, heapreplace

from bot.models import Lane
from bot.ports import QueuePlace
from bot.store.shared.rows import make_lane_key
from bot.values import valueclass

Person = tuple[str, str]  #: adapter, actor
LaneKey = tuple[str | int, ...]
Bucket = tuple[Lane, str]  #: kind of lane, adapter
Rank = tuple[int, int]  #: when its person was last served, sequence number: the smallest is next

#: People whose last turn is remembered. Those served longest ago are dropped: without it they come first, too.
_REMEMBERED = 10_000


@valueclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event in the queue."""

    seq: int
    adapter: str
    conversation: str
    person: Person
    lane: Lane
    key: LaneKey  #: events of one key run one at a time, in order
    since: float = 0.0  #: when it was received, seconds since 1970
    ready_at: float = 0.0  #: not before, by the clock of `WaitingQueue.take`; 0: at once
    answered: bool = False  #: only delivery is left


def make_entry(
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
    """Make an entry with the lane key of its kind of lane."""
    key = make_lane_key(lane, adapter=adapter, conversation=conversation, command=command, actor=actor)
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
class _LaneEvents:
    """The events of one lane key."""

    waiting: list[int] = field(default_factory=list)  #: heap of sequence numbers; may hold discarded ones
    running: int | None = None


@dataclass(slots=True)
class _ReadyEvents:
    """The events that one person may start in one bucket."""

    heads: list[int] = field(default_factory=list)  #: heap; outdated ones are dropped when they come first
    rank: Rank = (0, 0)  #: the valid one of this person's ranks in the bucket's heap


def _is_in_line(item: Entry) -> bool:
    """Whether an event waits for others, and not for its time or for its delivery."""
    return not item.ready_at and not item.answered


class WaitingQueue:
    """The waiting and running events.

    The oldest event of a lane key is ready when no other of the key runs and the event's time has come. Among those
    that are ready, `take` prefers the person served least recently, then the older event.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, Entry] = {}
        self._running: dict[int, Entry] = {}
        self._lanes: dict[LaneKey, _LaneEvents] = {}
        self._delayed: list[tuple[float, int]] = []  #: heap of the heads whose time has not come
        self._ready: dict[int, Bucket] = {}  #: heads whose time has come
        self._ready_of: dict[Bucket, dict[Person, _ReadyEvents]] = {}
        self._ranks: dict[
            Bucket, list[tuple[Rank, Person]]
        ] = {}  #: heaps; outdated ones are corrected when they come first
        self._served: OrderedDict[Person, int] = OrderedDict()
        self._clock = 0

    @property
    def waiting(self) -> int:
        """The number of waiting events, delayed ones included."""
        return len(self._waiting)

    def waiting_by_lane(self) -> Mapping[Lane, int]:
        """Return the number of waiting events of each kind of lane."""
        return Counter(item.lane for item in self._waiting.values())

    @property
    def running(self) -> int:
        """The number of events that were taken and are not finished."""
        return len(self._running)

    @property
    def oldest(self) -> float | None:
        """The time at which the oldest waiting event was received; None: none waits."""
        return min((item.since for item in self._waiting.values()), default=None)

    def places(self, seqs: Collection[int], *, before: float) -> Mapping[int, QueuePlace]:
        """Return the places of those events that wait for others.

        The slots of a kind of lane are taken where an event could begin; in a conversation one received `before`, in
        seconds since 1970, as messages come so often that there is always one which is just about to begin.
        """
        asked = {seq: self._waiting[seq] for seq in seqs if seq in self._waiting and _is_in_line(self._waiting[seq])}
        places: dict[int, QueuePlace] = {}
        for lane in {item.lane for item in asked.values()}:
            in_line = [item for item in self._waiting.values() if item.lane is lane and _is_in_line(item)]
            of_lane = [seq for seq, item in asked.items() if item.lane is lane]
            is_media = lane is Lane.OWN
            if any((is_media or item.since < before) and self._is_head(item) for item in in_line):
                running = max(sum(item.lane is lane for item in self._running.values()), 1)
                numbers = self._count_people(in_line, of_lane)
            else:
                running = 1
                numbers = {
                    seq: sum(item.key == asked[seq].key and item.seq <= seq for item in in_line) for seq in of_lane
                }
            for seq, number in numbers.items():
                follows = not self._is_head(asked[seq])
                places[seq] = QueuePlace(number=number, running=running, follows=follows)
        return places

    def _count_people(self, in_line: Collection[Entry], seqs: Collection[int]) -> Mapping[int, int]:
        """Return the places of events: each person's first comes before anybody's second."""
        waiting: dict[Person, list[int]] = {}
        for item in in_line:
            waiting.setdefault(item.person, []).append(item.seq)
        ranks = {person: (self._served.get(person, 0), min(events)) for person, events in waiting.items()}
        places = {}
        for seq in seqs:
            person = self._waiting[seq].person
            turn = sum(other <= seq for other in waiting[person])
            places[seq] = turn + sum(
                min(len(events), turn - (ranks[other] > ranks[person]))
                for other, events in waiting.items()
                if other != person
            )
        return places

    def is_unanswered(self, seq: int) -> bool:
        """Return whether an event waits and has no answer."""
        item = self._waiting.get(seq)
        return item is not None and not item.answered

    def running_of(self, person: Person) -> list[int]:
        """Return the sequence numbers of a person's running events."""
        return [item.seq for item in self._running.values() if item.person == person]

    def add(self, item: Entry) -> None:
        """Add a waiting event."""
        self._waiting[item.seq] = item
        lane = self._lanes.setdefault(item.key, _LaneEvents())
        heappush(lane.waiting, item.seq)
        if lane.waiting[0] == item.seq:
            self._update_head(item.key, lane)

    def take(self, lanes: Collection[Lane], adapters: Collection[str], now: float) -> Entry | None:
        """Start the next event of these kinds of lane and adapters; None: none is ready."""
        while self._delayed and self._delayed[0][0] <= now:
            _, seq = heappop(self._delayed)
            if (item := self._waiting.get(seq)) is not None and self._is_head(item) and item.ready_at <= now:
                self._push(item)
        best: tuple[Rank, Bucket] | None = None
        for bucket in self._ranks:
            if bucket[0] in lanes and bucket[1] in adapters:
                rank = self._first_rank(bucket)
                if rank is not None and (best is None or rank < best[0]):
                    best = rank, bucket
        if best is None:
            return None
        item = self._waiting.pop(best[0][1])
        del self._ready[item.seq]
        heappop(self._ready_of[best[1]][item.person].heads)
        lane = self._lanes[item.key]
        heappop(lane.waiting)
        lane.running = item.seq
        self._running[item.seq] = item
        self._serve(item.person)
        return item

    def done(self, seq: int) -> None:
        """Finish a running event, so that the next of its lane key may start."""
        item = self._running.pop(seq)
        lane = self._lanes[item.key]
        lane.running = None
        self._update_head(item.key, lane)
        if not lane.waiting:
            del self._lanes[item.key]

    def give_back(self, seq: int, *, ready_at: float = 0.0, answered: bool = False) -> None:
        """Put a running event back at the head of its lane key, not to be taken before `ready_at`."""
        item = self._running.pop(seq)
        self._lanes[item.key].running = None
        self.add(replace(item, ready_at=ready_at, answered=answered))

    def discard(self, which: Callable[[Entry], bool]) -> list[Entry]:
        """Remove the waiting events that match and return them in order of recording."""
        removed = sorted((item for item in self._waiting.values() if which(item)), key=lambda item: item.seq)
        for item in removed:
            del self._waiting[item.seq]
            self._ready.pop(item.seq, None)
        for key in {item.key for item in removed}:
            lane = self._lanes[key]
            if lane.running is None:
                self._update_head(key, lane)
            if not lane.waiting and lane.running is None:
                del self._lanes[key]
        return removed

    def next_time(self) -> float | None:
        """Return the time at which the earliest of the delayed events may start; None: none is delayed."""
        while self._delayed and not self._is_head(self._waiting.get(self._delayed[0][1])):
            heappop(self._delayed)
        return self._delayed[0][0] if self._delayed else None

    def _is_head(self, item: Entry | None) -> bool:
        if item is None or item.seq not in self._waiting:
            return False
        lane = self._lanes[item.key]
        return lane.running is None and lane.waiting[0] == item.seq

    def _update_head(self, key: LaneKey, lane: _LaneEvents) -> None:
        """Make the head of an idle lane key ready, now or when its time has come."""
        while lane.waiting and not self._belongs(lane.waiting[0], key):
            heappop(lane.waiting)
        if lane.running is None and lane.waiting:
            item = self._waiting[lane.waiting[0]]
            if item.ready_at:
                heappush(self._delayed, (item.ready_at, item.seq))
            else:
                self._push(item)

    def _belongs(self, seq: int, key: LaneKey) -> bool:
        item = self._waiting.get(seq)
        return item is not None and item.key == key

    def _push(self, item: Entry) -> None:
        bucket = (item.lane, item.adapter)
        self._ready[item.seq] = bucket
        ready = self._ready_of.setdefault(bucket, {}).setdefault(item.person, _ReadyEvents())
        heappush(ready.heads, item.seq)
        if ready.heads[0] == item.seq:
            ready.rank = (self._served.get(item.person, 0), item.seq)
            heappush(self._ranks.setdefault(bucket, []), (ready.rank, item.person))

    def _first_rank(self, bucket: Bucket) -> Rank | None:
        """Return the best rank of a bucket; outdated ones before it are dropped or corrected."""
        ranks, people = self._ranks[bucket], self._ready_of[bucket]
        while ranks:
            rank, person = ranks[0]
            ready = people.get(person)
            if ready is None or ready.rank != rank:
                heappop(ranks)
                continue
            heads = ready.heads
            while heads and not (self._ready.get(heads[0]) == bucket and self._is_head(self._waiting[heads[0]])):
                heappop(heads)
            if not heads:
                heappop(ranks)
                del people[person]
                continue
            current = (self._served.get(person, 0), heads[0])
            if current == rank:
                return rank
            ready.rank = current
            heapreplace(ranks, (current, person))
        return None

    def _serve(self, person: Person) -> None:
        self._clock += 1
        self._served[person] = self._clock
        self._served.move_to_end(person)
        if len(self._served) > _REMEMBERED:
            self._served.popitem(last=False)
