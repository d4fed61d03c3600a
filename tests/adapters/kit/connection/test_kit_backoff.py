import pytest

from adapters.kit.connection.backoff import Backoff


def test_pauses_double_up_to_the_longest() -> None:
    backoff = Backoff(first=1.0, longest=60.0, uniform=lambda _low, high: high)
    assert [backoff.next() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_jitter_shortens_by_at_most_a_half() -> None:
    backoff = Backoff(first=1.0, longest=4.0, uniform=lambda low, _high: low)
    assert [backoff.next() for _ in range(4)] == [0.5, 1, 2, 2]
    backoff = Backoff(first=8.0, longest=8.0)
    assert all(4 <= backoff.next() <= 8 for _ in range(100))


def test_reset_starts_again() -> None:
    backoff = Backoff(uniform=lambda _low, high: high)
    backoff.next()
    backoff.next()
    backoff.reset()
    assert backoff.next() == 1.0


@pytest.mark.parametrize(("first", "longest"), [(0.0, 1.0), (2.0, 1.0)])
def test_bounds_make_sense(first: float, longest: float) -> None:
    with pytest.raises(ValueError, match="first must be positive"):
        Backoff(first=first, longest=longest)
