"""The command and the test in docs/extending.md are what they say."""

import re
from pathlib import Path
from typing import Any

import pytest

from bot.commands import Registry, _base
from tests.support.command_runner import command_runner

DOCUMENT = Path(__file__).parents[2] / "docs" / "extending.md"


async def test_the_example_asks_the_model_as_its_test_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both blocks of code, run one after the other, pass."""
    source, test = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    async with command_runner(tmp_path) as runner:  # which has registered all other commands
        monkeypatch.setattr(_base, "_registered", dict(_base._registered))
        names: dict[str, Any] = {"__name__": "bot.commands.haiku"}
        exec(source, names)
        exec(test, names)
        runner.registry = Registry([*runner.registry, _base._registered["haiku"]])
        await names["test_a_haiku_is_asked_for_and_counted"](runner)
