"""Notification of changes: for code that waits for a condition, and for views that show the state."""

import asyncio
from collections.abc import Callable
from typing import Any

#: Seconds to wait for what will come: many times what it takes, as the machine may have much else to do.
PATIENCE = 120.0


class Changes:
    """Announces that a simulator's state changed; the state itself is read from the simulator.

    Use it from the simulator's event loop only.
    """

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []
        self._subscribers: list[Callable[[], None]] = []

    def notify(self) -> None:
        """Announce a change."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)
        for subscriber in list(self._subscribers):
            subscriber()

    def subscribe(self, subscriber: Callable[[], None]) -> Callable[[], None]:
        """Call `subscriber` after each change, until the returned function is called."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    async def until(self, condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """Wait until the condition is true and return its value. Raises `TimeoutError` after `seconds`."""
        async with asyncio.timeout(seconds):
            while not (found := condition()):
                future = asyncio.get_running_loop().create_future()
                self._waiting.append(future)
                await future
        return found
