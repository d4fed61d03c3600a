"""The resources of a service: clients, database, files and keys. They are opened in order and closed in reverse."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog
from pydantic import SecretStr

from aimodels import AsyncAIModels
from bot.background import BackgroundTasks
from bot.calls.circuit_breaker import CircuitBreaker
from bot.calls.workspace_apis import WorkspaceApis
from bot.commands import Registry, load_offered
from bot.media import Spool
from bot.media.network import SafeClient
from bot.media.storage.opening import open_spool
from bot.moderation.moderator import require_endpoint
from bot.ports import Adapter, Store
from bot.recorder.opening import open_recorder
from bot.recorder.recorder import Recorder
from bot.security.keys import encryption_keys, signing_key
from bot.settings.api_endpoint import find_missing_kinds, open_client
from bot.settings.core import Settings
from bot.settings.groups.api import PUBLIC
from bot.settings.roles import Role
from bot.store.engine import make_store
from bot.telemetry.metrics import Metrics
from bot.telemetry.opening import open_tracing
from bot.telemetry.tracing import Tracing
from bot.timing import ServiceTiming
from bot.values import valueclass

if TYPE_CHECKING:
    from bot.security.token_cipher import TokenCipher


log = structlog.get_logger(__name__)


@valueclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Settings, and all that is opened as they say."""

    settings: Settings
    adapters: Mapping[str, Adapter]
    timing: ServiceTiming
    secret: SecretStr  #: signs links, buttons and forms
    make_cipher: "Callable[[], TokenCipher]"
    registry: Registry
    health: Mapping[str, Callable[[], str]]  #: see `Core.health`
    breaker: CircuitBreaker
    metrics: Metrics
    recorder: Recorder | None
    tracing: Tracing | None
    api: AsyncAIModels
    workspace_apis: WorkspaceApis
    store: Store
    spool: Spool
    web: SafeClient  #: for pages and files at public addresses
    background: BackgroundTasks


@asynccontextmanager
async def open_resources(
    settings: Settings, adapters: Mapping[str, Adapter], timing: ServiceTiming
) -> AsyncIterator[Resources]:
    """Open what the parts of the service share. Raises `SettingsError` and `StoreError`."""
    async with AsyncExitStack() as stack:
        secret, keys = signing_key(settings), encryption_keys(settings)
        make_cipher = cache(lambda: _token_cipher(keys))
        registry = await _load_commands(settings)
        received = adapters if Role.RECEIVE in settings.bot_roles else {}
        health = {name: adapter.health for name, adapter in received.items()}
        breaker = CircuitBreaker(settings.bot_breaker_failures, settings.bot_breaker_seconds)
        metrics = Metrics(registry.names, health=health, circuits=lambda: breaker.states(api.base_url))
        recorder = await stack.enter_async_context(open_recorder(settings, secret, registry, metrics.not_recorded))
        tracing = await stack.enter_async_context(open_tracing(recorder))
        wrap = None if tracing is None else tracing.transport
        client = open_client(settings, on_call=metrics.api_call, timing=timing.api, wrap=wrap)
        api = await stack.enter_async_context(client)
        store = await stack.enter_async_context(make_store(settings, timing.store))
        spool = await stack.enter_async_context(_make_spool(settings, adapters, api, store, secret, timing))
        require_endpoint(settings)
        workspace_apis = WorkspaceApis(
            settings,
            store,
            service_url=api.base_url,
            make_cipher=make_cipher,
            on_call=metrics.api_call,
            timing=timing.api,
            wrap=wrap,
        )
        stack.push_async_callback(workspace_apis.aclose)
        background = BackgroundTasks("service")
        stack.push_async_callback(background.close)
        yield Resources(
            settings=settings,
            adapters=adapters,
            timing=timing,
            secret=secret,
            make_cipher=make_cipher,
            registry=registry,
            health=health,
            breaker=breaker,
            metrics=metrics,
            recorder=recorder,
            tracing=tracing,
            api=api,
            workspace_apis=workspace_apis,
            store=store,
            spool=spool,
            web=await stack.enter_async_context(SafeClient((), timing=timing.media)),
            background=background,
        )


async def _load_commands(settings: Settings) -> Registry:
    """Return the commands whose kinds of content the API has."""
    lacking = await find_missing_kinds(settings)
    registry = load_offered(settings, lacking)
    if lacking:
        log.info("commands not offered, as the API lacks their kinds", kinds=sorted(lacking))
    return registry


def _make_spool(
    settings: Settings,
    adapters: Mapping[str, Adapter],
    api: AsyncAIModels,
    store: Store,
    secret: SecretStr,
    timing: ServiceTiming,
) -> Spool:
    """Return the folder of generated files, which are fetched from the service's API and from workspaces' own."""
    parts = urlsplit(api.base_url)
    own_origins = [origin for origin in settings.bot_workspace_api_origins if origin != PUBLIC]
    return open_spool(
        settings,
        secret=secret,
        origins=(f"{parts.scheme}://{parts.netloc}", *own_origins),
        values=store,
        keeps_copies=any(adapter.capabilities.opens_files for adapter in adapters.values()),
        timing=timing.media,
    )


def _token_cipher(keys: Sequence[SecretStr]) -> "TokenCipher":
    """The cipher for what adapters store, and for secrets in events."""
    # cryptography is slow to import, and the terminal encrypts nothing
    from bot.security.token_cipher import TokenCipher

    return TokenCipher(keys)
