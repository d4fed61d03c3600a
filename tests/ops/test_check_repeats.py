"""`check` says each mistake once."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.ops.check import check


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The input of a service in the background."""
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        yield


async def test_a_mistake_that_several_parts_find_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that there is none of is found by the rules, and by what asks the API for its commands."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOT_DISABLED_COMMANDS", "vidoe")
    wrong = [line.text for line in await check() if "vidoe" in line.text]
    assert len(wrong) == 1
