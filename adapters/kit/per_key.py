"""One object for each key, for as long as somebody uses it: a draft of an event, a lock of a channel."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class PerKey(Generic[K, V]):
    """Returns the same object for the same key while anything else refers to it; then it is forgotten.

    So the number of keys needs no bound. The objects have to support weak references.
    """

    def __init__(self) -> None:
        self._objects: WeakValueDictionary[K, V] = WeakValueDictionary()

    def __contains__(self, key: K) -> bool:
        return key in self._objects

    def find_or_make(self, key: K, make: Callable[[], V]) -> V:
        """Return the object of `key` that is in use, else the one that `make` returns."""
        found = self._objects.get(key)
        if found is None:
            found = self._objects[key] = make()
        return found
