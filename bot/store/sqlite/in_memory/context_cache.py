"""Cache of the contexts of recent conversations; valid as one process makes all changes of the database."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.models import Turn
from bot.ports import ConversationContext

ConversationKey = tuple[str, str]  #: adapter and conversation, as keys

_TURN_SIZE = 500  #: characters that a turn, and a conversation, count in addition to their text


@dataclass(slots=True, eq=False)
class _Entry:
    """The context of one conversation; changed in place, as most answers add two turns to dozens."""

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
    """Contexts by conversation; the least recently used are evicted.

    Changes that the methods can't apply to an entry evict it, so that it is read again.
    """

    def __init__(self, *, turns: int = 100, size: int = 8_000_000) -> None:
        """`turns`: turns cached of one conversation, the newest; `size`: characters cached in total."""
        self._turns = turns
        self._limit = size
        self._entries: OrderedDict[ConversationKey, _Entry] = OrderedDict()
        self._size = 0
        self._rewritten = 0  #: new turns of events up to this one may not be history, after a reset or an erasure

    async def get(
        self, key: ConversationKey, limit: int, read: Callable[[int], Awaitable[ConversationContext]]
    ) -> ConversationContext:
        """Return the context with its newest `limit` turns; `read` reads that many from the table."""
        entry = self._entries.get(key)
        if entry is not None and entry.turns is not None:
            if len(entry.turns) >= min(limit, entry.total):
                self._entries.move_to_end(key)
                return entry.newest(limit)
            return await read(limit)
        if entry is not None or limit > self._turns:
            return await read(limit)
        entry = self._entries[key] = _Entry()
        try:
            context = await read(self._turns)
        except BaseException:
            self._drop(key, entry)
            raise
        loaded = _Entry(list(context.turns), context.summary, context.total)
        if self._entries.get(key) is entry:  # unchanged meanwhile
            self._entries[key] = loaded
            self._resize(loaded, len(context.summary) + _TURN_SIZE + _cost(context.turns))
        return loaded.newest(limit)

    def start(self, key: ConversationKey) -> None:
        """Add a conversation in which nothing was said yet, so that its first request need not be read for."""
        if key not in self._entries:
            entry = self._entries[key] = _Entry([])
            self._resize(entry, _TURN_SIZE)

    def add_turns(self, key: ConversationKey, event_seq: int, turns: Sequence[Turn]) -> None:
        """Add the turns that an event has written."""
        entry = self._entries.get(key)
        if entry is None:
            return
        if entry.turns is None or event_seq <= self._rewritten:  # they may not be history
            self._drop(key, entry)
            return
        last = entry.turns[-1].seq if entry.turns else 0
        new = [turn for turn in turns if turn.seq > last]  # those that were read already
        entry.turns += new
        entry.total += len(new)
        gone = entry.turns[: max(0, len(entry.turns) - self._turns)]
        del entry.turns[: len(gone)]
        self._entries.move_to_end(key)
        self._resize(entry, entry.size + _cost(new) - _cost(gone))

    def set_summary(self, key: ConversationKey, summary: str, *, through_seq: int) -> None:
        """Replace the turns of a conversation up to that sequence number by a summary."""
        entry = self._entries.get(key)
        if entry is None:
            return
        kept = [turn for turn in entry.turns or () if turn.seq > through_seq]
        if entry.turns is None or (len(kept) == len(entry.turns) < entry.total):  # the number of turns left is unknown
            self._drop(key, entry)
            return
        entry.turns, entry.summary, entry.total = kept, summary, len(kept)
        self._resize(entry, len(summary) + _TURN_SIZE + _cost(kept))

    def drop(self, key: ConversationKey, *, through_seq: int = 0) -> None:
        """Evict a changed conversation; turns that events up to `through_seq` write later may not be history."""
        self._rewritten = max(self._rewritten, through_seq)
        entry = self._entries.get(key)
        if entry is not None:
            self._drop(key, entry)

    def clear(self, *, through_seq: int = 0) -> None:
        """Evict every conversation; see `drop`."""
        self._rewritten = max(self._rewritten, through_seq)
        self._entries.clear()
        self._size = 0

    def _resize(self, entry: _Entry, size: int) -> None:
        self._size += size - entry.size
        entry.size = size
        while self._size > self._limit:
            oldest, evicted = next(iter(self._entries.items()))
            self._drop(oldest, evicted)

    def _drop(self, key: ConversationKey, entry: _Entry) -> None:
        if self._entries.get(key) is entry:
            del self._entries[key]
            self._size -= entry.size


def _cost(turns: Sequence[Turn]) -> int:
    return sum(len(turn.content) + _TURN_SIZE for turn in turns)
