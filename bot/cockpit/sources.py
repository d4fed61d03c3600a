"""The parts of the service that the pages show and steer."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Protocol

from bot.approvals.approvals import Approvals
from bot.cockpit.identity.members import Members
from bot.commands import Registry
from bot.composites.composites import Composites
from bot.media import Spool
from bot.models import Actor, Event
from bot.pipeline.jobs import RunningJob
from bot.policy import Policy, Quotas
from bot.ports import (
    Adapter,
    AuditLog,
    EventQueue,
    Journal,
    KeyValues,
    Maintenance,
    PlaceStore,
    Processes,
    RequestLog,
    UsageLedger,
    UsageReports,
)
from bot.recorder.recorder import Recorder
from bot.schedules.schedules import Schedules
from bot.scoped_settings.effective import EffectiveSettings, ScopedSettings
from bot.settings.core import Settings
from bot.spending.prices import PriceBook
from bot.telemetry.metrics import Metrics, RateLimiter
from bot.values import valueclass


class Cancel(Protocol):
    """See `bot.pipeline.cancellation.Canceller.cancel_event`."""

    async def __call__(self, adapter: str, event_id: str, *, by: Actor) -> bool:
        """Stop one request; False: it does not run, or its answer is final."""


#: Raises `UsageError` for words that no request to the AI API may have.
CheckWords = Callable[[Event, EffectiveSettings, str], Awaitable[None]]


@valueclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The parts of the service that pages read and change. Each store facet is the same database."""

    settings: Settings
    health: Mapping[str, Callable[[], str]]  #: by platform, a function that returns "" or its problem
    adapters: Mapping[str, Adapter]
    members: Members
    rate_limiter: RateLimiter  #: that of the API
    circuits: Callable[[], Mapping[str, str]]  #: state of each model that has failed
    metrics: Metrics
    registry: Registry
    spool: Spool
    scoped: ScopedSettings
    approvals: Approvals
    schedules: Schedules
    composites: Composites
    quotas: Quotas
    queue: EventQueue
    journal: Journal
    maintenance: Maintenance
    request_log: RequestLog
    running: Callable[[], Collection[RunningJob]]  #: what this process answers now
    cancel: Cancel
    retract: Callable[[str, str], Awaitable[None]]  #: see `AdapterServices.retract`
    check_words: CheckWords
    values: KeyValues
    audit_log: AuditLog
    ledger: UsageLedger
    reports: UsageReports
    places: PlaceStore
    processes: Processes
    recorder: Recorder | None = None  #: None: it is off

    @property
    def policy(self) -> Policy:
        """The rules on access."""
        return self.approvals.policy

    @property
    def prices(self) -> PriceBook:
        """The prices in effect."""
        return self.quotas.prices
