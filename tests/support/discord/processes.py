"""The service as it is started, in processes of their own that can be killed."""

import signal
from functools import partial
from pathlib import Path

from adapters.discord import adapter
from adapters.discord.timing import Timing
from bot.pipeline.timing import PipelineTiming
from bot.timing import ServiceTiming
from bot.waiting.timing import WaitingTiming
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import TOKEN
from tests.support import processes


class Process:
    """One process of the service; `folder` outlives it. `is_late`: it starts long after its questions were asked."""

    def __init__(self, simulator: DiscordSimulator, api_url: str, folder: Path, *, is_late: bool = False) -> None:
        environment = {
            "AIMODELS_BASE_URL": api_url,
            "AIMODELS_API_KEY": "key",
            "AIMODELS_STREAMING": "true",
            "BOT_DATA_DIR": str(folder),
            "BOT_REQUESTS_PER_MINUTE": "0",
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": simulator.api,
        }
        self._simulator = simulator
        self._process = processes.Process(_serve, is_late, environment=environment, folder=folder)

    async def start(self) -> None:
        """Start, and wait until it is connected."""
        known = len(self._simulator.gateway.identified)
        self._process.start()
        await self._simulator.until(
            lambda: len(self._simulator.gateway.identified) > known and self._simulator.gateway.is_connected
        )

    async def kill(self) -> int | None:
        """Kill it; return its exit status."""
        self._process.send_signal(signal.SIGKILL)
        return await self._process.wait()

    async def stop(self) -> int | None:
        """Stop it as an operator does; return its exit status."""
        self._process.send_signal(signal.SIGTERM)
        return await self._process.wait()


def _serve(is_late: bool) -> int:
    if is_late:  # everything was asked so long ago that Discord knows no message by its nonce
        timing = Timing(fresh_question=-1.0, nonce_lifetime=-1.0)
        adapter.Discord = partial(adapter.Discord, timing=timing)  # type: ignore[assignment, misc]
    # Without a pause before it, a quick answer's first sign is shown, too.
    return processes.service(
        ServiceTiming(pipeline=PipelineTiming(first_update=0.0), waiting=WaitingTiming(look=3600.0))
    )
