"""The quota rule by itself; what it is given is the engines' affair."""

import pytest

from bot.models import QuotaRequest
from bot.store.shared.quota import QuotaFigures, find_exceeded, hash_person

IMAGES = QuotaRequest(kind="image", items=2, requests_per_minute=3, media_per_day=5, budget_per_day=1.0)


@pytest.mark.parametrize(
    ("figures", "limit"),
    [
        (QuotaFigures(), ""),
        (QuotaFigures(recent=(1, 2)), ""),
        (QuotaFigures(recent=(1, 2, 3)), "rate"),
        (QuotaFigures(items=3), ""),
        (QuotaFigures(items=4), "media"),
        (QuotaFigures(is_open=True), "price"),
        (QuotaFigures(is_open=True, price=0.5), ""),
        (QuotaFigures(price=0.6), "money"),
        (QuotaFigures(price=0.1, cost=0.1 * 8), ""),
        (QuotaFigures(price=0.1, cost=0.1 * 7 + 0.1), ""),
        (QuotaFigures(price=0.1, cost=0.81), "money"),
        (QuotaFigures(price=0.0, cost=1.0), "money"),
        (QuotaFigures(price=0.0, cost=0.99), ""),
        (QuotaFigures(recent=(1, 2, 3), items=9, cost=9), "rate"),
    ],
)
def test_the_first_limit_is_told(figures: QuotaFigures, limit: str) -> None:
    """Requests, files and money, in this order; exactly what is allowed is allowed."""
    over = find_exceeded(IMAGES, figures, 30.0)
    assert (over.limit if over is not None else "") == limit


def test_nothing_limited() -> None:
    """A limit of 0 is none."""
    figures = QuotaFigures(recent=range(100), items=100, cost=100, is_open=True)
    assert find_exceeded(QuotaRequest(kind="image", items=9), figures, 0.0) is None


def test_how_long_to_wait_and_what_is_left() -> None:
    """Until the oldest of the counted requests is a minute ago; the files that are still allowed."""
    over = find_exceeded(IMAGES, QuotaFigures(recent=(1, 10, 20, 25)), 30.0)
    assert over is not None
    assert over.wait == 40
    over = find_exceeded(IMAGES, QuotaFigures(items=4), 30.0)
    assert over is not None
    assert over.left == 1


def test_people_have_numbers_of_their_own() -> None:
    """Whatever their ids are made of."""
    assert len({hash_person(*who) for who in (("a", "bc"), ("ab", "c"), ("a", "b\0c"), ("a", "\ud800"))}) == 4
