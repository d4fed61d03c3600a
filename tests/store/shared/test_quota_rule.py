"""The quota rule by itself; what it is given is the engines' affair."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.limits import (
    UTC_ZONE,
    Amounts,
    Limit,
    Measure,
    Period,
    QuotaRequest,
    Subject,
    window_end,
    window_start,
)
from bot.store.shared.quota import QuotaFigures, find_exceeded, hash_person
from tests.support.database.store import make_quota

IMAGES = make_quota("image", 2, requests_per_minute=3, media_per_day=5, budget_per_day=1.0)
RATE, MEDIA, MONEY = IMAGES.limits
NOON = 43_200.0


def recent(*times: float) -> dict[Subject, Sequence[float]]:
    return {Subject.PERSON: [NOON - 30 + at for at in times]}


@pytest.mark.parametrize(
    ("figures", "limit"),
    [
        (QuotaFigures(), None),
        (QuotaFigures(recent=recent(1, 2)), None),
        (QuotaFigures(recent=recent(1, 2, 3)), RATE),
        (QuotaFigures(used={MEDIA: 3}), None),
        (QuotaFigures(used={MEDIA: 4}), MEDIA),
        (QuotaFigures(is_open=True), MONEY),
        (QuotaFigures(is_open=True, price=500_000), None),
        (QuotaFigures(price=600_000), MONEY),
        (QuotaFigures(price=100_000, used={MONEY: 800_000}), None),
        (QuotaFigures(price=100_000, used={MONEY: 800_001}), MONEY),
        (QuotaFigures(price=0, used={MONEY: 1_000_000}), MONEY),
        (QuotaFigures(price=0, used={MONEY: 999_999}), None),
        (QuotaFigures(recent=recent(1, 2, 3), used={MEDIA: 9}), MEDIA),
    ],
)
def test_the_limit_that_holds_longest_is_told(figures: QuotaFigures, limit: Limit | None) -> None:
    """Exactly what is allowed is allowed."""
    over = find_exceeded(IMAGES, figures, NOON, UTC_ZONE)
    assert (over.limit if over is not None else None) == limit


def test_how_long_to_wait_and_what_is_left() -> None:
    """Until the oldest of the counted requests is a minute ago, or the window ends; what is still allowed."""
    over = find_exceeded(IMAGES, QuotaFigures(recent=recent(1, 10, 20, 25)), NOON, UTC_ZONE)
    assert over is not None
    assert over.wait == 40
    over = find_exceeded(IMAGES, QuotaFigures(used={MEDIA: 4}), NOON, ZoneInfo("Asia/Taipei"))
    assert over is not None
    assert (over.left, over.wait) == (1, 4 * 3600)


def test_a_known_price_decides() -> None:
    """The most that one of the kind has cost; nobody has to find it out first."""
    quota = make_quota("image", 2, budget_per_day=1.0, micros=300_000)
    figures = QuotaFigures(price=900_000, is_open=True, used={quota.limits[0]: 700_000})
    assert find_exceeded(quota, figures, NOON, UTC_ZONE) is None
    over = find_exceeded(quota, replace(figures, used={quota.limits[0]: 700_001}), NOON, UTC_ZONE)
    assert over is not None
    assert over.left == 299_999


def test_tokens_may_be_used_up() -> None:
    """How many a request will use is only known afterwards: what is left may be used."""
    limit = Limit(Subject.SERVICE, Measure.TOKENS, Period.DAY, 1000)
    quota = QuotaRequest(uses=Amounts(kind="chat", requests=1, tokens=16_000), limits=(limit,))
    assert find_exceeded(quota, QuotaFigures(used={limit: 999}), NOON, UTC_ZONE) is None
    assert find_exceeded(quota, QuotaFigures(used={limit: 1000}), NOON, UTC_ZONE) is not None


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        (Period.DAY, "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00"),  # the clocks go forward
        (Period.MONTH, "2026-03-01T00:00+01:00", "2026-04-01T00:00+02:00"),
    ],
)
def test_windows_are_those_of_the_zone(period: Period, start: str, end: str) -> None:
    """A day of 23 hours, and a month with it, begin and end at midnight."""
    zone, now = ZoneInfo("Europe/Berlin"), datetime.fromisoformat("2026-03-29T12:00+02:00").timestamp()
    assert window_start(period, now, zone) == datetime.fromisoformat(start).timestamp()
    assert window_end(period, now, zone) == datetime.fromisoformat(end).timestamp()


def test_people_have_numbers_of_their_own() -> None:
    """Whatever their ids are made of."""
    assert len({hash_person(*who) for who in (("a", "bc"), ("ab", "c"), ("a", "b\0c"), ("a", "\ud800"))}) == 4
