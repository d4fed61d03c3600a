"""The rate limit as the API tells it: one budget for everybody who shares a key.

Nothing is assumed about the limit. Each answer's `X-RateLimit-*` headers say how many calls may still be started and
when the count begins anew; when none is left, new calls wait here instead of earning a 429. No header can close the
budget for longer than `MAX_WAIT`: after that one call probes.
"""

# ruff: noqa: PLR2004 (status codes are known by their numbers)

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from aimodels.headers import Told, read

MAX_WAIT = 120.0  #: seconds; the longest the budget stays closed on the word of one answer
BLIND_WAIT = 1.0  #: seconds; when the API says that nothing is left but not, or not sensibly, until when

#: Told the seconds still expected to wait.
OnWait = Callable[[float], None]


class Timer(Protocol):
    """A callback that was asked for."""

    def cancel(self) -> None:
        """Don't call it."""


class Clock(Protocol):
    """Where the budget has the time from."""

    def monotonic(self) -> float:
        """Seconds, never going back."""

    def wall(self) -> float:
        """Unix seconds."""

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call back after `delay` seconds."""


class LoopClock:
    """The machine's clock and the running event loop's timers."""

    monotonic = staticmethod(time.monotonic)
    wall = staticmethod(time.time)

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call back after `delay` seconds."""
        return asyncio.get_running_loop().call_later(delay, callback)


@dataclass(eq=False, slots=True)
class _Waiter:
    permit: asyncio.Future[int]
    on_wait: OnWait | None
    told: float = float("-inf")  #: monotonic; until when it was said to wait


class Budget:
    """How many calls may be started now; the rest wait, served in turn between people and in order within one.

    Every call gets a permit (a number counting up) from `start` or `wait`, and ends it with `answered` or `abandon`.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or LoopClock()
        self.limit: int | None = None  #: calls per window as last told
        self._left: int | None = None  #: calls that may be started now; None: no limit is known
        self._opens = 0.0  #: monotonic; when `_left` is renewed
        self._renewal = 1  #: what `_left` is renewed to
        self._learning = False  #: renewed, and nothing heard from a call started since
        self._last = 0  #: newest permit
        self._heard = 0  #: newest permit whose answer was heard: older ones know less
        self._first = 0  #: first permit since the renewal
        self._refused = 0  #: newest permit when the last 429 came
        self._strikes = 0  #: rounds of 429 in a row
        self._open: set[int] = set()  #: permits without an answer
        self._queues: dict[str, deque[_Waiter]] = {}  #: who waits; the first person's turn is next
        self._timer: Timer | None = None
        self._rings = 0.0  #: the `_opens` that the timer is set to

    @property
    def remaining(self) -> int | None:
        """Calls that may be started now; None: no limit is known."""
        return self._left

    @property
    def reset_at(self) -> float | None:
        """Unix time at which `remaining` is renewed; None: no limit is known."""
        if self._left is None:
            return None
        return self._clock.wall() + max(0.0, self._opens - self._clock.monotonic())

    @property
    def waiting(self) -> int:
        """Calls that wait."""
        return sum(map(len, self._queues.values()))

    def opens_in(self) -> float:
        """Seconds until calls can be expected to start again; 0: now."""
        if self._is_open():
            return 0.0
        if self._learning:  # an answer to a call under way will tell
            return BLIND_WAIT
        return max(0.0, self._opens - self._clock.monotonic())

    def start(self) -> int | None:
        """A permit, if a call may be started at once and nobody is waiting."""
        return self._grant() if not self._queues and self._is_open() else None

    async def wait(self, person: str, on_wait: OnWait | None = None) -> int:
        """A permit, when it is this person's turn. Cancelling gives up the place."""
        waiter = _Waiter(asyncio.get_running_loop().create_future(), on_wait)
        self._queues.setdefault(person, deque()).append(waiter)
        try:
            self._pump()
            self._tell(waiter)
            return await waiter.permit
        except asyncio.CancelledError:
            if waiter.permit.done() and not waiter.permit.cancelled():  # granted, but never used
                if self._left is not None:
                    self._left += 1
                self.abandon(waiter.permit.result())
            else:
                self._leave(person, waiter)
            raise

    def answered(self, permit: int, status: int, headers: Mapping[str, str]) -> None:
        """The API answered the call: learn from its headers."""
        told = read(headers, self._clock.wall())
        self._open.discard(permit)
        self.limit = told.limit or self.limit
        if status == 429:
            self._close(permit, told)
        elif told.remaining is not None:
            self._strikes = 0
            if permit > self._heard:
                self._heard = permit
                self._learning = False
                # Calls started after this one are not in its count, as far as can be known.
                self._left = max(0, told.remaining - (self._last - permit))
                self._until(told.reset)
        elif status < 500:
            self._strikes = 0
            self._untold()
        else:
            self._probe_again()
        if self._queues:
            self._pump()

    def abandon(self, permit: int) -> None:
        """The call ended without an answer."""
        self._open.discard(permit)
        self._probe_again()
        if self._queues:
            self._pump()

    def _is_open(self) -> bool:
        if self._left is None:
            return True
        now = self._clock.monotonic()
        if now >= self._opens:
            self._left = max(self._left, self._renewal)
            self._opens, self._renewal = now + MAX_WAIT, 1
            self._learning, self._first = True, self._last + 1
        return self._left > 0

    def _grant(self) -> int:
        self._last += 1
        self._open.add(self._last)
        if self._left is not None:
            self._left -= 1
        return self._last

    def _until(self, wait: float | None) -> None:
        """Renew after `wait` seconds: to the limit where the API said when, else with one call that probes."""
        is_credible = wait is not None and wait <= MAX_WAIT
        self._opens = self._clock.monotonic() + (BLIND_WAIT if wait is None else min(wait, MAX_WAIT))
        self._renewal = (self.limit or 1) if is_credible else 1

    def _close(self, permit: int, told: Told) -> None:
        if permit > self._refused:  # the other calls that were under way are refused for the same reason
            self._refused = self._last
            self._strikes += 1
        wait = told.retry_after or told.reset
        if wait is None:
            wait = random.uniform(0.5, 1) * min(60.0, 2.0**self._strikes / 2)  # noqa: S311 (spreads load)
        self._heard = max(self._heard, permit)
        self._left, self._learning = 0, False
        self._until(wait)

    def _untold(self) -> None:
        """An answer without headers: the API has no limits, or keeps them to itself. Double with each success."""
        if self._learning and self._left is not None:
            self._left += 2
            if not self._queues:
                self._left, self._learning = None, False

    def _probe_again(self) -> None:
        if self._learning and self._left == 0 and all(permit < self._first for permit in self._open):
            self._left = 1

    def _leave(self, person: str, waiter: _Waiter) -> None:
        queue = self._queues.get(person)
        if queue and waiter in queue:
            queue.remove(waiter)
            if not queue:
                del self._queues[person]

    def _pump(self) -> None:
        """Start what may be started, one person after the other; come back when the budget opens."""
        while self._queues and self._is_open():
            person = next(iter(self._queues))
            queue = self._queues.pop(person)
            waiter = queue.popleft()
            if queue:
                self._queues[person] = queue  # to the end of the round
            if not waiter.permit.done():
                waiter.permit.set_result(self._grant())
        if self._timer is not None and (not self._queues or self._rings != self._opens):
            self._timer.cancel()
            self._timer = None
        if self._queues and self._timer is None:
            self._rings = self._opens
            self._timer = self._clock.call_later(max(0.0, self._opens - self._clock.monotonic()), self._ring)
            for waiter in [waiter for queue in self._queues.values() for waiter in queue]:
                self._tell(waiter)

    def _ring(self) -> None:
        self._timer = None
        self._pump()

    def _tell(self, waiter: _Waiter) -> None:
        """Say how long to wait, and again when it is noticeably later than was said."""
        if waiter.on_wait is None or waiter.permit.done():
            return
        seconds = self.opens_in()
        until = self._clock.monotonic() + seconds
        if until > waiter.told + 1:
            waiter.told = until
            waiter.on_wait(seconds)
