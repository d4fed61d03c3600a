"""What recent conversations remember, held in memory: one process writes the database, so it knows what changes."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.models import ConversationContext, Turn

ConversationKey = tuple[str, str]  #: adapter and conversation, as keys

_TURN_SIZE = 500  #: what a turn, and a conversation, costs beside its text


@dataclass(slots=True, eq=False)
class _Held:
    """Changed in place: most answers add two turns to dozens."""

    turns: list[Turn] | None = None  #: the newest, oldest first; None: still being read
    summary: str = ""
    total: int = 0
    size: int = 0

    def newest(self, limit: int) -> ConversationContext:
        turns = self.turns or []
        return ConversationContext(
            summary=self.summary, turns=tuple(turns[max(0, len(turns) - limit) :]), total=self.total
        )


class ContextCache:
    """The least recently used are dropped. What changes otherwise than is told here is dropped and read again."""

    def __init__(self, *, turns: int = 100, size: int = 8_000_000) -> None:
        """`turns`: the newest that are held of one conversation; `size`: characters held in all."""
        self._turns = turns
        self._limit = size
        self._held: OrderedDict[ConversationKey, _Held] = OrderedDict()
        self._size = 0
        self._rewritten = 0  #: turns of events up to this one may have been left out by a reset or by forgetting

    async def get(
        self, place: ConversationKey, limit: int, read: Callable[[int], Awaitable[ConversationContext]]
    ) -> ConversationContext:
        """The newest `limit` turns; `read` reads up to so many from the table."""
        held = self._held.get(place)
        if held is not None and held.turns is not None:
            if len(held.turns) >= min(limit, held.total):
                self._held.move_to_end(place)
                return held.newest(limit)
            return await read(limit)
        if held is not None or limit > self._turns:
            return await read(limit)
        held = self._held[place] = _Held()
        try:
            memory = await read(self._turns)
        except BaseException:
            self._drop(place, held)
            raise
        found = _Held(list(memory.turns), memory.summary, memory.total)
        if self._held.get(place) is held:  # nothing changed meanwhile
            self._held[place] = found
            self._resize(found, len(memory.summary) + _TURN_SIZE + _cost(memory.turns))
        return found.newest(limit)

    def added(self, place: ConversationKey, event_seq: int, turns: Sequence[Turn]) -> None:
        """An event's turns were written."""
        held = self._held.get(place)
        if held is None:
            return
        if held.turns is None or event_seq <= self._rewritten:  # not known whether they count
            self._drop(place, held)
            return
        last = held.turns[-1].seq if held.turns else 0
        new = [turn for turn in turns if turn.seq > last]  # what was read may have had them
        held.turns += new
        held.total += len(new)
        gone = held.turns[: max(0, len(held.turns) - self._turns)]
        del held.turns[: len(gone)]
        self._held.move_to_end(place)
        self._resize(held, held.size + _cost(new) - _cost(gone))

    def summarized(self, place: ConversationKey, summary: str, *, through_seq: int) -> None:
        """A conversation's turns up to that sequence number were replaced by a summary."""
        held = self._held.get(place)
        if held is None:
            return
        kept = [turn for turn in held.turns or () if turn.seq > through_seq]
        if held.turns is None or (len(kept) == len(held.turns) < held.total):  # not known how many are left
            self._drop(place, held)
            return
        held.turns, held.summary, held.total = kept, summary, len(kept)
        self._resize(held, len(summary) + _TURN_SIZE + _cost(kept))

    def drop(self, place: ConversationKey, *, through_seq: int = 0) -> None:
        """A conversation was changed; the turns of events up to `through_seq` that come later may not count."""
        self._rewritten = max(self._rewritten, through_seq)
        held = self._held.get(place)
        if held is not None:
            self._drop(place, held)

    def clear(self, *, through_seq: int = 0) -> None:
        """Any conversation may have been changed; see `drop`."""
        self._rewritten = max(self._rewritten, through_seq)
        self._held.clear()
        self._size = 0

    def _resize(self, held: _Held, size: int) -> None:
        self._size += size - held.size
        held.size = size
        while self._size > self._limit:
            oldest, least = next(iter(self._held.items()))
            self._drop(oldest, least)

    def _drop(self, place: ConversationKey, held: _Held) -> None:
        if self._held.get(place) is held:
            del self._held[place]
            self._size -= held.size


def _cost(turns: Sequence[Turn]) -> int:
    return sum(len(turn.content) + _TURN_SIZE for turn in turns)
