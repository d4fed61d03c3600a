"""Completions while a line is typed."""

from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from adapters.console.live import Button
from adapters.console.prompt import CommandCompleter
from aimodels.reference import MODELS
from bot.commands import load_commands

COMMANDS = load_commands({kind: (model, "other") for kind, model in MODELS.items()}).specs
BUTTONS = {"#1": Button("e", "retry", "Again"), "#2": Button("e", "more", "More")}


def offered(line: str) -> list[str]:
    """The whole line, as each offer would make it."""
    completer = CommandCompleter(COMMANDS, BUTTONS)
    offers = completer.get_completions(Document(line), CompleteEvent(completion_requested=True))
    return [line[: len(line) + offer.start_position] + offer.text for offer in offers]


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("/im", ["/image "]),
        ("/AS", ["/ask "]),
        ("/image a fox --st", ["/image a fox --style "]),
        ("/image a fox --style an", ["/image a fox --style anime "]),
        ("/image a fox --style=an", ["/image a fox --style=anime "]),
        ("/image --size 512x512 a fox --si", []),
        ("/image a fox -n 2 -", [f"/image a fox -n 2 --{name} " for name in ("size", "style", "model")]),
        ("/image a fox --model o", ["/image a fox --model other "]),
        ("/code sort --language ru", ["/code sort --language rust ", "/code sort --language ruby "]),
        ("/usage chan", ["/usage channel "]),
        ("/nonsense --", []),
        ("#", ["#2", "#1"]),
        ("hello", []),
        ("what is a /im", []),
        ("", []),
    ],
)
def test_what_is_offered(line: str, lines: list[str]) -> None:
    """Commands and aliases, flags that were not given yet, their values, buttons; nothing in ordinary text."""
    assert offered(line) == lines


def test_files_are_offered_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After @ in any text, and as the value of an option that takes a file."""
    (tmp_path / "notes.txt").touch()
    monkeypatch.chdir(tmp_path)
    assert offered("look at @no") == ["look at @notes.txt"]
    assert offered("/video --image no") == ["/video --image notes.txt"]
