"""Slack's Web API: calls within its rate limits, and the features that a workspace refuses.

Slack counts calls of a method within a minute, for each workspace. A call that has to be made waits for its turn, in
order. A best-effort call (a growing text, a status) is refused instead, with the time of the next try, and gets only a
share of the calls, so that twenty answers that grow at once still end in time.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.kit.bounded import BoundedDict
from adapters.kit.connection.fenced_connector import fenced
from adapters.slack.connection.errors import API_ERRORS, error_code, is_rate_limit, to_delivery_error
from adapters.slack.connection.workspaces import Workspace, Workspaces
from adapters.slack.reply_target import ReplyTarget
from adapters.slack.timing import Timing
from adapters.slack.types import Json
from bot.background import BackgroundTasks
from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused
from bot.ports import AdapterServices, Confirm, always_owned

# ------------------------------------------------------------------ rate limits

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


# ------------------------------------------------------------------ features

#: Features that an answer can do without.
STREAM, STATUS, SESSION, CARDS, CAPTION, CHARTS = "stream", "status", "session", "cards", "caption", "charts"
REACTIONS, FEEDBACK, DATA_TABLES, PLANS = "reactions", "feedback", "data tables", "plans"
#: Errors by which a workspace refuses a feature as a whole.
UNSUPPORTED = frozenset(
    {
        "access_denied",
        "channel_type_not_supported",
        "deprecated_endpoint",
        "feature_not_enabled",
        "method_deprecated",
        "method_not_supported_for_channel_type",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_supported",
        "team_not_found",
        "unknown_method",
    }
)
_GATES = 10_000  # refusals in memory
_SUSPECTED = 600.0  # seconds for which a refusal that may be a passing trouble is remembered


class FeatureGates:
    """Features that workspaces refused; each is tried again after `retry` seconds, as Slack rolls features out slowly.

    So an answer does not pay twice for what a workspace does not have.
    """

    def __init__(self, *, retry: float = 6 * 3600.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._disabled: BoundedDict[tuple[str, str], None] = BoundedDict(_GATES, lifetime=retry, clock=clock)
        self._suspected: BoundedDict[tuple[str, str], None] = BoundedDict(_GATES, lifetime=_SUSPECTED, clock=clock)

    def is_enabled(self, owner: str, feature: str) -> bool:
        """Whether the feature is worth a try in the workspace."""
        return (owner, feature) not in self._disabled

    def suspect(self, owner: str, feature: str) -> bool:
        """Note a refusal that may be a passing trouble. True: there was one shortly before."""
        is_second = (owner, feature) in self._suspected
        self._suspected[owner, feature] = None
        return is_second

    def disable(self, owner: str, feature: str) -> None:
        """Note that the workspace refused the feature."""
        self._disabled[owner, feature] = None


# ------------------------------------------------------------------ calls

_TRIES = 3  # of a call that Slack refuses by its rate limit
#: Methods whose parameters are sent as a form, as they take no JSON. An address would be too short for a long caption.
_FORM_METHODS = frozenset(
    {"conversations.replies", "conversations.history", "files.getUploadURLExternal", "files.completeUploadExternal"}
    | {"files.info", "conversations.members"}
)
#: Methods that change nothing that people see.
_INVISIBLE = _FORM_METHODS - {"files.completeUploadExternal"} | {"conversations.open"}
#: Errors by which the bot may not write in a channel, while the person who asked can still be reached.
FORBIDDEN_CHANNEL = frozenset(
    {
        "cannot_reply_to_message",
        "channel_not_found",
        "is_archived",
        "not_in_channel",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_locked",
        "user_not_in_channel",
    }
)
#: Errors by which the app as a whole is refused: no other message would be taken.
_REFUSED_APP = frozenset(
    {
        *("access_denied", "account_inactive", "enterprise_is_restricted", "invalid_auth", "missing_scope"),
        *("not_allowed_token_type", "not_authed", "team_access_not_granted", "token_expired", "token_revoked"),
    }
)
_UNKNOWN_OUTCOME = ("", "fatal_error", "internal_error", "request_timeout", "service_unavailable")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryServices:
    """Services that all answers share."""

    core: AdapterServices
    workspaces: Workspaces
    rate_limiter: RateLimiter
    features: FeatureGates
    background: BackgroundTasks
    timing: Timing
    #: By key of an answer whether this process knows all of its messages: trying again needs no wait for late ones.
    settled: BoundedDict[str, bool]
    started_at: float  #: of this process, on the monotonic clock: an earlier one has sent nothing since
    #: Links a new thread with its conversation: owner, channel, ts, conversation. Raises `StoreError`.
    link_thread: Callable[[str, str, str, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class WebApi:
    """Calls for one answer. Every method raises `DeliveryError`.

    `confirm`: awaited right before each call that people see, after any wait; its error prevents the call.
    """

    services: DeliveryServices
    target: ReplyTarget
    confirm: Confirm = always_owned

    async def workspace(self) -> Workspace:
        """Return the installation that answers."""
        return await self.services.workspaces.find(self.target.team, self.target.enterprise)

    async def client(self) -> AsyncWebClient:
        """Return the client of the installation that answers."""
        return await self.services.workspaces.find_client(self.target.team, self.target.enterprise)

    async def call(self, method: str, *, best_effort: bool = False, **params: Any) -> Json:
        """Call a method; parameters that are None are left out. Raises also the errors of `confirm`.

        Unless it is `best_effort`, the call waits for its turn a while, also after Slack refused it by its rate limit.
        """
        owner, limiter = self.target.owner, self.services.rate_limiter
        channel = str(params.get("channel") or "")
        given = {name: value for name, value in params.items() if value is not None}
        form, body = (given, None) if method in _FORM_METHODS else (None, given)
        for left in reversed(range(1 if best_effort else _TRIES)):
            await limiter.acquire(owner, method, channel, best_effort=best_effort)
            client = await self.client()
            try:
                with fenced(always_owned if method in _INVISIBLE else self.confirm):
                    answer = await client.api_call(method, data=form, json=body)
            except API_ERRORS as exc:
                error = to_delivery_error(exc)
                if is_rate_limit(exc) and isinstance(error, DeliveryDelayed):
                    seconds = error.retry_after or 0.0
                    limiter.block(owner, method, channel, seconds=seconds)
                    if left and seconds <= limiter.patience:
                        continue
                raise error from exc
            return answer.data if isinstance(answer.data, dict) else {}
        raise DeliveryDelayed("Slack gets too many requests")

    def is_enabled(self, feature: str) -> bool:
        """Whether the workspace may have the feature."""
        return self.services.features.is_enabled(self.target.owner, feature)

    def suspect(self, feature: str) -> bool:
        """See `FeatureGates.suspect`."""
        return self.services.features.suspect(self.target.owner, feature)

    def disable(self, feature: str) -> None:
        """Note that the workspace refused the feature."""
        self.services.features.disable(self.target.owner, feature)


def refusal_code(exc: DeliveryError) -> str:
    """Return Slack's name of the error behind an error of `WebApi.call`; "" when there was no answer."""
    return error_code(exc.__cause__) if exc.__cause__ is not None else ""


def is_outcome_unknown(exc: DeliveryError) -> bool:
    """Whether a call that failed may have been carried out: no answer came, or Slack had trouble of its own."""
    cause = exc.__cause__
    if cause is None or is_rate_limit(cause):
        return False
    return error_code(cause) in _UNKNOWN_OUTCOME


def is_forbidden_channel(exc: DeliveryError) -> bool:
    """Whether the bot may not write there, while the person who asked can still be reached."""
    return isinstance(exc, DeliveryRefused) and refusal_code(exc) in FORBIDDEN_CHANNEL


def is_refused_message(exc: DeliveryError) -> bool:
    """Whether Slack refused what was sent, by whatever name, and might take it in another form or place."""
    is_answer = isinstance(exc, DeliveryRefused) and isinstance(exc.__cause__, SlackApiError)
    return is_answer and refusal_code(exc) not in _REFUSED_APP | FORBIDDEN_CHANNEL
