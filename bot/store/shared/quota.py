"""The quota rule: whether a request is within its limits. Each engine applies it as it records the event."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import OverLimit
from bot.models import QuotaRequest

MINUTE = 60.0  #: seconds
DAY = 86400  #: seconds
#: Days that the dearest price of a kind is remembered.
PRICE_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaFigures:
    """What a request is measured against. A figure whose limit is 0 need not be known."""

    recent: Sequence[float] = ()  #: when the person's counted requests of the last minute were, oldest first
    items: int = 0  #: files made today and being made for the person
    cost: float = 0.0  #: spent by everybody today, and being spent, at the dearest price of each kind
    price: float | None = None  #: the dearest of one item or request of the kind; None: none was ever finished
    is_open: bool = False  #: whether a request of the kind is being answered


def find_exceeded(quota: QuotaRequest, figures: QuotaFigures, now: float) -> OverLimit | None:
    """Return the limit that the request is over; None: it is to be counted. `now`: seconds since 1970."""
    rate = quota.requests_per_minute
    if rate and len(figures.recent) >= rate:
        return OverLimit("rate", wait=figures.recent[-rate] + MINUTE - now)
    if quota.media_per_day and figures.items + quota.items > quota.media_per_day:
        return OverLimit("media", left=max(0, quota.media_per_day - figures.items))
    if quota.budget_per_day:
        if figures.price is None and figures.is_open:
            return OverLimit("price")
        left = quota.budget_per_day - figures.cost
        rounding = quota.budget_per_day * 1e-9  #: sums of prices are not exact
        # At the limit even what is free today waits: the first price of a kind is only known afterwards.
        if left <= rounding or (figures.price or 0.0) * max(quota.items, 1) > left + rounding:
            return OverLimit("money")
    return None


def today(now: float) -> int:
    """The day in UTC, as days since 1970."""
    return int(now // DAY)


def person_number(adapter: str, actor: str) -> int:
    """A number for a person that does not name them: what is counted by it outlasts being forgotten, for a day."""
    key = f"{len(adapter)}/{adapter}{actor}".encode(errors="surrogatepass")
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big", signed=True)


#: Count on what was made today for a person who is forgotten.
COUNT_ON = """
INSERT INTO allowances (person, day, items)
SELECT CAST(:person AS bigint), CAST(:today AS bigint), made.items FROM (
    SELECT sum(items) AS items FROM usage
    WHERE adapter = :adapter AND actor = :actor AND actor <> '' AND hour >= :hour) AS made
WHERE made.items > 0
ON CONFLICT (person) DO UPDATE SET day = excluded.day,
    items = excluded.items + CASE WHEN allowances.day = excluded.day THEN allowances.items ELSE 0 END
"""
