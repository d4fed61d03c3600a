"""Fixtures of the tests that run on the simulated Discord."""

from collections.abc import AsyncIterator

import discord
import pytest

from simulators.discord.server import DiscordSimulator


@pytest.fixture(autouse=True)
def identified_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip the five seconds that the library waits before a new session, as Discord wants it."""

    async def wait(client: discord.Client, shard: int | None, *, initial: bool = False) -> None:
        pass

    monkeypatch.setattr(discord.Client, "before_identify_hook", wait)


@pytest.fixture
async def simulator() -> AsyncIterator[DiscordSimulator]:
    """A simulated Discord."""
    async with DiscordSimulator() as simulator:
        yield simulator
