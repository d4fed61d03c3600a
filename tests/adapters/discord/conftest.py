from collections.abc import AsyncIterator

import pytest

from adapters.discord.timing import Timing
from simulators.discord.server import DiscordSimulator
from tests.support.discord.fixtures import identified_at_once, simulator
from tests.support.discord.stage import RecordingCore, Service

__all__ = ["identified_at_once", "simulator"]


@pytest.fixture
def core() -> RecordingCore:
    return RecordingCore()


@pytest.fixture
def timing() -> Timing:
    """The adapter's timing; a test that needs another one parametrizes it."""
    return Timing()


@pytest.fixture
async def service(simulator: DiscordSimulator, core: RecordingCore, timing: Timing) -> AsyncIterator[Service]:
    async with Service(simulator, core, timing=timing) as service:
        yield service
