from collections.abc import AsyncIterator

import pytest

from simulators.slack import SlackSimulator
from tests.support.slack.drafts import DraftStage, open_stage


@pytest.fixture
async def stage(slack: SlackSimulator) -> AsyncIterator[DraftStage]:
    async with open_stage(slack) as stage:
        yield stage
