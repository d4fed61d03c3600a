"""Keeps what is sent within what Slack allows, for each workspace and method.

Slack counts calls of a method within a minute. What must be sent waits for its turn, in order; what is only decoration
is told when to try again and takes no more than a share, so that twenty answers that grow at once still end in time.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from adapters.kit.bounded import BoundedDict
from bot.errors import DeliveryDelayed

_MINUTE = 60.0
_TIERS = {2: 20, 3: 50, 4: 100}
#: Calls in a minute that Slack allows at least; what is not named here has special limits.
PER_MINUTE = {
    "chat.startStream": _TIERS[2],
    "chat.stopStream": _TIERS[2],
    "chat.update": _TIERS[3],
    "chat.delete": _TIERS[3],
    "conversations.open": _TIERS[3],
    "conversations.replies": _TIERS[3],
    "files.delete": _TIERS[3],
    "chat.appendStream": _TIERS[4],
    "chat.postEphemeral": _TIERS[4],
    "files.completeUploadExternal": _TIERS[4],
    "files.getUploadURLExternal": _TIERS[4],
    "files.info": _TIERS[4],
}
_OTHER = 300  # where no number is published, such as for a status; Slack's 429 tells when it is less
#: One message a second in a channel, a few at once.
_POSTS, _POSTING = 4, 4.0  # calls, seconds
_SPARE = 0.6  # the share of a minute's calls that decoration may take
_AT_ONCE = 0.25  # the share of them that may be taken without a pause
#: Seconds that something may wait for its turn before it is told to come later.
PATIENCE = 20.0
_KEPT = 2000  # counters


@dataclass(slots=True)
class _Counter:
    """Calls of one method in one workspace."""

    most: int  #: within `window`
    window: float  #: seconds
    is_even: bool = False  #: after the first `most`, one by one at even distances instead of all of a window at once
    seen: deque[float] = field(default_factory=deque)  #: when calls were, or will be, made
    due: float = 0.0  #: of even ones, when the next would come if none had come early
    spare: float = 0.0  #: tokens of decoration
    refilled: float = 0.0
    closed: float = 0.0  #: until when Slack wants to be left alone

    def free_at(self, now: float) -> float:
        """When the next call may be made."""
        if self.is_even:
            return max(now, self.due - (self.most - 1) * self.window / self.most, self.closed)
        while self.seen and self.seen[0] <= now - self.window:
            self.seen.popleft()
        busy = self.seen[-self.most] + self.window if len(self.seen) >= self.most else now
        return max(now, busy, self.closed)

    def take(self, at: float) -> None:
        """A call is made then."""
        if self.is_even:
            self.due = max(self.due, at) + self.window / self.most
        else:
            self.seen.append(at)

    def decorates_at(self, now: float) -> float:
        """When the next call of a decoration may be made."""
        rate = self.most * _SPARE / self.window
        full = max(2.0, self.most * _SPARE * _AT_ONCE)
        if not self.refilled:
            self.spare, self.refilled = full, now
        self.spare = min(full, self.spare + (now - self.refilled) * rate)
        self.refilled = now
        wait = max(0.0, (1.0 - self.spare) / rate)
        return max(self.free_at(now), now + wait)


class Pacing:
    """One for all workspaces."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, window: float = _MINUTE) -> None:
        self._clock = clock
        self._window = window
        self._counters: BoundedDict[tuple[str, str, str], _Counter] = BoundedDict(_KEPT, renews_on_read=True)

    async def turn(self, owner: str, method: str, channel: str = "", *, is_decoration: bool = False) -> None:
        """Return when the call may be made. Raises `DeliveryDelayed` when that would take too long."""
        counter, now = self._counter(owner, method, channel), self._clock()
        at = counter.decorates_at(now) if is_decoration else counter.free_at(now)
        if at - now > (0.0 if is_decoration else PATIENCE):
            raise DeliveryDelayed(f"{method} is used as often as Slack allows", retry_after=at - now)
        if is_decoration:
            counter.spare -= 1.0
        counter.take(at)
        if at > now:
            await asyncio.sleep(at - now)

    def is_free(self, owner: str, method: str) -> bool:
        """Whether a decoration could be sent by this method at once."""
        now = self._clock()
        return self._counter(owner, method, "").decorates_at(now) <= now

    def close(self, owner: str, method: str, channel: str = "", *, seconds: float) -> None:
        """Slack wants this method left alone for so long."""
        counter = self._counter(owner, method, channel)
        counter.closed = max(counter.closed, self._clock() + seconds)

    def _counter(self, owner: str, method: str, channel: str) -> _Counter:
        is_post = method == "chat.postMessage"
        key = (owner, method, channel if is_post else "")
        found = self._counters.get(key)
        if found is None:
            most, window = (_POSTS, _POSTING) if is_post else (PER_MINUTE.get(method, _OTHER), self._window)
            found = self._counters[key] = _Counter(most, window, is_even=is_post)
        return found
