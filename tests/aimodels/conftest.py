from collections.abc import AsyncIterator

import pytest

from aimodels import request, resources
from tests.support.api import FakeApi, fake_api


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    async with fake_api() as fake:
        yield fake


@pytest.fixture(autouse=True)
def _brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are drawn at random anyway; tests draw short ones."""
    monkeypatch.setattr(request, "_BACKOFF", 0.01)
    monkeypatch.setattr(request, "_DRAIN", 10.0)  # a stalled machine must not look like a server that never ends
    monkeypatch.setattr(resources, "_POLL_FIRST", 0.01)
