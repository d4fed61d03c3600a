from collections.abc import AsyncIterator

import pytest

from tests.support.api import FakeApi, fake_api


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    async with fake_api() as fake:
        yield fake
