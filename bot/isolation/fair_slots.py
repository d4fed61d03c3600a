"""A bounded number of slots, shared fairly between people."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class FairSlots:
    """At most `count` holders at once, `per_person` of them of one person.

    Each person has a queue of their own, and no more than `per_person` of it wait for a slot: however much one person
    asks for, another one's first request is preceded by few.
    """

    def __init__(self, count: int, *, per_person: int = 1) -> None:
        self._slots = asyncio.Semaphore(count)
        self._per_person = per_person
        self._people: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def hold(self, person: str) -> AsyncIterator[None]:
        """Wait for a slot and hold it until the end of the block."""
        own = self._people.get(person)
        if own is None:
            own = self._people[person] = asyncio.Semaphore(self._per_person)
        async with own, self._slots:
            yield
