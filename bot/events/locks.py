"""Locks by event: one change at a time of all that belongs to it, in this process and in others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import field
from weakref import WeakValueDictionary

from bot.ports import Journal
from bot.values import valueclass


@valueclass(frozen=True, slots=True)
class EventLocks:
    """One lock for each event, kept as long as somebody uses it."""

    journal: Journal
    _locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = field(default_factory=WeakValueDictionary, init=False)

    @asynccontextmanager
    async def hold(self, adapter: str, event: str) -> AsyncIterator[None]:
        """Keep others away from an event until the end of the block. Raises `StoreError`."""
        lock = self._locks.setdefault((adapter, event), asyncio.Lock())
        async with lock, self.journal.revising(adapter, event):
            yield
