"""The library's rate limits, one for each route in each channel."""

import time

from discord.http import HTTPClient, Ratelimit


def throttle_cleanup(http: HTTPClient, interval: float) -> None:
    """Drop the rate limits that nobody has used for `interval` seconds, at most once in as many.

    The library would search all of them at each new channel, and every answer may start a thread; and it would keep
    them for five minutes: a kilobyte each, and several for each thread.
    """
    last = 0.0

    def clean_up() -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > interval:
            last = now
            limits = http._buckets  # noqa: SLF001 - no public way
            for key in [key for key, limit in limits.items() if _is_over(limit, interval)]:
                del limits[key]

    http._try_clear_expired_ratelimits = clean_up  # type: ignore[method-assign] # noqa: SLF001


def _is_over(limit: Ratelimit, idle: float) -> bool:
    """Whether a rate limit holds no request back: one that is made anew would hold back none either."""
    is_idle = limit._loop.time() - limit._last_request >= idle  # noqa: SLF001
    is_used = limit.outgoing or limit._pending_requests  # noqa: SLF001
    return is_idle and not is_used and (limit.expires is None or limit.is_expired())
