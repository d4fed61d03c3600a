from collections.abc import AsyncIterator

import pytest

from simulators.slack import FakeSlack
from tests.support.slack.asking import Asking, asking


@pytest.fixture
async def stage(slack: FakeSlack) -> AsyncIterator[Asking]:
    async with asking(slack) as stage:
        yield stage
