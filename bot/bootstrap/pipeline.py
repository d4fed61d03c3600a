"""The pipeline of a service: what receives requests, runs their commands and delivers the answers."""

from bot.approvals.approvals import Approvals
from bot.approvals.pending import PendingApprovals
from bot.approvals.questions import Questions
from bot.bootstrap.resources import Resources
from bot.bootstrap.rules import Rules
from bot.composites.composites import Composites, open_composites
from bot.conversation.attachments import AttachmentReader
from bot.conversation.gathering import Gathering
from bot.conversation.single_use import SingleUse
from bot.conversation.use_numbers import UseNumbers
from bot.inbox.inbox import Inbox
from bot.inbox.resolver import EventResolver
from bot.inbox.undelivered import UndeliveredAnswers
from bot.media.pages import WebPages
from bot.pipeline.call_accounting import CallAccounting
from bot.pipeline.dispatcher import Dispatcher
from bot.pipeline.redelivery import Redelivery
from bot.pipeline.worker import Worker
from bot.places.place_names import PlaceNames
from bot.policy import RefusalNotices
from bot.recorder.erasure import RecordingsEraser
from bot.recorder.opening import recording_files, recording_key
from bot.schedules.schedules import Schedules
from bot.spending.quotes import Quotes
from bot.values import valueclass
from bot.waiting.line import WaitingLine


@valueclass(frozen=True, slots=True, kw_only=True)
class Features:
    """The parts that make, or hold back, requests of their own."""

    approvals: Approvals
    composites: Composites
    schedules: Schedules


@valueclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """The path of an event."""

    inbox: Inbox
    dispatcher: Dispatcher
    worker: Worker


def make_features(resources: Resources, rules: Rules) -> Features:
    """Connect the features; `make_pipeline` comes next."""
    settings, store, adapters, timing = resources.settings, resources.store, resources.adapters, resources.timing
    find_spec = resources.registry.find_spec
    approvals = Approvals(
        queue=store,
        journal=store,
        pending=PendingApprovals(store),
        audit_log=store,
        scoped=rules.scoped,
        policy=rules.policy,
        find_spec=find_spec,
        adapters=adapters,
        timing=timing.approvals,
    )
    return Features(
        approvals=approvals,
        composites=open_composites(store, rules.prices, find_spec, adapters, settings.bot_retention_days),
        schedules=Schedules(store=store, adapters=adapters, settings=settings, clock=timing.schedules.clock),
    )


def make_pipeline(resources: Resources, rules: Rules, features: Features) -> Pipeline:
    """Connect the pipeline; nothing runs yet."""
    settings, store, adapters, timing = resources.settings, resources.store, resources.adapters, resources.timing
    dispatcher = _make_dispatcher(resources, rules, features)
    undelivered = UndeliveredAnswers(store, settings.bot_retention_days)
    redelivery = Redelivery(store, resources.spool, adapters, timing.pipeline)
    inbox = _make_inbox(resources, rules, undelivered, redelivery)
    features.composites.use(inbox.accept)
    worker = Worker(
        queue=store,
        journal=store,
        ledger=store,
        undelivered=undelivered,
        dispatcher=dispatcher,
        adapters=adapters,
        composites=features.composites,
        line=inbox.line,
        redelivery=redelivery,
        metrics=resources.metrics,
        settings=settings,
        timing=timing.pipeline,
        tracing=resources.tracing,
    )
    return Pipeline(inbox=inbox, dispatcher=dispatcher, worker=worker)


def _make_dispatcher(resources: Resources, rules: Rules, features: Features) -> Dispatcher:
    settings, store, timing = resources.settings, resources.store, resources.timing
    eraser = RecordingsEraser(
        database=store,
        files=recording_files(settings),
        key=recording_key(resources.secret),
        recorder=resources.recorder,
    )
    attachment_reader = AttachmentReader(
        max_bytes=settings.bot_max_attachment_bytes,
        parse_seconds=timing.media.parse,
        pages=WebPages(resources.web, timing.media.page),
    )
    accounting = CallAccounting(
        registry=resources.registry,
        scoped=rules.scoped,
        quotas=rules.quotas,
        ledger=store,
        journal=store,
        values=store,
        api=rules.api,
        background=resources.background,
    )
    return Dispatcher(
        registry=resources.registry,
        settings=settings,
        journal=store,
        gathering=Gathering(store, store),
        contexts=store,
        values=store,
        scoped=rules.scoped,
        quotas=rules.quotas,
        ledger=store,
        reports=store,
        audit_log=store,
        questions=Questions(Quotes(settings=settings, prices=rules.prices), features.approvals),
        policy=rules.policy,
        maintenance=eraser,
        api=rules.api,
        workspace_apis=resources.workspace_apis,
        limits=rules.limits,
        accounting=accounting,
        breaker=resources.breaker,
        on_fallback=resources.metrics.fell_back,
        spool=resources.spool,
        composites=features.composites,
        schedules=features.schedules,
        attachment_reader=attachment_reader,
        adapters=resources.adapters,
        background=resources.background,
    )


def _make_inbox(resources: Resources, rules: Rules, undelivered: UndeliveredAnswers, redelivery: Redelivery) -> Inbox:
    store, adapters, timing = resources.store, resources.adapters, resources.timing
    return Inbox(
        seal=resources.workspace_apis.seal,
        queue=store,
        journal=store,
        scoped=rules.scoped,
        resolver=EventResolver(
            journal=store,
            registry=resources.registry,
            numbers=UseNumbers(store, store, resources.settings.bot_retention_days),
            single_use=SingleUse(store),
        ),
        undelivered=undelivered,
        registry=resources.registry,
        policy=rules.policy,
        notices=RefusalNotices(store),
        metrics=resources.metrics,
        adapters=adapters,
        background=resources.background,
        places=PlaceNames(store, adapters, resources.background, timing.places),
        line=WaitingLine(store, store.confirm, adapters, timing.waiting, on_doubt=redelivery.start),
        tracing=resources.tracing,
    )
