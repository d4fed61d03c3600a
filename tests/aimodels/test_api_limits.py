"""The shared rate-limit limiter, on a clock that only the test moves."""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimodels.rate_limiter import BLIND_WAIT, MAX_WAIT, RateLimiter, Timer
from aimodels.wire.headers import parse_headers

WALL = 1_800_000_000.0


class _Timer:
    def __init__(self) -> None:
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class HandClock:
    """Moves when it is told to."""

    def __init__(self, skew: float = 0.0) -> None:
        self.now = 1000.0
        self.skew = skew
        self._timers: list[tuple[float, int, _Timer, Callable[[], None]]] = []
        self._count = itertools.count()

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return WALL + self.now - 1000 + self.skew

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        timer = _Timer()
        heapq.heappush(self._timers, (self.now + delay, next(self._count), timer, callback))
        return timer

    async def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while self._timers and self._timers[0][0] <= end:
            self.now, _, timer, callback = heapq.heappop(self._timers)
            if not timer.is_cancelled:
                callback()
                await settle()
        self.now = end
        await settle()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def told(**headers: object) -> dict[str, str]:
    names = {"limit": "x-ratelimit-limit", "left": "x-ratelimit-remaining", "reset": "x-ratelimit-reset"}
    return {names.get(key, key.replace("_", "-")): str(value) for key, value in headers.items()}


class Crowd:
    """People who call through the limiter; `order` is who got through."""

    def __init__(self, limiter: RateLimiter) -> None:
        self.limiter = limiter
        self.order: list[str] = []
        self.permits: list[int] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def _one(self, person: str, on_wait: Callable[[float], None] | None) -> None:
        permit = self.limiter.try_acquire()
        if permit is None:
            permit = await self.limiter.acquire(person, on_wait)
        self.order.append(person)
        self.permits.append(permit)

    async def call(self, *people: str, on_wait: Callable[[float], None] | None = None) -> None:
        for person in people:
            self.tasks.append(asyncio.create_task(self._one(person, on_wait)))
            await settle()

    async def leave(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


def spent(clock: HandClock, *, limit: int = 3, seconds: float = 30) -> RateLimiter:
    """A limiter that was just told that nothing is left."""
    limiter = RateLimiter(clock)
    permit = limiter.try_acquire()
    assert permit is not None
    limiter.record_answer(permit, 200, told(limit=limit, left=0, reset=clock.wall() + seconds))
    return limiter


async def test_unlimited_until_told() -> None:
    """An API that says nothing about limits is asked without any wait."""
    limiter = RateLimiter(HandClock())
    for _ in range(1000):
        permit = limiter.try_acquire()
        assert permit is not None
        limiter.record_answer(permit, 200, {})
    assert (limiter.limit, limiter.remaining, limiter.reset_at) == (None, None, None)


async def test_waits_until_reset_then_at_most_the_limit() -> None:
    """Nothing starts before the reset, and then no more than the limit."""
    clock = HandClock()
    crowd = Crowd(spent(clock, limit=3, seconds=30))
    await crowd.call(*"abcde")
    await clock.advance(29.9)
    assert crowd.order == []
    await clock.advance(0.2)
    assert crowd.order == ["a", "b", "c"]
    crowd.limiter.record_answer(crowd.permits[0], 200, told(limit=3, left=2, reset=clock.wall() + 30))
    await settle()
    assert crowd.order == ["a", "b", "c"]  # two more were started after the one that was answered
    await clock.advance(31)
    assert crowd.order == ["a", "b", "c", "d", "e"]


async def test_turns_between_people() -> None:
    """One person's many calls delay another's first by one call; within one person the order stays."""
    clock = HandClock()
    crowd = Crowd(spent(clock, limit=5, seconds=10))
    await crowd.call("a", "a", "a", "a", "b", "c", "b")
    await clock.advance(11)
    assert crowd.order == ["a", "b", "c", "a", "b"]
    await crowd.leave()


async def test_newcomers_do_not_push_in() -> None:
    """Somebody who comes after the reset, while others still wait, waits behind them."""
    clock = HandClock()
    crowd = Crowd(spent(clock, limit=1, seconds=10))
    await crowd.call("a", "b")
    await clock.advance(11)
    await crowd.call("c")
    crowd.limiter.record_answer(crowd.permits[0], 200, told(limit=9, left=8, reset=clock.wall() + 10))
    await settle()
    assert crowd.order == ["a", "b", "c"]


async def test_late_answers_know_less() -> None:
    """The answer to an older call, coming later, does not undo what a newer one told."""
    clock = HandClock()
    limiter = RateLimiter(clock)
    older, newer = limiter.try_acquire(), limiter.try_acquire()
    assert older is not None
    assert newer is not None
    limiter.record_answer(newer, 200, told(limit=10, left=8, reset=clock.wall() + 10))
    limiter.record_answer(older, 200, told(limit=10, left=0, reset=clock.wall() + 10))
    assert limiter.remaining == 8


async def test_unknown_limit_probes() -> None:
    """After a 429 without a limit one call probes; each success lets more through."""
    clock = HandClock()
    limiter = RateLimiter(clock)
    crowd = Crowd(limiter)
    permit = limiter.try_acquire()
    assert permit is not None
    limiter.record_answer(permit, 429, told(retry_after=5))
    await crowd.call(*"abcdef")
    await clock.advance(5.1)
    assert len(crowd.order) == 1
    limiter.record_answer(crowd.permits[0], 200, {})
    await settle()
    assert len(crowd.order) == 3
    limiter.record_answer(crowd.permits[1], 200, {})
    limiter.record_answer(crowd.permits[2], 200, {})
    await settle()
    assert len(crowd.order) == 6
    limiter.record_answer(crowd.permits[3], 200, {})
    assert limiter.remaining is None


async def test_a_lost_probe_is_repeated() -> None:
    """A probe that ends without an answer makes room for the next."""
    clock = HandClock()
    limiter = RateLimiter(clock)
    crowd = Crowd(limiter)
    permit = limiter.try_acquire()
    assert permit is not None
    limiter.record_answer(permit, 429, told(retry_after=5))
    await crowd.call("a", "b")
    await clock.advance(5.1)
    limiter.record_no_answer(crowd.permits[0])
    await settle()
    assert crowd.order == ["a", "b"]


async def test_clock_skew_does_not_matter() -> None:
    """The wait is the span between the answer's own date and its reset, whatever our clock says."""
    for skew in (-86400.0, 0.0, 86400.0):
        clock = HandClock(skew)
        limiter = RateLimiter(clock)
        permit = limiter.try_acquire()
        assert permit is not None
        limiter.record_answer(
            permit, 200, told(limit=2, left=0, reset=int(WALL) + 20, date=formatdate(WALL, usegmt=True))
        )
        assert limiter.opens_in() == pytest.approx(20, abs=1)


async def test_cancelled_waits_leave_no_trace() -> None:
    """A call that is cancelled while it waits, or just as its turn comes, takes nothing from the others."""
    clock = HandClock()
    crowd = Crowd(spent(clock, limit=1, seconds=10))
    await crowd.call("a", "b", "c")
    crowd.tasks[0].cancel()
    await settle()
    assert crowd.limiter.waiting == 2
    clock.now += 10.1
    crowd.limiter._grant_waiting()  # b's turn has come, but b is cancelled before it runs
    crowd.tasks[1].cancel()
    await settle()
    assert crowd.order == ["c"]


async def test_people_are_told_of_longer_waits() -> None:
    """Each wait is told when it starts, and again when it becomes longer."""
    clock = HandClock()
    crowd = Crowd(spent(clock, limit=1, seconds=10))
    waits: list[float] = []
    await crowd.call("a")
    await crowd.call("b", on_wait=waits.append)
    await clock.advance(10)
    crowd.limiter.record_answer(crowd.permits[0], 200, told(limit=1, left=0, reset=clock.wall() + 40))
    assert waits == [pytest.approx(10), pytest.approx(40)]
    await crowd.leave()


@pytest.mark.parametrize(
    "reset", ["-5", "nan", "inf", "soon", "", "4102444800", str(WALL - 50), "9" * 20, "\x00", "1e99", "１２"]
)
async def test_nonsense_cannot_stall(reset: str) -> None:
    """Whatever the reset says, after the longest wait a call probes."""
    clock = HandClock()
    limiter = RateLimiter(clock)
    permit = limiter.try_acquire()
    assert permit is not None
    limiter.record_answer(permit, 200, told(limit=100, left=0, reset=reset))
    crowd = Crowd(limiter)
    await crowd.call("a", "b")
    assert BLIND_WAIT <= limiter.opens_in() <= MAX_WAIT
    await clock.advance(MAX_WAIT)
    assert crowd.order == ["a"]
    await crowd.leave()


async def test_a_reset_may_be_in_milliseconds() -> None:
    """A reset in milliseconds is the same moment."""
    now = WALL
    for unit in (1, 1e3, 1e6, 1e9):
        span = parse_headers(told(left=0, reset=int((WALL + 30) * unit)), now).reset
        assert span == pytest.approx(30)
    assert parse_headers(told(reset=30), now).reset == 30


HEADER = st.one_of(
    st.text(max_size=30),
    st.integers(-(10**25), 10**25).map(str),
    st.floats().map(str),
    st.datetimes().map(lambda moment: formatdate(moment.timestamp() if moment.year > 1970 else 0)),
)


@given(limit=HEADER, left=HEADER, reset=HEADER, retry_after=HEADER, date=HEADER)
def test_any_header_is_read(limit: str, left: str, reset: str, retry_after: str, date: str) -> None:
    """No header raises, and what is read is always usable."""
    found = parse_headers(told(limit=limit, left=left, reset=reset, retry_after=retry_after, date=date), WALL)
    assert found.limit is None or found.limit >= 1
    assert found.remaining is None or found.remaining >= 0
    assert found.reset is None or 0 < found.reset < float("inf")
    assert found.retry_after is None or 0 < found.retry_after < float("inf")


@given(
    st.lists(
        st.tuples(st.sampled_from([200, 400, 429, 500, None]), HEADER, HEADER, HEADER, HEADER, st.floats(0, 500)),
        max_size=12,
    )
)
def test_always_opens_again(history: list[tuple[int | None, str, str, str, str, float]]) -> None:
    """Whatever the API has said, everybody who waits gets through once it answers sensibly."""

    async def run() -> None:
        clock = HandClock()
        limiter = RateLimiter(clock)
        for status, limit, left, reset, retry_after, seconds in history:
            permit = limiter.try_acquire()
            if permit is not None and status is None:
                limiter.record_no_answer(permit)
            elif permit is not None and status is not None:
                limiter.record_answer(
                    permit, status, told(limit=limit, left=left, reset=reset, retry_after=retry_after)
                )
            await clock.advance(seconds)
        crowd = Crowd(limiter)
        await crowd.call(*"abcab")
        done = 0
        for _ in range(20):
            while done < len(crowd.permits):
                limiter.record_answer(crowd.permits[done], 200, told(limit=10, left=9, reset=clock.wall() + 10))
                done += 1
                await settle()
            await clock.advance(MAX_WAIT)
        assert sorted(crowd.order) == sorted("abcab")

    asyncio.run(run())


@given(st.lists(st.sampled_from("abc"), max_size=30), st.integers(1, 7))
def test_never_more_than_the_limit_per_window(people: list[str], limit: int) -> None:
    """Against a server that counts, no call earns a 429 and everybody is served, in turn."""

    async def run() -> None:
        clock = HandClock()
        crowd = Crowd(spent(clock, limit=limit, seconds=60))
        await crowd.call(*people)
        done = 0
        while done < len(people):
            await clock.advance(60)
            started = crowd.permits[done:]
            assert 0 < len(started) <= limit
            for number, permit in enumerate(started, 1):
                headers = told(limit=limit, left=limit - number, reset=clock.wall() + 60)
                crowd.limiter.record_answer(permit, 200, headers)
                await settle()
            assert len(crowd.permits) == done + len(started)
            done += len(started)

    asyncio.run(run())
