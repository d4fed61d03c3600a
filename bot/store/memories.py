"""What recent conversations remember, held in memory: one process writes the database, so it knows what changes."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from bot.models import Memory, Turn

Place = tuple[str, str]  #: adapter and conversation, as keys

_TURNS = 100  #: the newest turns held of one conversation; more are read from the table
_SIZE = 8_000_000  #: characters held in all
_TURN_SIZE = 500  #: what a turn, and a conversation, costs beside its text


@dataclass(slots=True, eq=False)
class _Held:
    memory: Memory | None = None  #: None: still being read
    size: int = 0


class Memories:
    """The least recently used are dropped. What changes otherwise than by new turns is dropped and read again."""

    def __init__(self) -> None:
        self._held: OrderedDict[Place, _Held] = OrderedDict()
        self._size = 0
        self._rewritten = 0  #: turns of events up to this one may have been left out by a reset or by forgetting

    async def get(self, place: Place, limit: int, read: Callable[[int], Awaitable[Memory]]) -> Memory:
        """The newest `limit` turns; `read` reads up to so many from the table."""
        held = self._held.get(place)
        if held is not None and held.memory is not None:
            memory = held.memory
            if len(memory.turns) >= min(limit, memory.total):
                self._held.move_to_end(place)
                return _newest(memory, limit)
            return await read(limit)
        if held is not None or limit > _TURNS:
            return await read(limit)
        held = self._held[place] = _Held()
        try:
            memory = await read(_TURNS)
        except BaseException:
            self._drop(place, held)
            raise
        if self._held.get(place) is held:  # nothing changed meanwhile
            self._put(place, held, memory)
        return _newest(memory, limit)

    def added(self, place: Place, event_seq: int, turns: Sequence[Turn]) -> None:
        """An event's turns were written."""
        held = self._held.get(place)
        if held is None:
            return
        if held.memory is None or event_seq <= self._rewritten:  # not known whether they count
            self._drop(place, held)
            return
        memory = held.memory
        last = memory.turns[-1].seq if memory.turns else 0
        new = tuple(turn for turn in turns if turn.seq > last)  # what was read may have had them
        self._put(
            place,
            held,
            replace(memory, turns=(*memory.turns, *new)[-_TURNS:], total=memory.total + len(new)),
        )

    def drop(self, place: Place, *, upto: int = 0) -> None:
        """A conversation was changed; the turns of events up to `upto` that come later may not count."""
        self._rewritten = max(self._rewritten, upto)
        held = self._held.get(place)
        if held is not None:
            self._drop(place, held)

    def clear(self, *, upto: int = 0) -> None:
        """Any conversation may have been changed; see `drop`."""
        self._rewritten = max(self._rewritten, upto)
        self._held.clear()
        self._size = 0

    def _put(self, place: Place, held: _Held, memory: Memory) -> None:
        size = _TURN_SIZE + len(memory.summary) + sum(len(turn.content) + _TURN_SIZE for turn in memory.turns)
        self._size += size - held.size
        held.memory, held.size = memory, size
        self._held.move_to_end(place)
        while self._size > _SIZE:
            oldest, least = next(iter(self._held.items()))
            self._drop(oldest, least)

    def _drop(self, place: Place, held: _Held) -> None:
        if self._held.get(place) is held:
            del self._held[place]
            self._size -= held.size


def _newest(memory: Memory, limit: int) -> Memory:
    if len(memory.turns) <= limit:
        return memory
    return replace(memory, turns=memory.turns[len(memory.turns) - limit :])
