"""Wiring: settings and adapters in, the parts of a running service out."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog
from pydantic import SecretStr

from aimodels import AsyncAIModels
from bot.approvals.approvals import Approvals
from bot.approvals.pending import PendingApprovals
from bot.approvals.questions import Questions
from bot.background import BackgroundLoops, BackgroundTasks
from bot.calls.circuit_breaker import CircuitBreaker
from bot.calls.guarded_api import GuardedApi
from bot.calls.learnt_limits import LearntLimits
from bot.calls.workspace_apis import WorkspaceApis
from bot.commands import Registry, load_offered
from bot.composites.composites import open_composites
from bot.conversation.attachments import AttachmentReader
from bot.conversation.gathering import Gathering
from bot.conversation.single_use import SingleUse
from bot.conversation.use_numbers import UseNumbers
from bot.media import Spool
from bot.media.network import SafeClient
from bot.media.pages import WebPages
from bot.media.storage.opening import open_spool
from bot.models import Event
from bot.moderation.moderator import require_endpoint
from bot.moderation.rules import load_rules
from bot.pipeline.adapter_services import CoreServices
from bot.pipeline.dispatcher import Dispatcher
from bot.pipeline.inbox import Inbox
from bot.pipeline.redelivery import Redelivery
from bot.pipeline.undelivered import UndeliveredAnswers
from bot.pipeline.worker import Worker
from bot.places.place_names import PlaceNames
from bot.policy import LimitNotices, Policy, Quotas, RefusalNotices
from bot.ports import Adapter, AdapterServices, Store
from bot.recorder.erasure import RecordingsEraser
from bot.recorder.opening import open_recorder, recording_files, recording_key
from bot.recorder.recorder import Recorder
from bot.scheduler.firing import Firing
from bot.scheduler.timer import ScheduleTimer
from bot.schedules.schedules import Schedules
from bot.scoped_settings.effective import EffectiveSettings, ScopedSettings
from bot.scoped_settings.registry import load_settings_registry
from bot.scoped_settings.retention import Retention
from bot.security.keys import encryption_keys, signing_key
from bot.security.value_signer import derive_key
from bot.settings.api import PUBLIC
from bot.settings.api_endpoint import find_missing_kinds, open_client
from bot.settings.core import Settings
from bot.settings.roles import Role
from bot.spending.limits import LimitBook
from bot.spending.prices import PriceBook
from bot.spending.quotes import Quotes
from bot.store.engine import make_store
from bot.telemetry.metrics import Metrics
from bot.telemetry.opening import open_tracing
from bot.timing import ServiceTiming
from bot.values import valueclass
from bot.waiting.line import WaitingLine

if TYPE_CHECKING:
    from bot.security.token_cipher import TokenCipher

log = structlog.get_logger(__name__)


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


@asynccontextmanager
async def build(
    settings: Settings, adapters: Mapping[str, Adapter], *, timing: ServiceTiming | None = None
) -> AsyncIterator[Core]:
    """Connect the parts; they are opened in order and closed in reverse. Raises `SettingsError` and `StoreError`."""
    timing = timing or ServiceTiming()
    async with AsyncExitStack() as stack:
        secret, keys = signing_key(settings), encryption_keys(settings)
        lacking = await find_missing_kinds(settings)
        registry = load_offered(settings, lacking)
        if lacking:
            log.info("commands not offered, as the API lacks their kinds", kinds=sorted(lacking))
        received = adapters if Role.RECEIVE in settings.bot_roles else {}
        health = {name: adapter.health for name, adapter in received.items()}
        breaker = CircuitBreaker(settings.bot_breaker_failures, settings.bot_breaker_seconds)
        metrics = Metrics(registry.names, health=health, circuits=lambda: breaker.states(api.base_url))
        recorder = await stack.enter_async_context(open_recorder(settings, secret, registry, metrics.not_recorded))
        tracing = await stack.enter_async_context(open_tracing(recorder))
        wrap = None if tracing is None else tracing.transport
        client = open_client(settings, on_call=metrics.api_call, timing=timing.api, wrap=wrap)
        api = await stack.enter_async_context(client)
        parts = urlsplit(api.base_url)
        own_origins = [origin for origin in settings.bot_workspace_api_origins if origin != PUBLIC]
        store = await stack.enter_async_context(make_store(settings, timing.store))
        spool = open_spool(
            settings,
            secret=secret,
            origins=(f"{parts.scheme}://{parts.netloc}", *own_origins),
            values=store,
            keeps_copies=any(adapter.capabilities.opens_files for adapter in adapters.values()),
            timing=timing.media,
        )
        await stack.enter_async_context(spool)
        require_endpoint(settings)
        workspace_apis = WorkspaceApis(
            settings,
            store,
            service_url=api.base_url,
            make_cipher=cache(lambda: token_cipher(keys)),
            on_call=metrics.api_call,
            timing=timing.api,
            wrap=wrap,
        )
        stack.push_async_callback(workspace_apis.aclose)
        background = BackgroundTasks("service")
        stack.push_async_callback(background.close)
        guarded = GuardedApi(
            client=api,
            rules=load_rules(settings.bot_content_rules),
            key=derive_key(secret, b"pseudonyms"),
            settings=settings,
            workspaces=workspace_apis,
        )
        scoped = ScopedSettings(
            values=store,
            registry=load_settings_registry(settings, registry.specs),
            lacking={name: adapter.capabilities.lacks for name, adapter in adapters.items()},
        )
        prices = PriceBook(settings, store)
        zone = ZoneInfo(settings.bot_time_zone)
        quotas = Quotas(limits=LimitBook(settings, store), prices=prices, ledger=store, zone=zone)
        near = LimitNotices(queue=store, values=store, adapters=adapters, zone=zone, background=background)
        policy = Policy(
            settings,
            quotas=quotas,
            scoped=scoped,
            near=near,
            commands=[spec.name for spec in registry.specs],
            directories=adapters,
        )
        await quotas.limits.rules()  # names the roles that matter
        limits = LearntLimits(store)
        approvals = Approvals(
            queue=store,
            journal=store,
            pending=PendingApprovals(store),
            audit_log=store,
            scoped=scoped,
            policy=policy,
            find_spec=registry.find_spec,
            adapters=adapters,
            timing=timing.approvals,
        )
        composites = open_composites(store, prices, registry.find_spec, adapters, settings.bot_retention_days)
        schedules = Schedules(store=store, adapters=adapters, settings=settings, clock=timing.schedules.clock)
        dispatcher = Dispatcher(
            registry=registry,
            settings=settings,
            journal=store,
            gathering=Gathering(store, store),
            contexts=store,
            values=store,
            scoped=scoped,
            quotas=quotas,
            ledger=store,
            reports=store,
            audit_log=store,
            questions=Questions(Quotes(settings=settings, prices=prices), approvals),
            policy=policy,
            maintenance=RecordingsEraser(
                database=store, files=recording_files(settings), key=recording_key(secret), recorder=recorder
            ),
            api=guarded,
            workspace_apis=workspace_apis,
            limits=limits,
            breaker=breaker,
            on_fallback=metrics.fell_back,
            spool=spool,
            composites=composites,
            schedules=schedules,
            attachment_reader=AttachmentReader(
                max_bytes=settings.bot_max_attachment_bytes,
                parse_seconds=timing.media.parse,
                pages=WebPages(await stack.enter_async_context(SafeClient((), timing=timing.media)), timing.media.page),
            ),
            adapters=adapters,
            background=background,
        )
        undelivered = UndeliveredAnswers(store, settings.bot_retention_days)
        redelivery = Redelivery(store, spool, adapters, timing.pipeline)
        inbox = Inbox(
            seal=workspace_apis.seal,
            queue=store,
            journal=store,
            scoped=scoped,
            undelivered=undelivered,
            numbers=UseNumbers(store, store, settings.bot_retention_days),
            single_use=SingleUse(store),
            registry=registry,
            policy=policy,
            notices=RefusalNotices(store),
            metrics=metrics,
            adapters=adapters,
            background=background,
            places=PlaceNames(store, adapters, background, timing.places),
            line=WaitingLine(store, store.confirm, adapters, timing.waiting, on_doubt=redelivery.start),
            tracing=tracing,
        )
        composites.use(inbox.accept)
        worker = Worker(
            queue=store,
            journal=store,
            ledger=store,
            undelivered=undelivered,
            dispatcher=dispatcher,
            adapters=adapters,
            composites=composites,
            line=inbox.line,
            redelivery=redelivery,
            metrics=metrics,
            settings=settings,
            timing=timing.pipeline,
            tracing=tracing,
        )
        firing = Firing(
            store=store,
            adapters=adapters,
            inbox=inbox,
            grace=timedelta(seconds=settings.bot_schedule_grace),
            timing=timing.schedules,
        )
        loops = BackgroundLoops(
            first=timing.restart_first, longest=timing.restart_longest, on_failure=metrics.loop_failed
        )
        services = CoreServices(
            settings=settings,
            journal=store,
            values=store,
            scoped=scoped,
            ledger=store,
            registry=registry,
            policy=policy,
            limits=limits,
            account=api.base_url,
            inbox=inbox,
            worker=worker,
            dispatcher=dispatcher,
            shares=store,
            places=inbox.places,
            make_cipher=lambda: token_cipher(keys),
            value_key=derive_key(secret),
            loops=loops,
            call_recorder=recorder,
        )
        for adapter in adapters.values():
            await stack.enter_async_context(adapter.connected(services))
        yield Core(
            settings=settings,
            adapters=adapters,
            registry=registry,
            store=store,
            api=api,
            spool=spool,
            policy=policy,
            prices=prices,
            quotas=quotas,
            scoped=scoped,
            breaker=breaker,
            check_words=guarded.check_words,
            metrics=metrics,
            inbox=inbox,
            worker=worker,
            services=services,
            retention=Retention(scoped=scoped, maintenance=store, longest=settings.bot_retention_days),
            approvals=approvals,
            schedules=schedules,
            timer=ScheduleTimer(store=store, firing=firing, adapters=adapters, timing=timing.schedules),
            recorder=recorder,
            timing=timing,
            loops=loops,
            health=health,
        )


def token_cipher(keys: Sequence[SecretStr]) -> "TokenCipher":
    """The cipher for what adapters store, and for secrets in events."""
    # cryptography is slow to import, and the terminal encrypts nothing
    from bot.security.token_cipher import TokenCipher

    return TokenCipher(keys)
