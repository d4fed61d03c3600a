"""One timer of the event loop for many time limits that are nearly always kept."""

import asyncio
from collections.abc import Callable
from contextvars import Context, copy_context

SHORTEST = 0.001  #: seconds: uvloop counts in milliseconds, and has no timer for less than half of one


class PendingCall:
    """A call that is due at `when`, by the event loop's clock, unless it is cancelled."""

    __slots__ = ("_callback", "_calls", "_context", "when")

    def __init__(self, when: float, callback: Callable[[], None], calls: "set[PendingCall]") -> None:
        self.when = when
        self._callback: Callable[[], None] | None = callback
        self._context = copy_context()
        self._calls = calls

    def cancel(self) -> None:
        """Drop the call. Safe to repeat."""
        self._calls.discard(self)
        self._callback = None  # which may refer to what holds this: a cycle is left to the garbage collector

    def make(self) -> None:
        """Make the call."""
        callback = self._callback
        self.cancel()
        if callback is not None:
            self._context.run(callback)


class SharedTimer:
    """Calls functions when they are due.

    A timer of the event loop costs more to start and cancel than a short step takes. Here only the earliest call has
    one; it stays when that call is cancelled, and looks for the next when it goes off.
    """

    def __init__(self) -> None:
        self._calls: set[PendingCall] = set()
        self._handle: asyncio.TimerHandle | None = None
        self._due = 0.0  #: when the handle goes off, by the event loop's clock

    def call_later(self, seconds: float, callback: Callable[[], None]) -> PendingCall:
        """Call a function after so many seconds, in the present context."""
        loop = asyncio.get_running_loop()
        call = PendingCall(loop.time() + seconds, callback, self._calls)
        self._calls.add(call)
        if self._handle is None or call.when < self._due:
            self._wake_at(call.when)
        return call

    def _wake_at(self, when: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        loop = asyncio.get_running_loop()
        self._due = when
        self._handle = loop.call_later(max(when - loop.time(), SHORTEST), self._go_off, context=Context())

    def _go_off(self) -> None:
        self._handle = None
        now = max(self._due, asyncio.get_running_loop().time())  # the loop wakes up to its resolution early
        for call in [call for call in self._calls if call.when <= now]:
            call.make()
        if self._calls and self._handle is None:
            self._wake_at(min(call.when for call in self._calls))
