"""A mapping that forgets: bounded in size and, where wanted, in time."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, MutableMapping
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class BoundedDict(MutableMapping[K, V]):
    """A mapping of at most `limit` entries; setting one more drops the entry that was set longest ago.

    `lifetime`: seconds after which an entry is gone; None: it stays until it is dropped.
    `renews_on_read`: reading an entry by its key counts as setting it for the order of dropping, not for `lifetime`.
    `clock`: seconds that never run backwards.

    Iterates from the entry that is dropped next to the newest. Reading a missing or expired key raises `KeyError`.
    """

    def __init__(
        self,
        limit: int,
        *,
        lifetime: float | None = None,
        renews_on_read: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if limit < 1:
            raise ValueError("the limit must be at least 1")
        self._limit = limit
        self._lifetime = lifetime
        self._renews_on_read = renews_on_read
        self._clock = clock
        self._entries: OrderedDict[K, tuple[V, float]] = OrderedDict()  # values with the time when they were set

    def __getitem__(self, key: K) -> V:
        value, set_at = self._entries[key]
        if self._lifetime is not None and self._is_expired(set_at):
            del self._entries[key]
            raise KeyError(key)
        if self._renews_on_read:
            self._entries.move_to_end(key)
        return value

    def __setitem__(self, key: K, value: V) -> None:
        self._entries[key] = (value, self._clock() if self._lifetime is not None else 0.0)
        self._entries.move_to_end(key)
        while len(self._entries) > self._limit:
            self._entries.popitem(last=False)

    def __delitem__(self, key: K) -> None:
        del self._entries[key]

    def __contains__(self, key: object) -> bool:
        entry = self._entries.get(key)  # type: ignore[arg-type]  # any object may be asked for
        return entry is not None and (self._lifetime is None or not self._is_expired(entry[1]))

    def __iter__(self) -> Iterator[K]:
        return iter([key for key, (_, set_at) in self._entries.items() if not self._is_expired(set_at)])

    def __len__(self) -> int:
        if self._lifetime is None:
            return len(self._entries)
        return sum(not self._is_expired(set_at) for _, set_at in self._entries.values())

    def _is_expired(self, set_at: float) -> bool:
        return self._lifetime is not None and self._clock() - set_at >= self._lifetime
