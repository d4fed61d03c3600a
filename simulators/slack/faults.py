"""Faults on demand, and Slack's rate limits."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

from simulators.slack.values import Json

When = Literal["before", "after"]
Condition = Callable[[Json], bool]
Hook = Callable[[], Awaitable[None] | None]


class ApiError(Exception):
    """An error answer: `{"ok": false, "error": …}`."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.answer = {"ok": False, "error": error, **more}


class RateLimitedError(Exception):
    """HTTP 429."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"wait {retry_after} s")
        self.retry_after = retry_after


class CrashError(Exception):
    """An HTTP status without Slack's JSON."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class DropError(Exception):
    """The connection ends without an answer."""


@dataclass(slots=True)
class Rule:
    """A fault of the methods that match a pattern, `left` times (None: always)."""

    pattern: str
    when: When
    left: int | None
    error: Exception | None = None
    gate: asyncio.Event | None = None
    where: Condition | None = None  #: of the arguments; None: all calls
    hit: int = 0


@dataclass(slots=True)
class Faults:
    """Faults to inject. A pattern is a method's name, `chat.*` or `*`."""

    rules: list[Rule] = field(default_factory=list)
    hooks: dict[tuple[int | str, When], Hook] = field(default_factory=dict)
    delay: float = 0.0  #: seconds by which every call is late

    def fail(
        self, pattern: str, error: str, *, times: int | None = 1, where: Condition | None = None, **more: Any
    ) -> Rule:
        """Answer with this error, where the arguments are such; `more` joins the answer."""
        rule = self._add(pattern, "before", times, ApiError(error, **more))
        rule.where = where
        return rule

    def unknown(self, pattern: str) -> Rule:
        """Answer as a workspace without these methods."""
        return self.fail(pattern, "unknown_method", times=None)

    def limit(self, pattern: str, retry_after: float = 1, *, times: int | None = 1) -> Rule:
        """Answer 429 with Retry-After."""
        return self._add(pattern, "before", times, RateLimitedError(retry_after))

    def crash(self, pattern: str, status: int = 500, *, when: When = "before", times: int | None = 1) -> Rule:
        """Answer with a bare HTTP error, before or after the call took effect."""
        return self._add(pattern, when, times, CrashError(status))

    def drop(self, pattern: str, *, when: When = "before", times: int | None = 1) -> Rule:
        """Close the connection, before or after the call took effect."""
        return self._add(pattern, when, times, DropError())

    def hold(self, pattern: str, *, when: When = "before", times: int | None = None) -> asyncio.Event:
        """Hold the calls until the returned event is set."""
        gate = asyncio.Event()
        self.rules.append(Rule(pattern, when, times, gate=gate))
        return gate

    def at(self, call: int | str, when: When, hook: Hook) -> None:
        """Run the hook at the `call`th Web API call from the start, counted from 1, or at the next of that method."""
        self.hooks[call, when] = hook

    def clear(self) -> None:
        """Remove all faults and release held calls."""
        for rule in self.rules:
            if rule.gate:
                rule.gate.set()
        self.rules.clear()
        self.hooks.clear()
        self.delay = 0.0

    def _add(self, pattern: str, when: When, times: int | None, error: Exception) -> Rule:
        rule = Rule(pattern, when, times, error)
        self.rules.append(rule)
        return rule

    async def apply(self, method: str, number: int, when: When, params: Json | None = None) -> None:
        """Apply the hooks and faults of this moment of a call. Raises the fault's error."""
        if self.delay and when == "before":
            await asyncio.sleep(self.delay)
        hook = self.hooks.pop((number, when), None) or self.hooks.pop((method, when), None)
        if hook is not None and (waiting := hook()):
            await waiting
        for rule in list(self.rules):
            if rule.when != when or not fnmatchcase(method, rule.pattern) or rule.left == 0:
                continue
            if rule.where is not None and not rule.where(params or {}):
                continue
            rule.hit += 1
            if rule.left is not None:
                rule.left -= 1
            if rule.gate:
                await rule.gate.wait()
            elif rule.error:
                raise rule.error


#: Messages of a request of an app that is distributed outside of the Marketplace, and requests a minute:
#: https://docs.slack.dev/reference/methods/conversations.history#non-marketplace-changes
RESTRICTED_PAGE, _RESTRICTED_CALLS = 15, 1
_HISTORY = ("conversations.history", "conversations.replies")
#: Calls a minute, by tier.
TIERS = {1: 1, 2: 20, 3: 50, 4: 100}

_TIER = {
    "chat.update": 3,
    "chat.delete": 3,
    "chat.postEphemeral": 4,
    "chat.startStream": 2,
    "chat.appendStream": 4,
    "chat.stopStream": 2,
    "conversations.replies": 3,
    "conversations.history": 3,
    "conversations.info": 3,
    "conversations.open": 3,
    "conversations.members": 4,
    "users.conversations": 3,
    "users.info": 4,
    "views.open": 4,
    "views.update": 4,
    "views.push": 4,
    "views.publish": 4,
    "files.getUploadURLExternal": 4,
    "files.completeUploadExternal": 4,
    "files.info": 4,
    "files.delete": 3,
    "reactions.add": 3,
    "reactions.remove": 2,
    "team.info": 3,
    "bots.info": 3,
    "usergroups.list": 2,
}


@dataclass(slots=True)
class Limits:
    """Slack's rate limits, off until `enabled`: calls per (workspace, method), posts per channel and second."""

    enabled: bool = False
    restricts_history: bool = False  #: as of an app that is distributed outside of the Marketplace
    window: float = 60.0  #: seconds over which calls are counted; shorter windows keep their counts
    per_window: dict[str, int] = field(default_factory=dict)  #: replaces a method's tier
    posts_per_second: float = 1.0  #: in a channel
    post_burst: int = 5
    refused: int = 0  #: how many calls got a 429 by these limits
    _seen: dict[tuple[str, str], deque[float]] = field(default_factory=dict)

    def count(self, team: str, method: str, channel: str) -> None:
        """Count a call. Raises `RateLimitedError` above the limit."""
        if self.restricts_history and method in _HISTORY:
            self._check((team, method), _RESTRICTED_CALLS, self.window)
        if not self.enabled:
            return
        if method == "chat.postMessage":
            self._check((team, channel), self.post_burst, self.post_burst / self.posts_per_second)
        elif allowed := self.per_window.get(method, TIERS.get(_TIER.get(method, 0), 0)):
            self._check((team, method), allowed, self.window)

    def _check(self, key: tuple[str, str], allowed: int, window: float) -> None:
        seen, now = self._seen.setdefault(key, deque()), time.monotonic()
        while seen and seen[0] <= now - window:
            seen.popleft()
        if len(seen) >= allowed:
            self.refused += 1
            raise RateLimitedError(max(1, math.ceil(seen[0] + window - now)))
        seen.append(now)
