from collections.abc import AsyncIterator
from unittest.mock import AsyncMock

import discord
import pytest

from adapters.discord.timing import Timing
from simulators.discord.server import Wire
from tests.support.discord.stage import Core, Service


@pytest.fixture(autouse=True)
def identified_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library waits five seconds before a new session, as Discord wants it; this Discord does not."""
    monkeypatch.setattr(discord.Client, "before_identify_hook", AsyncMock())


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with Wire() as wire:
        yield wire


@pytest.fixture
def core() -> Core:
    return Core()


@pytest.fixture
def timing() -> Timing:
    """The adapter's timing; a test that needs another one parametrizes it."""
    return Timing()


@pytest.fixture
async def service(wire: Wire, core: Core, timing: Timing) -> AsyncIterator[Service]:
    async with Service(wire, core, timing=timing) as service:
        yield service
