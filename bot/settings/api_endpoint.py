"""The configured AI API, or the offline sandbox if none is configured."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import httpx
from pydantic import SecretStr

from aimodels import AsyncAIModels, Call, Timing, reference
from aimodels.errors import ApiError, ConfigurationError
from aimodels.transport import open_http
from bot.errors import SettingsError
from bot.i18n import operator_text
from bot.settings.base import read
from bot.settings.core import Settings

if TYPE_CHECKING:
    from sandbox.config import SandboxConfig


WrapTransport = Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport]

_PROBE = 2.0  # seconds for the question which kinds of content a server makes


def has_moderation(settings: Settings) -> bool:
    """Return whether the API may have an endpoint for moderation: the reference has none, the sandbox has one."""
    return settings.aimodels_api_flavor == "openai" or settings.needs_sandbox


@asynccontextmanager
async def open_client(
    settings: Settings,
    *,
    on_call: Callable[[Call], None] | None = None,
    timing: Timing | None = None,
    wrap: WrapTransport | None = None,
) -> AsyncIterator[AsyncAIModels]:
    """The API's client as the settings describe it; starts the sandbox when no API is configured.

    `wrap`: of its HTTP transport. Raises `SettingsError`.
    """
    async with _endpoint(settings) as (base_url, key), AsyncExitStack() as stack:
        try:
            http = None if wrap is None else await stack.enter_async_context(wrap(open_http(base_url)))
            client = AsyncAIModels(
                api_key=key,
                base_url=base_url,
                flavor=settings.aimodels_api_flavor,
                streaming=settings.aimodels_streaming or settings.needs_sandbox,
                speech=settings.aimodels_speech or settings.needs_sandbox,
                timeout=settings.aimodels_timeout,
                media_timeout=settings.aimodels_media_timeout,
                on_call=on_call,
                timing=timing,
                http=http,
            )
        except ConfigurationError as exc:
            raise SettingsError(str(exc)) from exc
        async with client:
            yield client


async def find_missing_kinds(settings: Settings) -> frozenset[reference.Kind]:
    """Return the kinds of content that an OpenAI-compatible server says it does not make.

    Empty where it does not answer within moments, as a start must not wait for it. Raises `SettingsError`.
    """
    if settings.aimodels_api_flavor != "openai" or settings.needs_sandbox:
        return frozenset()
    try:
        async with asyncio.timeout(_PROBE), open_client(settings) as api:
            return await api.missing_kinds()
    except (ApiError, TimeoutError):
        return frozenset()


def sandbox_config(settings: Settings) -> "SandboxConfig":
    """Configure a sandbox with all models of the settings besides the documented ones. Raises `SettingsError`."""
    from sandbox.config import SandboxConfig, SandboxSettings  # only needed without an API

    given = read(SandboxSettings)
    return SandboxConfig(
        keys={},
        models={kind: (*settings.models(kind), model) for kind, model in reference.MODELS.items()},
        transcription_models=(*filter(None, (settings.bot_transcription_model,)), "whisper-1"),
        requests_per_minute=given.sandbox_requests_per_minute,
        gguf=given.sandbox_gguf,
    )


@asynccontextmanager
async def _endpoint(settings: Settings) -> AsyncIterator[tuple[str, SecretStr]]:
    if not settings.needs_sandbox:
        yield settings.aimodels_base_url, settings.aimodels_api_key or SecretStr("none")
        return
    from sandbox.errors import SandboxError

    config = sandbox_config(settings)
    try:
        from sandbox.server import Sandbox
    except ImportError as exc:
        raise SettingsError(operator_text("start.no_sandbox", missing=exc.name)) from exc
    async with AsyncExitStack() as stack:
        try:
            sandbox = await stack.enter_async_context(Sandbox(config=config))
        except SandboxError as exc:
            raise SettingsError(str(exc)) from exc
        print(  # noqa: T201 - printed once for whoever starts the service, whatever the log level
            operator_text("start.sandbox", url=sandbox.base_url),
            file=sys.stderr,
            flush=True,
        )
        yield sandbox.base_url, SecretStr(sandbox.api_key)
