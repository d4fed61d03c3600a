"""Slack's rate limits: calls of a method within a minute, for each workspace.

A call that has to be made waits for its turn, in order. A best-effort call (a growing text, a status) is refused
instead, with the time of the next try, and gets only a share of the calls, so that twenty answers that grow at once
still end in time.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from adapters.kit.bounded import BoundedDict
from bot.errors import DeliveryDelayed

_TIERS = {2: 20, 3: 50, 4: 100}
#: Calls in a minute that Slack allows at least; the methods that are not named here have special limits.
CALLS_PER_MINUTE = {
    "chat.startStream": _TIERS[2],
    "chat.stopStream": _TIERS[2],
    "chat.update": _TIERS[3],
    "chat.delete": _TIERS[3],
    "reactions.add": _TIERS[3],
    "conversations.history": _TIERS[3],
    "conversations.members": _TIERS[4],
    "conversations.open": _TIERS[3],
    "conversations.replies": _TIERS[3],
    "files.delete": _TIERS[3],
    "users.conversations": _TIERS[3],
    "chat.appendStream": _TIERS[4],
    "chat.postEphemeral": _TIERS[4],
    **dict.fromkeys(("files.completeUploadExternal", "files.getUploadURLExternal", "files.info"), _TIERS[4]),
}
_UNPUBLISHED = 300  # calls in a minute where no number is published; Slack's 429 tells when it is less
#: One message a second in a channel, a few at once.
_POSTS, _POST_WINDOW = 4, 4.0  # calls, seconds
_BEST_EFFORT_SHARE = 0.6  # of a minute's calls
_BURST_SHARE = 0.25  # of the best-effort calls, that may be made without a pause
_COUNTERS = 2000  # counters in memory


@dataclass(slots=True)
class _Counter:
    """Calls of one method in one workspace."""

    limit: int  #: calls within `window`
    window: float  #: seconds
    is_even: bool = False  #: after the first `limit`, calls at even distances instead of all of a window at once
    times: deque[float] = field(default_factory=deque)  #: when calls were, or will be, made
    due: float = 0.0  #: of even ones, when the next would come if none had come early
    tokens: float = 0.0  #: of best-effort calls
    refilled_at: float = 0.0
    blocked_until: float = 0.0

    def next_call(self, now: float) -> float:
        """Return the time of the next call."""
        if self.is_even:
            return max(now, self.due - (self.limit - 1) * self.window / self.limit, self.blocked_until)
        while self.times and self.times[0] <= now - self.window:
            self.times.popleft()
        free = self.times[-self.limit] + self.window if len(self.times) >= self.limit else now
        return max(now, free, self.blocked_until)

    def next_best_effort(self, now: float) -> float:
        """Return the time of the next best-effort call."""
        rate = self.limit * _BEST_EFFORT_SHARE / self.window
        full = max(2.0, self.limit * _BEST_EFFORT_SHARE * _BURST_SHARE)
        if not self.refilled_at:
            self.tokens, self.refilled_at = full, now
        self.tokens = min(full, self.tokens + (now - self.refilled_at) * rate)
        self.refilled_at = now
        wait = max(0.0, (1.0 - self.tokens) / rate)
        return max(self.next_call(now), now + wait)

    def count(self, at: float) -> None:
        """Count a call that is made at that time."""
        if self.is_even:
            self.due = max(self.due, at) + self.window / self.limit
        else:
            self.times.append(at)


class RateLimiter:
    """Rate limits of all workspaces.

    `patience`: seconds that a call may wait for its turn. `window`: seconds of Slack's "minute".
    """

    def __init__(
        self, *, patience: float = 20.0, clock: Callable[[], float] = time.monotonic, window: float = 60.0
    ) -> None:
        self.patience = patience
        self._clock = clock
        self._window = window
        self._counters: BoundedDict[tuple[str, str, str], _Counter] = BoundedDict(_COUNTERS, renews_on_read=True)

    async def acquire(self, owner: str, method: str, channel: str = "", *, best_effort: bool = False) -> None:
        """Return when the call may be made. Raises `DeliveryDelayed` when that would take too long."""
        counter, now = self._counter(owner, method, channel), self._clock()
        at = counter.next_best_effort(now) if best_effort else counter.next_call(now)
        if at - now > (0.0 if best_effort else self.patience):
            raise DeliveryDelayed(f"{method} is used as often as Slack allows", retry_after=at - now)
        if best_effort:
            counter.tokens -= 1.0
        counter.count(at)
        if at > now:
            await asyncio.sleep(at - now)

    def has_capacity(self, owner: str, method: str) -> bool:
        """Whether a best-effort call of this method could be made at once."""
        now = self._clock()
        return self._counter(owner, method, "").next_best_effort(now) <= now

    def block(self, owner: str, method: str, channel: str = "", *, seconds: float) -> None:
        """Allow no call of this method for so long, as Slack's `Retry-After` demands."""
        counter = self._counter(owner, method, channel)
        counter.blocked_until = max(counter.blocked_until, self._clock() + seconds)

    def _counter(self, owner: str, method: str, channel: str) -> _Counter:
        is_post = method == "chat.postMessage"
        key = (owner, method, channel if is_post else "")
        counter = self._counters.get(key)
        if counter is None:
            limit = _POSTS if is_post else CALLS_PER_MINUTE.get(method, _UNPUBLISHED)
            window = _POST_WINDOW if is_post else self._window
            counter = self._counters[key] = _Counter(limit, window, is_even=is_post)
        return counter
