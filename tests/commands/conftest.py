"""The command runner of these tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.command_runner import CommandRunner, command_runner


@pytest.fixture
async def runner(tmp_path: Path) -> AsyncIterator[CommandRunner]:
    """A runner without events, and with several models."""
    async with command_runner(
        tmp_path, bot_chat_models=("gpt-4-turbo", "gpt-mini", "seer"), bot_seeing_models=("seer",)
    ) as made:
        yield made
