"""Metrics in Prometheus' format. Every label has few values: no ids, no free text.

Its library is imported when somebody reads them, as in `bot.telemetry.series`.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

import structlog

from bot import __version__
from bot.models import KINDS, Answer, Event, Kind, Lane, Usage
from bot.telemetry.series import CounterSeries, HistogramSeries

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Gauge

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900)
_FAMILIES = ("image", "audio", "video", "text")  #: of files
#: Gauges that are read when somebody asks: explanation and labels, by the name after `bot_`.
_GAUGES = {
    "platform_connected": ("1 where a platform can be reached, else 0.", "adapter"),
    "queue_waiting": ("Events that wait.",),
    "queue_lane_waiting": ("Events that wait, by the lane of their command.", "lane"),
    "queue_running": ("Events that are being answered.",),
    "queue_oldest_seconds": ("How long the oldest waiting event has waited.",),
    "api_rate_limit": ("API calls per window, as told; -1: not told.",),
    "api_rate_limit_remaining": ("API calls left in the window; -1: not told.",),
    "api_rate_limit_waiting": ("API calls that wait for the window.",),
    "model_circuit": ("Failing models: 0 closed, 1 half open, 2 open (skipped).", "model"),
    "feedback": ("Opinions of answers that are kept: good, bad.", "adapter", "opinion"),
}
log = structlog.get_logger(__name__)

_LOGGED_EVERY = 60.0  #: seconds between two lines of the log that say that the API fails, at least
_PROBLEM_LASTS = 300.0  #: seconds after a failed API call during which `/readyz` reports it
_CIRCUITS = {"closed": 0, "half_open": 1, "open": 2}


class ApiCall(Protocol):
    """One try of an API call."""

    @property
    def endpoint(self) -> str:
        """The path without ids."""

    @property
    def status(self) -> int | None:
        """HTTP status; None: there was no response."""

    @property
    def seconds(self) -> float:
        """Duration in seconds."""

    @property
    def attempt(self) -> int:
        """1 for the first."""


class RateLimiter(Protocol):
    """The API's rate limit according to its last response."""

    @property
    def limit(self) -> int | None:
        """Calls per window; None: unknown."""

    @property
    def remaining(self) -> int | None:
        """Calls left in the window; None: unknown."""

    @property
    def waiting(self) -> int:
        """Calls that wait for the window to open."""


class Metrics:
    """The metrics of one service, with a registry of its own.

    `commands`: allowed values of the label `command`; other names, which people can send, become `other`. `health`: by
    platform, a function that returns "" or the platform's problem. `circuits`: returns the state of each model that has
    failed.
    """

    def __init__(
        self,
        commands: Collection[str],
        *,
        health: Mapping[str, Callable[[], str]] | None = None,
        circuits: Callable[[], Mapping[str, str]] | None = None,
    ) -> None:
        self._commands = frozenset(commands)
        self._health = health or {}
        self._find_circuits = circuits or dict
        self._is_failure_logged, self._failure_logged_at = False, -_LOGGED_EVERY
        self._api_problem = ("", 0.0)  # problem of the last call, and its monotonic time
        self._series: list[CounterSeries | HistogramSeries] = []
        self._gauges: dict[str, Gauge] = {}  # made with the registry
        of_event = ("adapter", "command")

        self._events = self._counter("bot_events", "Events, by what became of them.", *of_event, "outcome")
        self._first_sign = self._histogram(
            "bot_first_sign_seconds",
            "From receipt until the answer is begun, of which the platform shows a sign.",
            *of_event,
        )
        self._answer = self._histogram("bot_answer_seconds", "From receipt to the whole visible answer.", *of_event)
        self._retries = self._counter("bot_retries", "Events given back to be tried again.", *of_event)
        self._media = self._counter("bot_media_bytes", "Bytes of files in answers.", "family")
        self._api_calls = self._counter("bot_api_calls", "Tries of API calls.", "endpoint", "status")
        self._api_seconds = self._histogram("bot_api_call_seconds", "Duration of one try of an API call.", "endpoint")
        self._api_retries = self._counter("bot_api_retries", "Tries of API calls after the first.", "endpoint")
        self._tokens = self._counter("bot_tokens", "Tokens used.", "kind", "direction")
        self._items = self._counter("bot_items", "Pictures, sounds and videos made.", "kind")
        self._cost = self._counter("bot_cost", "Money spent, in the API's currency.", "kind")
        self._fallbacks = self._counter("bot_model_fallbacks", "Requests for which another model was asked.", "kind")
        self._loop_failures = self._counter("bot_loop_failures", "Background loops that failed.", "loop")
        self._unrecorded = self._counter("bot_recorder_failures", "What the flight recorder could not keep.")
        self._start_at_zero(self._health)

    def _counter(self, name: str, help_: str, *labels: str) -> CounterSeries:
        series = CounterSeries(name, help_, labels)
        self._series.append(series)
        return series

    def _histogram(self, name: str, help_: str, *labels: str) -> HistogramSeries:
        series = HistogramSeries(name, help_, labels, _SECONDS)
        self._series.append(series)
        return series

    def _start_at_zero(self, adapters: Collection[str]) -> None:
        """Show counters before they count: Prometheus does not see how a new series came to its first value."""
        for kind in KINDS:
            self._tokens.add(kind, "prompt", amount=0)
            self._tokens.add(kind, "completion", amount=0)
            self._items.add(kind, amount=0)
            self._cost.add(kind, amount=0)
            self._fallbacks.add(kind, amount=0)
        self._unrecorded.add(amount=0)
        for family in _FAMILIES:
            self._media.add(family, amount=0)
        for adapter in adapters:
            for command in self._commands.intersection(KINDS):
                for outcome in ("accepted", "answered", "failed", "undelivered"):
                    self._events.add(adapter, command, outcome, amount=0)

    def loop_failed(self, name: str) -> None:
        """Count a background loop that failed and is started again."""
        self._loop_failures.add(name)

    # -- the life of an event

    def not_recorded(self) -> None:
        """Count something that the flight recorder could not keep."""
        self._unrecorded.add()

    def received(self, event: Event, outcome: str) -> None:
        """Count an event: accepted, refused, duplicate."""
        self._events.add(*self._labels(event), outcome)

    def first_sign(self, event: Event) -> None:
        """Time the beginning of an answer, before the platform's call that shows a sign of it."""
        self._first_sign.observe(age_of(event), *self._labels(event))

    def answered(self, event: Event, answer: Answer, seconds: float) -> None:
        """Count a delivered answer by its outcome, and how long it took; a refusal was counted when it was received."""
        if answer.ending != "refused":
            labels = self._labels(event)
            self._events.add(*labels, outcome_of(answer))
            self._answer.observe(seconds, *labels)
        for media in answer.media:
            family = media.content_type.partition("/")[0]
            known = family if family in _FAMILIES else "other"
            self._media.add(known, amount=media.size)

    def undelivered(self, event: Event) -> None:
        """Count an answer that its platform refused."""
        self._events.add(*self._labels(event), "undelivered")

    def retried(self, event: Event) -> None:
        """Count an event that was released for another try."""
        self._retries.add(*self._labels(event))

    def used(self, usage: Sequence[Usage]) -> None:
        """Count the usage of finished API calls."""
        for one in usage:
            self._tokens.add(one.kind, "prompt", amount=one.prompt_tokens)
            self._tokens.add(one.kind, "completion", amount=one.completion_tokens)
            self._items.add(one.kind, amount=one.items)
            self._cost.add(one.kind, amount=max(0.0, one.cost))

    # -- the API

    def fell_back(self, kind: Kind) -> None:
        """Count a request for which another model was asked."""
        self._fallbacks.add(kind)

    def api_call(self, call: ApiCall) -> None:
        """Count and time one try of an API call, and note whether the API works."""
        self._api_calls.add(call.endpoint, "none" if call.status is None else str(call.status))
        self._api_seconds.observe(call.seconds, call.endpoint)
        if call.attempt > 1:
            self._api_retries.add(call.endpoint)
        problem = _problem(call.status)
        self._api_problem = (problem, time.monotonic())
        if bool(problem) != self._is_failure_logged:
            self._log_api(problem, call.endpoint)

    def _log_api(self, problem: str, endpoint: str) -> None:
        """Log that the API fails, at most once a minute, and that it answers again."""
        now = time.monotonic()
        if not problem:
            log.info("API answers again", endpoint=endpoint)
        elif now - self._failure_logged_at < _LOGGED_EVERY:
            return
        else:
            log.warning("API fails", reason=problem, endpoint=endpoint)
            self._failure_logged_at = now
        self._is_failure_logged = bool(problem)

    def api_problem(self) -> str:
        """Return the problem of the last API call; "" if there was none, or no call lately."""
        problem, at = self._api_problem
        return problem if time.monotonic() - at < _PROBLEM_LASTS else ""

    # -- reading

    @cached_property
    def registry(self) -> "CollectorRegistry":
        """All metrics; made when they are read for the first time."""
        from prometheus_client import CollectorRegistry, Gauge, GCCollector, Info, PlatformCollector, ProcessCollector

        registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        Info("bot_build", "Version of the service.", registry=registry).info({"version": __version__})
        for series in self._series:
            registry.register(series)
        self._gauges = {
            name: Gauge(f"bot_{name}", help_, labels, registry=registry) for name, (help_, *labels) in _GAUGES.items()
        }
        for name, find_problem in self._health.items():
            self._gauges["platform_connected"].labels(name).set_function(partial(_is_well, find_problem))
        return registry

    def render(
        self,
        counts: Mapping[str, float],
        limiter: RateLimiter,
        feedback: Mapping[str, tuple[int, int]] = MappingProxyType({}),
    ) -> bytes:
        """Return all metrics in Prometheus' text format.

        `counts`: from `EventQueue.counts`. `feedback`: from `Journal.feedback_counts`.
        """
        from prometheus_client import generate_latest

        registry, gauges = self.registry, self._gauges
        gauges["queue_waiting"].set(counts.get("waiting", 0))
        for lane in Lane:
            gauges["queue_lane_waiting"].labels(lane).set(counts.get(f"waiting_{lane}", 0))
        gauges["queue_running"].set(counts.get("running", 0))
        gauges["queue_oldest_seconds"].set(counts.get("oldest", 0))
        gauges["api_rate_limit"].set(-1 if limiter.limit is None else limiter.limit)
        gauges["api_rate_limit_remaining"].set(-1 if limiter.remaining is None else limiter.remaining)
        gauges["api_rate_limit_waiting"].set(limiter.waiting)
        for adapter, (good, bad) in feedback.items():
            gauges["feedback"].labels(adapter, "good").set(good)
            gauges["feedback"].labels(adapter, "bad").set(bad)
        gauges["model_circuit"].clear()
        for model, state in self._find_circuits().items():
            gauges["model_circuit"].labels(model).set(_CIRCUITS[state])
        return generate_latest(registry)

    def _labels(self, event: Event) -> tuple[str, str]:
        return event.adapter, event.command if event.command in self._commands else "other"


def _is_well(find_problem: Callable[[], str]) -> float:
    return float(not find_problem())


def outcome_of(answer: Answer) -> str:
    """Return what became of a request: answered, failed, refused, cancelled."""
    return answer.ending or ("failed" if answer.is_failure else "answered")


def age_of(event: Event) -> float:
    """Return the seconds since the event was received, at least 0, as the clock may have been set back."""
    return max(0.0, (datetime.now(UTC) - event.received_at).total_seconds())


def _problem(status: int | None) -> str:
    if status is None:
        return "the API did not answer"
    if status in {401, 403} or status >= 500:  # noqa: PLR2004
        return f"the API answered {status}"
    return ""
