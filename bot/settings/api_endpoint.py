"""Where the AI API is: the one of the settings, or the offline sandbox where none is configured."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from bot.errors import SettingsError
from bot.settings.core import REFERENCE_BASE_URL, Settings


def needs_sandbox(settings: Settings) -> bool:
    """Whether no API is configured: neither a key nor an address of one's own."""
    return settings.aimodels_api_key is None and settings.aimodels_base_url == REFERENCE_BASE_URL


@asynccontextmanager
async def endpoint(settings: Settings) -> AsyncIterator[tuple[str, SecretStr]]:
    """The API's address and key; starts the sandbox when none is configured. Raises `SettingsError`."""
    if not needs_sandbox(settings):
        yield settings.aimodels_base_url, settings.aimodels_api_key or SecretStr("none")
        return
    from sandbox.config import from_environment

    try:
        from sandbox.server import Sandbox
    except ImportError as exc:
        raise SettingsError(
            "AIMODELS_API_KEY is not set and the sandbox is not installed: "
            f"set the key, or install the extra with pip install 'channelmuse[sandbox]' ({exc.name} is missing)"
        ) from exc
    async with Sandbox(config=from_environment(settings)) as sandbox:
        print(  # noqa: T201 - said once to who starts the service, whatever the log level
            f"No AIMODELS_API_KEY: answers come from the offline sandbox API at {sandbox.base_url}. "
            "Set AIMODELS_API_KEY (in .env or the environment) to use the real one.",
            file=sys.stderr,
            flush=True,
        )
        yield sandbox.base_url, SecretStr(sandbox.api_key)
