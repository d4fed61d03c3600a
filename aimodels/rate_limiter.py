"""Client-side rate limiter: one for all callers that share an API key.

It assumes nothing about the limit. Each answer's `X-RateLimit-*` headers say how many calls may still be started and
when the next window begins; when none is left, new calls wait here instead of earning a 429. No header can close the
limiter for longer than `MAX_WAIT`: then one call probes.
"""

# ruff: noqa: PLR2004 (status codes are known by their numbers)

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from aimodels.wire.headers import RateLimitHeaders, parse_headers

MAX_WAIT = 120.0  #: seconds; longest time that one answer can close the limiter for
BLIND_WAIT = 1.0  #: seconds until a probe when the API gives no usable reset time

#: Called with the seconds that the call is expected to wait.
OnWait = Callable[[float], None]


class Timer(Protocol):
    """A scheduled callback."""

    def cancel(self) -> None:
        """Cancel the callback."""


class Clock(Protocol):
    """Source of time of a rate limiter; replaced in tests."""

    def monotonic(self) -> float:
        """Seconds, never going back."""

    def wall(self) -> float:
        """Unix seconds."""

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call back after `delay` seconds."""


class LoopClock:
    """The system clock and the timers of the running event loop."""

    monotonic = staticmethod(time.monotonic)
    wall = staticmethod(time.time)

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call back after `delay` seconds."""
        return asyncio.get_running_loop().call_later(delay, callback)


@dataclass(eq=False, slots=True)
class _Waiter:
    permit: asyncio.Future[int]
    on_wait: OnWait | None
    announced: float = float("-inf")  #: monotonic; end of the wait as last announced


class RateLimiter:
    """Limits how many calls are started; the rest wait, served in turn between callers and in order within one.

    Every call gets a permit (a rising number) from `try_acquire` or `acquire`, and ends it with `record_answer` or
    `record_no_answer`.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or LoopClock()
        self.limit: int | None = None  #: calls per window, from the last answer that said it
        self._available: int | None = None  #: calls that may be started now; None: no limit is known
        self._opens_at = 0.0  #: monotonic; when `_available` is renewed
        self._renewal = 1  #: what `_available` is renewed to
        self._is_probing = False  #: renewed, and no call started since was answered
        self._newest = 0  #: newest permit
        self._newest_answered = 0  #: newest permit with an answer: answers to older ones are outdated
        self._first_since_renewal = 0  #: first permit since the renewal
        self._newest_at_refusal = 0  #: newest permit when the last 429 arrived
        self._refusals = 0  #: rounds of 429 in a row
        self._in_flight: set[int] = set()  #: permits of calls under way
        self._queues: dict[str, deque[_Waiter]] = {}  #: waiting calls by caller; the first caller is next
        self._timer: Timer | None = None
        self._timer_at = 0.0  #: the `_opens_at` that the timer is set to

    @property
    def remaining(self) -> int | None:
        """Calls that may be started now; None: no limit is known."""
        return self._available

    @property
    def reset_at(self) -> float | None:
        """Unix time at which `remaining` is renewed; None: no limit is known."""
        if self._available is None:
            return None
        return self._clock.wall() + max(0.0, self._opens_at - self._clock.monotonic())

    @property
    def waiting(self) -> int:
        """Number of waiting calls."""
        return sum(map(len, self._queues.values()))

    def opens_in(self) -> float:
        """Seconds until calls can be expected to start; 0: now."""
        if self._is_open():
            return 0.0
        if self._is_probing:  # the answer to a call under way decides
            return BLIND_WAIT
        return max(0.0, self._opens_at - self._clock.monotonic())

    def try_acquire(self) -> int | None:
        """Return a permit if a call may be started at once and none is waiting, else None."""
        return self._grant() if not self._queues and self._is_open() else None

    async def acquire(self, caller: str, on_wait: OnWait | None = None) -> int:
        """Wait for this caller's turn and return a permit. Cancelling gives up the place in the queue."""
        waiter = _Waiter(asyncio.get_running_loop().create_future(), on_wait)
        self._queues.setdefault(caller, deque()).append(waiter)
        try:
            self._grant_waiting()
            self._announce(waiter)
            return await waiter.permit
        except asyncio.CancelledError:
            if waiter.permit.done() and not waiter.permit.cancelled():  # granted, but never used
                if self._available is not None:
                    self._available += 1
                self.record_no_answer(waiter.permit.result())
            else:
                self._remove(caller, waiter)
            raise

    def record_answer(self, permit: int, status: int, headers: Mapping[str, str]) -> None:
        """Learn from the status and the headers of an answer."""
        limits = parse_headers(headers, self._clock.wall())
        self._in_flight.discard(permit)
        self.limit = limits.limit or self.limit
        if status == 429:
            self._close_after_refusal(permit, limits)
        elif limits.remaining is not None:
            self._refusals = 0
            if permit > self._newest_answered:
                self._newest_answered = permit
                self._is_probing = False
                # Calls started after this one are not in its count, as far as can be known.
                self._available = max(0, limits.remaining - (self._newest - permit))
                self._renew_after(limits.reset)
        elif status < 500:
            self._refusals = 0
            self._record_unlimited()
        else:
            self._probe_again()
        if self._queues:
            self._grant_waiting()

    def record_no_answer(self, permit: int) -> None:
        """Register that the call ended without an answer."""
        self._in_flight.discard(permit)
        self._probe_again()
        if self._queues:
            self._grant_waiting()

    def _is_open(self) -> bool:
        if self._available is None:
            return True
        now = self._clock.monotonic()
        if now >= self._opens_at:
            self._available = max(self._available, self._renewal)
            self._opens_at, self._renewal = now + MAX_WAIT, 1
            self._is_probing, self._first_since_renewal = True, self._newest + 1
        return self._available > 0

    def _grant(self) -> int:
        self._newest += 1
        self._in_flight.add(self._newest)
        if self._available is not None:
            self._available -= 1
        return self._newest

    def _renew_after(self, wait: float | None) -> None:
        """Renew after `wait` seconds: up to the limit where the API said when, else with one probing call."""
        is_credible = wait is not None and wait <= MAX_WAIT
        self._opens_at = self._clock.monotonic() + (BLIND_WAIT if wait is None else min(wait, MAX_WAIT))
        self._renewal = (self.limit or 1) if is_credible else 1

    def _close_after_refusal(self, permit: int, limits: RateLimitHeaders) -> None:
        if permit > self._newest_at_refusal:  # calls that were under way at a refusal are refused for the same reason
            self._newest_at_refusal = self._newest
            self._refusals += 1
        wait = limits.retry_after or limits.reset
        if wait is None:
            wait = random.uniform(0.5, 1) * min(60.0, 2.0**self._refusals / 2)  # noqa: S311 (spreads load)
        self._newest_answered = max(self._newest_answered, permit)
        self._available, self._is_probing = 0, False
        self._renew_after(wait)

    def _record_unlimited(self) -> None:
        """Double the allowance after an answer without headers: the API has no limit, or does not publish it."""
        if self._is_probing and self._available is not None:
            self._available += 2
            if not self._queues:
                self._available, self._is_probing = None, False

    def _probe_again(self) -> None:
        if (
            self._is_probing
            and self._available == 0
            and all(permit < self._first_since_renewal for permit in self._in_flight)
        ):
            self._available = 1

    def _remove(self, caller: str, waiter: _Waiter) -> None:
        queue = self._queues.get(caller)
        if queue and waiter in queue:
            queue.remove(waiter)
            if not queue:
                del self._queues[caller]

    def _grant_waiting(self) -> None:
        """Grant permits to waiting calls, one caller after the other; set the timer for the rest."""
        while self._queues and self._is_open():
            caller = next(iter(self._queues))
            queue = self._queues.pop(caller)
            waiter = queue.popleft()
            if queue:
                self._queues[caller] = queue  # to the end of the round
            if not waiter.permit.done():
                waiter.permit.set_result(self._grant())
        if self._timer is not None and (not self._queues or self._timer_at != self._opens_at):
            self._timer.cancel()
            self._timer = None
        if self._queues and self._timer is None:
            self._timer_at = self._opens_at
            self._timer = self._clock.call_later(max(0.0, self._opens_at - self._clock.monotonic()), self._on_timer)
            for waiter in [waiter for queue in self._queues.values() for waiter in queue]:
                self._announce(waiter)

    def _on_timer(self) -> None:
        self._timer = None
        self._grant_waiting()

    def _announce(self, waiter: _Waiter) -> None:
        """Announce how long to wait, and again when that becomes noticeably later."""
        if waiter.on_wait is None or waiter.permit.done():
            return
        seconds = self.opens_in()
        until = self._clock.monotonic() + seconds
        if until > waiter.announced + 1:
            waiter.announced = until
            waiter.on_wait(seconds)
