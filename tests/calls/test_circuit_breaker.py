"""A model that fails again and again is skipped, then tried by one request."""

from bot.calls.circuit_breaker import CircuitBreaker, circuit_name

M = circuit_name("a", "m")


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_circuit_opens_and_is_probed_by_one() -> None:
    """After so many failures in a row nobody is let through; then one is, and its result decides for the others."""
    clock = Clock()
    breaker = CircuitBreaker(2, 60, now=clock)
    assert breaker.acquire(M)
    breaker.failed(M)
    assert breaker.states("a") == {"m": "closed"}
    assert breaker.states("b") == {}
    assert breaker.acquire(M)
    breaker.failed(M)
    assert not breaker.is_available(M)
    assert (breaker.acquire(M), breaker.acquire("other"), breaker.states("a")) == (False, True, {"m": "open"})
    clock.now += 60
    assert breaker.states("a") == {"m": "half_open"}
    assert [breaker.acquire(M) for _ in range(3)] == [True, False, False]
    breaker.failed(M)
    assert not breaker.acquire(M)
    clock.now += 60
    assert breaker.acquire(M)
    breaker.release(M)  # its caller left: the next one probes
    assert breaker.acquire(M)
    breaker.succeeded(M)
    assert [breaker.acquire(M) for _ in range(3)] == [True, True, True]
    assert breaker.states("a") == {}


def test_a_success_between_failures_keeps_it_closed() -> None:
    """Only failures in a row count."""
    breaker = CircuitBreaker(2, 60)
    for _ in range(5):
        breaker.failed("m")
        breaker.succeeded("m")
    assert breaker.acquire("m")


def test_a_known_absence_opens_at_once() -> None:
    """For as long as is known, but no longer than usual."""
    clock = Clock()
    breaker = CircuitBreaker(3, 60, now=clock)
    breaker.failed("busy", seconds=10)
    breaker.failed("gone", seconds=float("inf"))
    clock.now += 10
    assert (breaker.is_available("busy"), breaker.is_available("gone")) == (True, False)
    clock.now += 50
    assert breaker.is_available("gone")
