"""The desk of the tests of commands."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.command_runner import AdapterServices, desk_at


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[AdapterServices]:
    """A desk with nothing on it, and a choice of models."""
    async with desk_at(
        tmp_path, bot_chat_models=("gpt-4-turbo", "gpt-mini", "seer"), bot_seeing_models=("seer",)
    ) as made:
        yield made
