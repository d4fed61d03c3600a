from collections.abc import AsyncIterator

import pytest

from tests.adapters.discord.stage import Core, Service
from tests.fakes.discord.wire import Wire


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with Wire() as wire:
        yield wire


@pytest.fixture
def core() -> Core:
    return Core()


@pytest.fixture
async def service(wire: Wire, core: Core) -> AsyncIterator[Service]:
    async with Service(wire, core) as service:
        yield service
