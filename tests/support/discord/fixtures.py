"""Fixtures of the tests that run on the simulated Discord."""

from collections.abc import AsyncIterator
from unittest.mock import AsyncMock

import discord
import pytest

from simulators.discord.server import DiscordSimulator


@pytest.fixture(autouse=True)
def identified_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip the five seconds that the library waits before a new session, as Discord wants it."""
    monkeypatch.setattr(discord.Client, "before_identify_hook", AsyncMock())


@pytest.fixture
async def simulator() -> AsyncIterator[DiscordSimulator]:
    """A simulated Discord."""
    async with DiscordSimulator() as simulator:
        yield simulator
