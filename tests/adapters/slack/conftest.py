from collections.abc import AsyncIterator

import pytest

from simulators.slack import SlackSimulator
from tests.support.slack.adapter import Core, RunningAdapter


@pytest.fixture
async def slack() -> AsyncIterator[SlackSimulator]:
    async with SlackSimulator() as slack:
        yield slack


@pytest.fixture
def core() -> Core:
    return Core()


@pytest.fixture(params=["socket", "http"])
async def service(request: pytest.FixtureRequest, slack: SlackSimulator, core: Core) -> AsyncIterator[RunningAdapter]:
    async with RunningAdapter(slack, core, http=request.param == "http") as service:
        yield service
