"""Interactions whose answers are awaited: each is seen to before its token ends, whether it was begun or not."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial

from adapters.discord.address import Address

#: Seconds before the end of an interaction's token when its answer moves, or says that it will not be in time.
MOVES = 45.0


def is_due(address: Address) -> bool:
    """Whether the interaction's token ends so soon that nothing more is begun with it."""
    return bool(address.token) and time.time() > address.expires - MOVES


class Deadlines:
    """One alarm for each answer that is awaited. `ring` is called with its address and key."""

    def __init__(self, ring: Callable[[Address, str], Awaitable[None]]) -> None:
        self._ring = ring
        self._alarms: dict[str, asyncio.TimerHandle] = {}
        self._ringing: set[asyncio.Task[None]] = set()

    def expect(self, address: Address, key: str) -> None:
        """An answer is awaited; where it is one to an interaction it is seen to, once."""
        now = time.time()
        if key not in self._alarms and now < address.expires:
            wait = address.expires - MOVES - now
            self._alarms[key] = asyncio.get_running_loop().call_later(wait, partial(self._due, address, key))

    def met(self, key: str) -> None:
        """The answer is there."""
        if (alarm := self._alarms.pop(key, None)) is not None:
            alarm.cancel()

    def _due(self, address: Address, key: str) -> None:
        # Known until its token has ended, so that it is not seen to again.
        self._alarms[key] = asyncio.get_running_loop().call_later(MOVES, partial(self.met, key))
        task = asyncio.ensure_future(self._ring(address, key))
        self._ringing.add(task)
        task.add_done_callback(self._ringing.discard)

    async def stop(self) -> None:
        """See to nothing more."""
        for key in [*self._alarms]:
            self.met(key)
        for task in self._ringing:
            task.cancel()
        await asyncio.gather(*self._ringing, return_exceptions=True)
