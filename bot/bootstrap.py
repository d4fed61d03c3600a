"""The composition root: settings in, running service out. The only module that imports adapters."""

import asyncio
import importlib
import pkgutil
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog
from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings

import adapters as platforms
from aimodels import AsyncAIModels
from bot.commands import Registry, load_commands
from bot.errors import SettingsError, StoreError
from bot.media import Spool
from bot.models import KINDS
from bot.ops import gc_tuning, logs
from bot.ops.metrics import Metrics
from bot.ops.web import WebServer, create_web
from bot.pipeline.adapter_services import CoreServices
from bot.pipeline.dispatcher import Dispatcher
from bot.pipeline.inbox import Inbox
from bot.pipeline.undelivered import UndeliveredAnswers
from bot.pipeline.worker import Worker
from bot.policy import Policy
from bot.ports import Adapter, AdapterServices, Store
from bot.security.keys import signing_key
from bot.settings.api_endpoint import open_client
from bot.settings.core import Settings
from bot.settings.unknown import unknown_settings
from bot.store.engine import make_store
from bot.timing import ServiceTiming

if TYPE_CHECKING:
    from bot.security.token_cipher import TokenCipher

log = structlog.get_logger(__name__)

DEFAULT_PORT = 8080


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The rooms, wired."""

    settings: Settings
    adapters: Mapping[str, Adapter]
    registry: Registry
    store: Store
    api: AsyncAIModels
    spool: Spool
    policy: Policy
    metrics: Metrics
    inbox: Inbox
    worker: Worker
    services: AdapterServices
    timing: ServiceTiming


def platform_modules() -> Iterator[tuple[str, Any]]:
    """Name and module of every platform's folder."""
    for info in pkgutil.iter_modules(platforms.__path__):
        module = importlib.import_module(f"{platforms.__name__}.{info.name}")
        if hasattr(module, "create"):
            yield info.name, module


def known_settings() -> list[type[BaseSettings]]:
    """Every class of settings that something reads."""
    from sandbox.config import SandboxSettings

    return [Settings, SandboxSettings, *(module.Settings for _, module in platform_modules())]


def known_secrets(settings: Settings) -> list[SecretStr]:
    """What must not be written anywhere: secrets of the core, of every platform, and the key that signs links.

    Raises `SettingsError` when that key can't be kept.
    """
    found = [*settings.secrets, signing_key(settings)]
    for kind in known_settings():
        with suppress(ValidationError):  # told where that part of the service is set up
            found += [value for value in dict(kind()).values() if isinstance(value, SecretStr)]
    return found


def _stop(_platform: str, error: SettingsError) -> None:
    raise error


def find_adapters(
    settings: Settings,
    *,
    conversation: str | None = None,
    tell: Callable[[str, SettingsError], None] = _stop,
) -> tuple[dict[str, Adapter], bool]:
    """Every configured platform; when there is none, the one that needs no configuration, and True.

    A platform whose settings are wrong is told to `tell`; unless one is given, its `SettingsError` is raised.
    """
    found: dict[str, Adapter] = {}
    fallback: dict[str, Adapter] = {}
    for name, module in platform_modules():
        is_fallback = getattr(module, "IS_FALLBACK", False)
        if is_fallback and found:
            continue
        try:
            adapter = module.create(data_dir=settings.bot_data_dir, conversation=conversation)
        except SettingsError as exc:
            tell(name, exc)
            continue
        if adapter is not None:
            (fallback if is_fallback else found)[adapter.name] = adapter
    return (found, False) if found else (fallback, True)


def manifest(settings: Settings, platform: str, *, url: str | None) -> str:
    """What a platform wants to be told of the service, to be pasted there. Raises `SettingsError`."""
    found = {name: write for name, module in platform_modules() if (write := getattr(module, "manifest", None))}
    if platform not in found:
        raise SettingsError(f"no manifest for {platform!r}: give one of {', '.join(sorted(found)) or 'none so far'}")
    registry = load_commands({kind: settings.models(kind) for kind in KINDS})
    return str(found[platform](registry.specs, url=url))


@asynccontextmanager
async def build(
    settings: Settings, adapters: Mapping[str, Adapter], *, timing: ServiceTiming | None = None
) -> AsyncIterator[Core]:
    """Open every room in order and close them in reverse. Raises `SettingsError` and `StoreError`."""
    timing = timing or ServiceTiming()
    async with AsyncExitStack() as stack:
        metrics = Metrics()
        api = await stack.enter_async_context(open_client(settings, on_call=metrics.api_call, timing=timing.api))
        parts = urlsplit(api.base_url)
        spool = await stack.enter_async_context(
            Spool(
                settings.media_dir,
                allowed_origins=(f"{parts.scheme}://{parts.netloc}",),
                secret=signing_key(settings),
                public_url=settings.bot_public_url,
                max_bytes=settings.bot_max_download_bytes,
                timeout=settings.bot_download_timeout,
                link_hours=settings.bot_link_hours,
                timing=timing.media,
            )
        )
        store = await stack.enter_async_context(make_store(settings))
        registry = load_commands({kind: settings.models(kind) for kind in KINDS})
        policy = Policy(settings, store, commands=[spec.name for spec in registry.specs])
        dispatcher = Dispatcher(
            registry=registry,
            settings=settings,
            journal=store,
            contexts=store,
            values=store,
            ledger=store,
            maintenance=store,
            api=api,
            spool=spool,
            adapters=adapters,
        )
        undelivered = UndeliveredAnswers(store, settings.bot_retention_days)
        inbox = Inbox(
            queue=store,
            journal=store,
            values=store,
            undelivered=undelivered,
            registry=registry,
            policy=policy,
            metrics=metrics,
        )
        worker = Worker(
            queue=store,
            journal=store,
            ledger=store,
            undelivered=undelivered,
            dispatcher=dispatcher,
            adapters=adapters,
            metrics=metrics,
            settings=settings,
            timing=timing.pipeline,
        )
        services = CoreServices(
            settings=settings,
            journal=store,
            values=store,
            ledger=store,
            registry=registry,
            policy=policy,
            inbox=inbox,
            worker=worker,
            make_cipher=lambda: token_cipher(settings),
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
            metrics=metrics,
            inbox=inbox,
            worker=worker,
            services=services,
            timing=timing,
        )


def token_cipher(settings: Settings) -> "TokenCipher":
    """The cipher for what adapters store. Raises `SettingsError` when its key can't be kept."""
    from bot.security.token_cipher import TokenCipher  # cryptography is slow to import, and a terminal seals nothing

    given = settings.bot_encryption_keys
    if given is None:
        return TokenCipher([signing_key(settings)])
    return TokenCipher([SecretStr(key.strip()) for key in given.get_secret_value().split(",") if key.strip()])


async def run(settings: Settings, *, conversation: str | None = None, timing: ServiceTiming | None = None) -> None:
    """Run the service until a signal, or until input has ended and every answer is delivered.

    Raises `SettingsError` or `StoreError` when it can't start or go on.
    """
    adapters, is_fallback = find_adapters(settings, conversation=conversation)
    if is_fallback and "bot_requests_per_minute" not in settings.model_fields_set:
        # One person at a terminal of their own: what is piped in is answered to its end.
        settings = settings.model_copy(update={"bot_requests_per_minute": 0})
    level = settings.bot_log_level
    if level == "auto":  # somebody is looking at the terminal: only what is wrong belongs between the answers
        level = "warning" if is_fallback else "info"
    logs.configure(level, settings.bot_log_format, secrets=known_secrets(settings))
    for unknown in unknown_settings(known_settings()):
        log.warning(str(unknown))
    async with AsyncExitStack() as stack:
        stopping = stack.enter_context(stop_signals())
        core = await stack.enter_async_context(build(settings, adapters, timing=timing))
        await stack.enter_async_context(web_server(core))
        gc_tuning.freeze_startup_objects()
        log.info("ready", adapters=list(adapters), commands=len(core.registry.specs))
        await _run_until(core, stopping)


async def _run_until(core: Core, stopping: asyncio.Event) -> None:
    """Receive and answer until told to stop; then let what runs finish."""
    receivers = asyncio.create_task(_receive(core), name="adapters")
    working = asyncio.create_task(core.worker.run(), name="worker")
    pruning = asyncio.create_task(_prune(core), name="pruning")
    told = asyncio.create_task(_told(stopping), name="signal")
    try:
        await asyncio.wait({receivers, working, told}, return_when=asyncio.FIRST_COMPLETED)
        if receivers.done() and not told.done():
            receivers.result()
            drained = asyncio.create_task(core.worker.drain())
            await asyncio.wait({drained, working, told}, return_when=asyncio.FIRST_COMPLETED)
            drained.cancel()
        if working.done():
            working.result()
    finally:
        for task in (receivers, working, pruning, told):
            task.cancel()
        await asyncio.gather(receivers, working, pruning, told, return_exceptions=True)
        await core.worker.stop()


async def _told(stopping: asyncio.Event) -> None:
    await stopping.wait()


async def _receive(core: Core) -> None:
    """Run every adapter; the first to fail ends them all."""
    try:
        async with asyncio.TaskGroup() as group:
            for adapter in core.adapters.values():
                group.create_task(adapter.run(core.inbox.accept, core.registry.specs), name=f"adapter {adapter.name}")
    except ExceptionGroup as failed:  # one sentence for who started the service
        raise failed.exceptions[0] from failed


async def _prune(core: Core) -> None:
    """Erase what is past its retention and what killed processes left, at start and every few hours."""
    days = core.settings.bot_retention_days
    while True:
        before = datetime.now(UTC) - timedelta(days=days) if days else None
        try:
            if before is not None:
                await core.spool.remove(await core.store.prune(before))
            await core.spool.sweep(before)
        except (StoreError, OSError) as exc:
            log.warning("not pruned", reason=str(exc))
        await asyncio.sleep(core.timing.prune_interval)


@asynccontextmanager
async def web_server(core: Core) -> AsyncIterator[WebServer | None]:
    """The web server, where a port is set or an adapter is called over HTTP. Raises `SettingsError`."""
    routes = [route for adapter in core.adapters.values() for route in adapter.routes]
    port = core.settings.bot_port
    if port is None and not routes:
        yield None
        return
    app = create_web(
        queue=core.store,
        maintenance=core.store,
        api=core.api,
        spool=core.spool,
        metrics=core.metrics,
        health={name: adapter.health for name, adapter in core.adapters.items()},
        routes=routes,
        timing=core.timing.ops,
    )
    port = DEFAULT_PORT if port is None else port
    async with WebServer(app, host=core.settings.bot_host, port=port, timing=core.timing.ops) as server:
        log.info("listening", host=core.settings.bot_host, port=server.port)
        yield server


@contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """An event set by the first SIGTERM or SIGINT; a second one has its usual, immediate effect."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def stop() -> None:
        stopping.set()
        restore()

    def restore() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # where the platform has no signal handlers in event loops
            loop.add_signal_handler(number, stop)
    try:
        yield stopping
    finally:
        restore()
