from collections.abc import AsyncIterator

import pytest

from simulators.slack import FakeSlack, fake_slack
from tests.support.slack.stage import Core, Service


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with fake_slack() as slack:
        yield slack


@pytest.fixture
def core() -> Core:
    return Core()


@pytest.fixture(params=["socket", "http"])
async def service(request: pytest.FixtureRequest, slack: FakeSlack, core: Core) -> AsyncIterator[Service]:
    async with Service(slack, core, http=request.param == "http") as service:
        yield service
