"""The commands and the test in docs/extending.md are what they say."""

import re
from pathlib import Path
from typing import Any

import pytest

from bot.cockpit import page
from bot.commands import Registry, _base
from tests.support.command_runner import command_runner

DOCUMENT = Path(__file__).parents[2] / "docs" / "extending.md"
BLOCKS = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)


async def test_the_example_asks_the_model_as_its_test_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of code, run one after the other, pass; buttons make requests that their spec allows."""
    buttons, source, test, _ = BLOCKS
    async with command_runner(tmp_path) as runner:  # which has registered all other commands
        monkeypatch.setattr(_base, "_registered", dict(_base._registered))
        names: dict[str, Any] = {"__name__": "bot.commands.haiku"}
        exec(buttons.replace("sleep(1)", "sleep(0)"), names | {"__name__": "bot.commands.lots"})
        exec(source, names)
        exec(test, names)
        runner.registry = Registry([*runner.registry, _base._registered["haiku"], _base._registered["lots"]])
        await names["test_a_haiku_is_asked_for_and_counted"](runner)
        drawn = await runner.ask("lots", "Ann, Bob, Cem", options={"count": "2"})
        assert len({*drawn.text.removeprefix("🎲 ").split(", ")} & {"Ann", "Bob", "Cem"}) == 2
        spec = runner.registry.find_spec("lots")
        assert spec is not None
        for action in drawn.actions:
            assert (action.command, action.prompt, action.options) == ("lots", "Ann, Bob, Cem", {"count": "2"})
            assert all(spec.option(name) for name in action.prompts_for)


def test_the_example_of_a_page_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last block is a page of the cockpit for everybody, with its name in the menu."""
    monkeypatch.setattr(page, "_registered", {})
    exec(BLOCKS[-1], {"__name__": "bot.cockpit.pages.hello"})
    [hello] = page.registered_pages()
    assert (hello.path, hello.rights, hello.title) == ("/hello", page.Rights.EVERYBODY, "cockpit.menu.hello")
