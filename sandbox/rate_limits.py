"""Rate limit: requests per minute, counted in fixed windows, and its headers."""

import math
import time
from dataclasses import dataclass, field

WINDOW = 60.0  #: seconds


@dataclass(slots=True)
class _Window:
    ends: float  #: Unix seconds
    used: int = 0


@dataclass(slots=True)
class RateLimitCounter:
    """Counts the calls of each key."""

    limit: int  #: requests in a window
    _windows: dict[str, _Window] = field(default_factory=dict)

    def take(self, key: str) -> tuple[bool, dict[str, str]]:
        """Count a call; return whether it is allowed, and the rate-limit headers."""
        now = time.time()
        window = self._windows.get(key)
        if window is None or window.ends <= now:
            window = self._windows[key] = _Window(now + WINDOW)
        allowed = window.used < self.limit
        window.used += allowed
        return allowed, self._headers(self.limit - window.used, window.ends)

    def untouched(self) -> dict[str, str]:
        """The headers for a caller without a valid key, who is not counted."""
        return self._headers(self.limit, time.time() + WINDOW)

    def _headers(self, remaining: int, ends: float) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(remaining),
            "X-RateLimit-Reset": str(math.ceil(ends)),
        }
