"""The roles that rules name, so that a platform reads only roles that matter."""

import asyncio
from collections.abc import Callable, Iterable


class NamedRoles:
    """The ids that rules name as roles: those of the environment, and those of rules that were read since."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._ids = set(ids)
        self._added = asyncio.Event()

    def add(self, ids: Iterable[str]) -> None:
        """Add roles that a rule names."""
        new = set(ids) - self._ids
        if new:
            self._ids |= new
            added, self._added = self._added, asyncio.Event()
            added.set()

    async def wait(self, is_mine: Callable[[str], bool]) -> None:
        """Return once a role that `is_mine` is named."""
        while not any(is_mine(role) for role in self._ids):
            await self._added.wait()
