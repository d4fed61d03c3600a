from collections.abc import AsyncIterator

import pytest

from simulators.slack import SlackSimulator
from tests.support.slack.adapter import RecordingCore, RunningAdapter


@pytest.fixture
async def slack() -> AsyncIterator[SlackSimulator]:
    async with SlackSimulator() as slack:
        yield slack


@pytest.fixture
def core() -> RecordingCore:
    return RecordingCore()


@pytest.fixture(params=["socket", "http"])
async def service(
    request: pytest.FixtureRequest, slack: SlackSimulator, core: RecordingCore
) -> AsyncIterator[RunningAdapter]:
    async with RunningAdapter(slack, core, http=request.param == "http") as service:
        yield service
