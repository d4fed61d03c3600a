"""Building a service: its resources, rules, features and pipeline, and the platforms connected to them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from bot.adapter_services.core_services import CoreServices
from bot.background import BackgroundLoops
from bot.bootstrap.core import Core
from bot.bootstrap.pipeline import Pipeline, make_features, make_pipeline
from bot.bootstrap.resources import Resources, open_resources
from bot.bootstrap.rules import Rules, make_rules
from bot.inbox.inbox import Inbox
from bot.ports import Adapter
from bot.scheduler.firing import Firing
from bot.scheduler.timer import ScheduleTimer
from bot.scoped_settings.retention import Retention
from bot.security.value_signer import derive_key
from bot.settings.core import Settings
from bot.timing import ServiceTiming


@asynccontextmanager
async def build(
    settings: Settings, adapters: Mapping[str, Adapter], *, timing: ServiceTiming | None = None
) -> AsyncIterator[Core]:
    """Connect the parts; they are opened in order and closed in reverse. Raises `SettingsError` and `StoreError`."""
    timing = timing or ServiceTiming()
    async with open_resources(settings, adapters, timing) as resources, AsyncExitStack() as stack:
        rules = await make_rules(resources)
        features = make_features(resources, rules)
        pipeline = make_pipeline(resources, rules, features)
        loops = BackgroundLoops(
            first=timing.restart_first, longest=timing.restart_longest, on_failure=resources.metrics.loop_failed
        )
        services = _make_services(resources, rules, pipeline, loops)
        for adapter in adapters.values():
            await stack.enter_async_context(adapter.connected(services))
        store = resources.store
        yield Core(
            settings=settings,
            adapters=adapters,
            registry=resources.registry,
            store=store,
            api=resources.api,
            spool=resources.spool,
            policy=rules.policy,
            prices=rules.prices,
            quotas=rules.quotas,
            scoped=rules.scoped,
            breaker=resources.breaker,
            check_words=rules.api.check_words,
            metrics=resources.metrics,
            inbox=pipeline.inbox,
            worker=pipeline.worker,
            services=services,
            retention=Retention(scoped=rules.scoped, maintenance=store, longest=settings.bot_retention_days),
            approvals=features.approvals,
            schedules=features.schedules,
            timer=_make_timer(resources, pipeline.inbox),
            recorder=resources.recorder,
            timing=timing,
            loops=loops,
            health=resources.health,
        )


def _make_services(resources: Resources, rules: Rules, pipeline: Pipeline, loops: BackgroundLoops) -> CoreServices:
    """Return what platforms get of the core."""
    store = resources.store
    return CoreServices(
        settings=resources.settings,
        journal=store,
        values=store,
        scoped=rules.scoped,
        ledger=store,
        registry=resources.registry,
        policy=rules.policy,
        limits=rules.limits,
        account=resources.api.base_url,
        inbox=pipeline.inbox,
        worker=pipeline.worker,
        dispatcher=pipeline.dispatcher,
        shares=store,
        places=pipeline.inbox.places,
        make_cipher=resources.make_cipher,
        value_key=derive_key(resources.secret),
        loops=loops,
        call_recorder=resources.recorder,
    )


def _make_timer(resources: Resources, inbox: Inbox) -> ScheduleTimer:
    """Return what makes the requests of schedules when they are due."""
    store, adapters, timing = resources.store, resources.adapters, resources.timing.schedules
    firing = Firing(
        store=store,
        adapters=adapters,
        inbox=inbox,
        grace=timedelta(seconds=resources.settings.bot_schedule_grace),
        timing=timing,
    )
    return ScheduleTimer(store=store, firing=firing, adapters=adapters, timing=timing)
