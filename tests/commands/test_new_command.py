"""One command is one file: the README's example, dropped into a copy of the package, is on every surface."""

import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot", "adapters", "aimodels", "sandbox")
TRANSLATION = """
"command.roll.label" = "擲骰"
"command.roll.description" = "擲骰子。"
"command.roll.option.sides" = "幾面的骰子。"
"option.label.sides" = "面數"
"""
TYPED = "/roll --sides 2\n/roll --sides 1\n/roll\n/help\n/help roll\n"
#: Answers what is typed; prints that, and what each platform shows in each language: its own form, menu or page.
SURFACES = """
import contextlib, io, json, sys
import adapters.discord, adapters.slack
from adapters.discord.setup.application_commands import build_commands
from adapters.discord.ui.modals import build_modal
from adapters.slack.ui import home_view, modals
from aimodels.reference import MODELS
from bot.__main__ import main
from bot.commands import load_commands
from bot.ports import Profile
from bot.security.value_signer import HmacSigner

assert main([]) == 0
with contextlib.redirect_stdout(io.StringIO()) as manifest:
    assert main(["manifest", "slack"]) == 0
registry = load_commands({kind: (model,) for kind, model in MODELS.items()})
spec = registry.find("roll").spec
print(json.dumps([{
    "manifest": json.loads(manifest.getvalue()),
    "home": home_view.build_home(Profile(), registry.specs, prefix="/", locale=locale, links={}),
    "modal": modals.build_modal(
        spec, spec.options, callback_id="make:roll", title="/roll", locale=locale, signer=HmacSigner(b"key", ("T1",))
    ),
    "commands": build_commands(registry.specs),
    "discord modal": build_modal(spec, spec.options, custom_id="roll", locale=locale).to_dict(),
} for locale in sys.argv[1:]]))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages with one file more: the README's example."""
    folder = tmp_path_factory.mktemp("copy")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package)  # with what is compiled of it
    shutil.copy(ROOT / "pyproject.toml", folder)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    example = re.search(r'```python\n("""Roll dice.*?)```', text, re.DOTALL)
    assert example is not None
    (folder / "bot" / "commands" / "roll.py").write_text(example[1], encoding="utf-8")
    return folder


def answers_and_surfaces(copy: Path, typed: str, *locales: str, **environment: str) -> tuple[str, list[dict[str, Any]]]:
    """Run the copied packages once: the answers to typed commands, and the surfaces in each language."""
    done = subprocess.run(
        [sys.executable, "-c", SURFACES, *locales],
        input=typed,
        cwd=copy,
        env={
            **os.environ,
            "PYTHONPATH": str(copy),
            "BOT_DATA_DIR": str(copy / "data"),
            "LANG": "C.UTF-8",
            "SLACK_COMMAND_PREFIX": "my-",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers, _, shown = done.stdout.strip().rpartition("\n")
    return answers, json.loads(shown)


@cache
def untranslated(copy: Path) -> tuple[str, list[dict[str, Any]]]:
    """Return the English answers, and the surfaces of a language that the command has no words of."""
    return answers_and_surfaces(copy, TYPED, "zh-TW")


def test_it_is_typed_and_explained(copy: Path) -> None:
    """It answers, refuses what its spec does not allow, and is in the help."""
    out, _ = untranslated(copy)
    assert len(re.findall(r"🎲 [1-6]\n", out)) == 2
    assert "--sides must be between 2 and 100, not 1." in out.replace("`", "")
    assert re.search(r"/roll\W+Roll dice\. \W*/roll", out)
    assert "sides: How many sides; 2 to 100; usually 6" in out.replace("`", "")


def test_it_is_on_slack(copy: Path) -> None:
    """The manifest, the App Home and the form have the words of its spec."""
    _, [shown] = untranslated(copy)
    commands = {c["command"]: c for c in shown["manifest"]["features"]["slash_commands"]}
    assert commands["/my-roll"]["description"] == "Roll dice."
    assert "--sides" in commands["/my-roll"]["usage_hint"]
    assert "`/roll`  Roll dice." in json.dumps(shown["home"], ensure_ascii=False)
    (field,) = shown["modal"]["blocks"]
    assert (field["label"]["text"], field["hint"]["text"]) == ("Sides", "How many sides.")
    assert field["element"]["max_value"] == "100"


def test_it_is_on_discord(copy: Path) -> None:
    """The slash command and the form have the words of its spec, in every language."""
    _, [shown] = untranslated(copy)
    (roll,) = [command for command in shown["commands"] if command["name"] == "roll"]
    assert (roll["description"], roll["description_localizations"], roll["name_localizations"]) == (
        "Roll dice.",
        {},
        {},
    )
    (sides,) = roll["options"]
    assert (sides["description"], sides["min_value"], sides["max_value"]) == ("How many sides.", 2, 100)
    (field,) = shown["discord modal"]["components"]
    assert (field["label"], field["description"]) == ("Sides", "How many sides.")


def test_it_is_linted(copy: Path) -> None:
    """The example is accepted with the project's rules, as it stands."""
    file = str(copy / "bot" / "commands" / "roll.py")
    for arguments in (("check",), ("format", "--check")):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, file], cwd=copy, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


def test_a_translation_is_one_file_more(copy: Path) -> None:
    """A file beside the others' translations is enough for people of that language; English remains for the rest."""
    file = copy / "bot" / "commands" / "locales" / "roll.zh-Hant.toml"
    file.write_text(TRANSLATION, encoding="utf-8")
    try:
        out, [shown, simplified] = answers_and_surfaces(copy, "/help roll\n", "zh-TW", "zh-CN", LANG="zh_TW.UTF-8")
        assert "擲骰子。" in out
        assert "幾面的骰子；2 到 100；預設 6" in out.replace("`", "")
        (roll,) = [command for command in shown["commands"] if command["name"] == "roll"]
        assert roll["name_localizations"] == {"zh-TW": "擲骰"}
        assert roll["description_localizations"] == {"zh-TW": "擲骰子。"}
        assert roll["options"][0]["name_localizations"] == {"zh-TW": "面數"}
        assert "`/roll`  擲骰子。" in json.dumps(shown["home"], ensure_ascii=False)
        (field,) = shown["discord modal"]["components"]
        assert (field["label"], field["description"]) == ("面數", "幾面的骰子。")
        assert "Roll dice." in json.dumps(simplified["home"])
    finally:
        file.unlink()
