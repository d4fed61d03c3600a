"""The queue against a model so simple that it is right at a glance."""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.models import Lane
from bot.store.sqlite.in_memory.queue import Entry, Person, WaitingQueue, make_entry

LANES = st.sets(st.sampled_from(Lane), min_size=1)
ADAPTERS = st.sets(st.sampled_from("xy"), min_size=1)


@dataclass
class Model:
    """Looks at everything, each time."""

    waiting: dict[int, Entry] = field(default_factory=dict)
    running: dict[int, Entry] = field(default_factory=dict)
    served: list[Person] = field(default_factory=list)  #: oldest first, each once

    def next(self, lanes: set[Lane], adapters: set[str], now: float) -> int | None:
        busy = {item.key for item in self.running.values()}
        heads: dict[object, Entry] = {}
        for item in sorted(self.waiting.values(), key=lambda one: one.seq):
            heads.setdefault(item.key, item)
        ready = [
            item
            for item in heads.values()
            if item.key not in busy and item.ready_at <= now and item.lane in lanes and item.adapter in adapters
        ]

        def rank(item: Entry) -> tuple[int, int]:
            return (self.served.index(item.person) if item.person in self.served else -1, item.seq)

        return min(ready, key=rank).seq if ready else None


class QueueMachine(RuleBasedStateMachine):
    """Whatever happens in whatever order, the queue takes what the model takes."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = WaitingQueue()
        self.model = Model()
        self.seq = 0
        self.now = 1.0

    @rule(
        adapter=st.sampled_from("xy"),
        conversation=st.sampled_from("cde"),
        actor=st.sampled_from("abc"),
        lane=st.sampled_from(Lane),
        command=st.sampled_from(["image", "video"]),
        delay=st.sampled_from([0, 0, 0, 3]),
    )
    def add(self, adapter: str, conversation: str, actor: str, lane: Lane, command: str, delay: int) -> None:
        self.seq += 1
        item = make_entry(
            self.seq,
            adapter=adapter,
            conversation=conversation,
            actor=actor,
            lane=lane,
            command=command,
            since=self.now,
            ready_at=self.now + delay if delay else 0.0,
        )
        self.queue.add(item)
        self.model.waiting[item.seq] = item

    @rule(lanes=LANES, adapters=ADAPTERS)
    def take(self, lanes: set[Lane], adapters: set[str]) -> None:
        expected = self.model.next(lanes, adapters, self.now)
        taken = self.queue.take(lanes, adapters, self.now)
        assert (taken.seq if taken else None) == expected
        if taken is not None:
            self.model.running[taken.seq] = self.model.waiting.pop(taken.seq)
            if taken.person in self.model.served:
                self.model.served.remove(taken.person)
            self.model.served.append(taken.person)

    @precondition(lambda self: self.model.running)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        seq = data.draw(st.sampled_from(sorted(self.model.running)))
        self.queue.done(seq)
        del self.model.running[seq]

    @precondition(lambda self: self.model.running)
    @rule(data=st.data(), delay=st.sampled_from([0, 2]))
    def give_back(self, data: st.DataObject, delay: int) -> None:
        seq = data.draw(st.sampled_from(sorted(self.model.running)))
        at = self.now + delay if delay else 0.0
        self.queue.give_back(seq, ready_at=at)
        old = self.model.running.pop(seq)
        self.model.waiting[seq] = Entry(
            **{**{name: getattr(old, name) for name in Entry.__slots__}, "ready_at": at, "answered": False}
        )

    @precondition(lambda self: self.model.waiting)
    @rule(data=st.data(), again=st.booleans())
    def discard(self, data: st.DataObject, *, again: bool) -> None:
        """As a person's waiting events are forgotten, or stopped: these come back in lanes of their own."""
        person = data.draw(st.sampled_from(sorted({item.person for item in self.model.waiting.values()})))
        gone = self.queue.discard(lambda item: item.person == person)
        assert gone == [item for _, item in sorted(self.model.waiting.items()) if item.person == person]
        for item in gone:
            del self.model.waiting[item.seq]
            if again:
                freed = make_entry(
                    item.seq,
                    adapter=item.adapter,
                    conversation=item.conversation,
                    actor=item.person[1],
                    lane=Lane.FREE,
                    command="",
                )
                self.queue.add(freed)
                self.model.waiting[item.seq] = freed

    @rule(seconds=st.integers(1, 4))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @invariant()
    def counts_agree(self) -> None:
        assert self.queue.waiting == len(self.model.waiting)
        assert self.queue.running == len(self.model.running)
        assert self.queue.oldest == min((item.since for item in self.model.waiting.values()), default=None)

    @invariant()
    def a_time_to_come_is_known(self) -> None:
        """When only time is needed for the next event, `next_time` is not later than that."""
        if self.model.next(set(Lane), {"x", "y"}, self.now) is None:
            later = [
                item.ready_at
                for item in self.model.waiting.values()
                if self.model.next(set(Lane), {"x", "y"}, item.ready_at) is not None
            ]
            if later:
                known = self.queue.next_time()
                assert known is not None
                assert known <= min(later)

    def teardown(self) -> None:
        """Nothing starves: with all the time of the world everything is taken, and little is left behind."""
        for seq in list(self.model.running):
            self.queue.done(seq)
        taken = 0
        while (item := self.queue.take(set(Lane), {"x", "y"}, 1e9)) is not None:
            taken += 1
            self.queue.done(item.seq)
        assert taken == len(self.model.waiting)
        assert not self.queue._lanes
        assert not self.queue._ready


TestQueue = QueueMachine.TestCase
TestQueue.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_a_long_life_leaves_nothing_behind() -> None:
    """Heaps do not grow with the number of events that have gone through."""
    queue = WaitingQueue()
    for seq in range(1, 20_001):
        queue.add(
            make_entry(
                seq, adapter="x", conversation=f"{seq % 7}", actor=f"{seq % 3}", lane=Lane.CONVERSATION, command=""
            )
        )
        if seq > 30:
            item = queue.take(set(Lane), {"x"}, 0)
            assert item is not None
            queue.done(item.seq)
    kept = sum(map(len, queue._ranks.values())) + sum(
        len(ready.heads) for people in queue._ready_of.values() for ready in people.values()
    )
    assert kept < 200
