"""Rate limits, of single routes and global, with their headers."""

import hashlib
import time
from dataclasses import dataclass, field

from simulators.discord.errors import Refused


@dataclass(slots=True)
class Rule:
    """A number of requests of a route in a number of seconds, for each channel, guild or webhook."""

    method: str
    path: str
    count: int
    seconds: float
    used: dict[str, list[float]] = field(default_factory=dict)


@dataclass(slots=True)
class Refusal:
    """Requests that are refused with 429, whatever their number."""

    method: str
    path: str
    times: int
    retry_after: float
    is_global: bool


class Limits:
    """Rate limits; generous unless set otherwise."""

    def __init__(self) -> None:
        self._rules: list[Rule] = [Rule("", "", 1000, 1.0)]
        self._refusals: list[Refusal] = []
        self.per_second = 0  #: requests of all routes together; 0: any number
        self._all: list[float] = []
        self.refused = 0  #: answers with 429 so far

    def allow(self, method: str, path: str, *, count: int, seconds: float) -> None:
        """Limit the requests whose path contains `path`."""
        self._rules.insert(0, Rule(method, path, count, seconds))

    def refuse(
        self, method: str, path: str, *, times: int = 1, retry_after: float = 0.05, is_global: bool = False
    ) -> None:
        """Answer the next requests whose path contains `path` with 429."""
        self._refusals.append(Refusal(method, path, times, retry_after, is_global))

    def check(self, method: str, path: str, pattern: str, major: str) -> dict[str, str]:
        """Return the headers of an allowed request. Raises `Refused` for any other."""
        for refusal in self._refusals:
            if refusal.method == method and refusal.path in path:
                refusal.times -= 1
                if not refusal.times:
                    self._refusals.remove(refusal)
                raise self._too_many(refusal.retry_after, is_global=refusal.is_global, scope="user")
        now = time.monotonic()
        if self.per_second and not pattern.startswith("interactions/"):
            self._all = [at for at in self._all if now - at < 1]
            if len(self._all) >= self.per_second:
                raise self._too_many(self._all[0] + 1 - now, is_global=True, scope="global")
            self._all.append(now)
        rule = next(r for r in self._rules if r.method in ("", method) and r.path in path)
        key = f"{method} {pattern}/{major}"
        used = rule.used[key] = [at for at in rule.used.get(key, ()) if now - at < rule.seconds]
        is_over = len(used) >= rule.count
        if not is_over:
            used.append(now)
        wait = used[0] + rule.seconds - now
        headers = {
            "X-RateLimit-Limit": str(rule.count),
            "X-RateLimit-Remaining": str(rule.count - len(used)),
            "X-RateLimit-Reset": f"{time.time() + wait:.3f}",
            "X-RateLimit-Reset-After": f"{wait:.3f}",
            "X-RateLimit-Bucket": hashlib.md5(f"{method} {pattern}".encode(), usedforsecurity=False).hexdigest(),
        }
        if is_over:
            raise self._too_many(wait, is_global=False, scope="user", headers=headers)
        return headers

    def _too_many(self, wait: float, *, is_global: bool, scope: str, headers: dict[str, str] | None = None) -> Refused:
        self.refused += 1
        error = Refused(429, 0, "You are being rate limited.", retry_after=round(wait, 3), **{"global": is_global})
        error.headers = {**(headers or {}), "Retry-After": f"{wait:.3f}", "X-RateLimit-Scope": scope}
        if is_global:
            error.headers["X-RateLimit-Global"] = "true"
        return error
