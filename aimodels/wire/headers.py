"""The rate-limit headers of an answer: parsed leniently, ignored where they make no sense."""

# ruff: noqa: PLR2004 (the numbers' meaning stands beside them)

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache

_COUNT = re.compile(r"\s*([0-9]{1,15})(?:\.0*)?\s*(?:[,;].*)?")
_SECONDS = re.compile(r"\s*([0-9]{1,20}(?:\.[0-9]{0,9})?)\s*(?:[,;].*)?")


@dataclass(frozen=True, slots=True)
class RateLimitHeaders:
    """Parsed rate-limit headers. None: absent or nonsense."""

    limit: int | None = None  #: calls per window, at least 1
    remaining: int | None = None  #: calls left in this window
    reset: float | None = None  #: seconds from now until the next window, more than 0
    retry_after: float | None = None  #: seconds from now


_LIMITS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after", "date")
_OF_BODY = ("content-type", "content-encoding", "x-sandbox")
_NAMES = {name.encode(): name for name in (*_LIMITS, *_OF_BODY)}  #: by what they are on the wire in lower case


def select_headers(raw: Sequence[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """The headers that the client reads, by lower-case name; of repeated headers the first."""
    found: dict[str, str] = {}
    for key, value in raw:
        name = _NAMES.get(key.lower())
        if name is not None:
            found.setdefault(name, value.decode("latin-1"))
    return found


def parse_headers(headers: Mapping[str, str], now: float) -> RateLimitHeaders:
    """Parse rate-limit headers. `now` (Unix seconds) is used where the answer has no `Date`. Never raises."""
    limit = _count(headers.get("x-ratelimit-limit"))
    remaining = _count(headers.get("x-ratelimit-remaining"))
    reset, after = headers.get("x-ratelimit-reset"), headers.get("retry-after")
    if reset is None and after is None:
        return RateLimitHeaders(limit or None, remaining)
    # The API's own clock translates its moments into spans, so that a skew between the two clocks does not matter.
    date = headers.get("date")
    server_now = (_http_date(date) if date else None) or now
    return RateLimitHeaders(limit or None, remaining, _span(reset, server_now), _span(after, server_now))


def _count(text: str | None) -> int | None:
    match = _COUNT.fullmatch(text) if text else None
    return int(match[1]) if match else None


def _span(text: str | None, server_now: float) -> float | None:
    """Seconds from now. Takes Unix time (also in milli-, micro- and nanoseconds), a number of seconds, an HTTP date."""
    if text is None:
        return None
    match = _SECONDS.fullmatch(text)
    moment = float(match[1]) if match else _http_date(text)
    if moment is None:
        return None
    while moment >= 1e11:  # no Unix time in seconds until the year 5138
        moment /= 1000
    span = moment if match and moment < 1e8 else moment - server_now
    return span if span > 0 else None


@lru_cache(maxsize=16)
def _http_date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError, OSError):
        return None
