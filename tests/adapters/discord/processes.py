"""The service as it is started, in processes of their own that can be killed."""

import asyncio
import multiprocessing
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import bot
from tests.fakes.discord.values import TOKEN
from tests.fakes.discord.wire import Wire

# What is imported once is there in every process: each start costs little.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        *("bot.__main__", "bot.bootstrap", "bot.vault", "bot.sandbox.config", "bot.language"),
        *("adapters.discord.adapter", "adapters.slack", "adapters.console.adapter", "rich", "pypdf"),
        *(f"bot.commands.{path.stem}" for path in (Path(bot.__file__).parent / "commands").glob("*.py")),
        *("cryptography.fernet", "cryptography.hazmat.primitives.hmac", "tests.adapters.discord.processes"),
    ]
)


class Process:
    """One life of the service; `folder` is kept between them. `is_late`: long after what it finds was asked."""

    def __init__(self, wire: Wire, api_url: str, folder: Path, *, is_late: bool = False) -> None:
        environment = {
            "AIMODELS_BASE_URL": api_url,
            "AIMODELS_API_KEY": "key",
            "AIMODELS_STREAMING": "true",
            "BOT_DATA_DIR": str(folder),
            "BOT_REQUESTS_PER_MINUTE": "0",
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": wire.api,
        }
        self._wire = wire
        self._process = _CONTEXT.Process(target=_serve, args=(environment, folder, is_late))

    async def start(self) -> None:
        """Start, and wait until it hears."""
        known = len(self._wire.gateway.identified)
        self._process.start()
        await self._wire.until(lambda: len(self._wire.gateway.identified) > known and self._wire.gateway.is_heard)

    async def kill(self) -> int | None:
        """End it with no chance to do anything; its exit status, when it is gone."""
        self._process.kill()
        await asyncio.to_thread(self._process.join)
        return self._process.exitcode

    async def stop(self) -> int | None:
        """End it as an operator does; its exit status."""
        if self._process.is_alive():
            self._process.terminate()
        await asyncio.to_thread(self._process.join)
        return self._process.exitcode


def _serve(environment: Mapping[str, str], folder: Path, is_late: bool) -> None:
    from adapters.discord import draft
    from bot import __main__, delivery

    os.environ.update(environment)
    os.chdir(folder)
    with (folder / "log").open("a") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    if is_late:  # everything was asked so long ago that Discord knows no message by its nonce
        draft.FRESH = draft.NONCE_LIFE = -1.0
    delivery.PATIENCE = 0.0  # so that a quick answer's first sign is shown too
    sys.exit(__main__.main(["run"]))
