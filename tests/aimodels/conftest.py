from collections.abc import AsyncIterator

import pytest

from tests.support.scripted_api import ScriptedApi, scripted_api


@pytest.fixture
async def api() -> AsyncIterator[ScriptedApi]:
    async with scripted_api() as fake:
        yield fake
