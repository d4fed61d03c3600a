"""The parts of a running service."""

from collections.abc import Awaitable, Callable, Mapping

from aimodels import AsyncAIModels
from bot.approvals.approvals import Approvals
from bot.background import BackgroundLoops
from bot.calls.circuit_breaker import CircuitBreaker
from bot.commands import Registry
from bot.inbox.inbox import Inbox
from bot.media import Spool
from bot.models import Event
from bot.pipeline.worker import Worker
from bot.policy import Policy, Quotas
from bot.ports import Adapter, AdapterServices, Store
from bot.recorder.recorder import Recorder
from bot.scheduler.timer import ScheduleTimer
from bot.schedules.schedules import Schedules
from bot.scoped_settings.effective import EffectiveSettings, ScopedSettings
from bot.scoped_settings.retention import Retention
from bot.settings.core import Settings
from bot.spending.prices import PriceBook
from bot.telemetry.metrics import Metrics
from bot.timing import ServiceTiming
from bot.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The parts of a running service, connected to each other."""

    settings: Settings
    adapters: Mapping[str, Adapter]
    registry: Registry
    store: Store
    api: AsyncAIModels
    spool: Spool
    policy: Policy
    prices: PriceBook
    quotas: Quotas
    scoped: ScopedSettings
    breaker: CircuitBreaker
    check_words: Callable[[Event, EffectiveSettings, str], Awaitable[None]]
    metrics: Metrics
    inbox: Inbox
    worker: Worker
    services: AdapterServices
    retention: Retention
    approvals: Approvals
    schedules: Schedules
    timer: ScheduleTimer
    recorder: Recorder | None
    timing: ServiceTiming
    loops: BackgroundLoops
    #: by platform that this process receives from, a function that returns "" or the platform's problem
    health: Mapping[str, Callable[[], str]]
