"""The quota rule, which every engine applies in the step that records an event."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import OverLimit
from bot.models import QuotaRequest

MINUTE = 60.0  #: seconds
DAY = 86400  #: seconds
#: Days for which the highest price of a kind is kept.
PRICE_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaFigures:
    """The figures that a request is checked against. Those of a limit of 0 may be left out."""

    recent: Sequence[float] = ()  #: when the person's counted requests of the last minute were, oldest first
    items: int = 0  #: files made today and being made for the person
    cost: float = 0.0  #: spent by all people today, and being spent, at the highest price of each kind
    price: float | None = None  #: the highest of one item or request of the kind; None: none was finished
    is_open: bool = False  #: whether a request of the kind is being answered


def find_exceeded(quota: QuotaRequest, figures: QuotaFigures, now: float) -> OverLimit | None:
    """Return the limit that the request exceeds; None: it is within all. `now`: seconds since 1970."""
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


def day_of(now: float) -> int:
    """Return the day in UTC, as days since 1970."""
    return int(now // DAY)


def hash_person(adapter: str, actor: str) -> int:
    """Return a number for a person that does not name them: allowances of a day outlast the erasure of the person."""
    key = f"{len(adapter)}/{adapter}{actor}".encode(errors="surrogatepass")
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big", signed=True)


#: Keeps the number of files made today for a person who is forgotten.
COUNT_ON = """
INSERT INTO allowances (person, day, items)
SELECT CAST(:person AS bigint), CAST(:today AS bigint), made.items FROM (
    SELECT sum(items) AS items FROM usage
    WHERE adapter = :adapter AND actor = :actor AND actor <> '' AND hour >= :hour) AS made
WHERE made.items > 0
ON CONFLICT (person) DO UPDATE SET day = excluded.day,
    items = excluded.items + CASE WHEN allowances.day = excluded.day THEN allowances.items ELSE 0 END
"""
