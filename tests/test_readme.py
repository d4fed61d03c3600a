"""The README's transcripts and lists are real."""

import os
import re
from pathlib import Path
from typing import get_args

import pytest

from aimodels.reference import MODELS
from bot.commands import load_commands
from bot.i18n import catalogue
from bot.models import Part
from tests.support.forked import command_line

ROOT = Path(__file__).parents[1]
READMES = [ROOT / "README.md", ROOT / "README.zh-Hant.md"]


def steady(text: str) -> str:
    """Without what differs from run to run: where the files are, the day, and how well they were compressed."""
    text = re.sub(r"(saved: |已儲存：)\S*/media/\S+?-([\w-]+\.\w+)", r"\1\2", text)
    return re.sub(r"[\d.]+ (kB|MB)(?=[)）])", "…", text).strip()


def told(folder: Path, text: str, **environment: str) -> str:
    """The output of the service for this input, with nothing configured."""
    given = {**os.environ, "LANG": "C.UTF-8", **environment}
    done = command_line.bot(environment=given, folder=folder, text=text)
    assert done.returncode == 0
    return done.stdout


def test_the_transcript_is_real(tmp_path: Path) -> None:
    """The session, typed again, gives the transcript in both READMEs; its files exist."""
    out = told(tmp_path, (ROOT / "docs" / "session.txt").read_text(encoding="utf-8"))
    for readme in READMES:
        shown = re.search(r"`{4}text\n(.*?)\n`{4}\n<!-- end of transcript -->", readme.read_text("utf-8"), re.DOTALL)
        assert shown is not None
        assert steady(out) == steady(shown[1])
    files = [Path(name) for name in re.findall(r"saved: (\S+)", out)]
    assert [path.suffix for path in files] == [".png", ".mp3", ".mp4"]
    assert all(path.stat().st_size > 10_000 for path in files)


def test_the_chinese_transcript_is_real(tmp_path: Path) -> None:
    """The command in the Chinese README prints what stands below it."""
    text = READMES[1].read_text(encoding="utf-8")
    shown = re.search(r"printf '(.*?)' \| LANG=zh_TW.UTF-8 make run\n```\n\n```text\n(.*?)\n```", text, re.DOTALL)
    assert shown is not None
    assert steady(told(tmp_path, shown[1].replace("\\n", "\n"), LC_ALL="zh_TW.UTF-8")) == steady(shown[2])


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_every_command_is_in_the_readme(readme: Path) -> None:
    """Each command that comes with the service, and so is translated, is listed; one dropped in need not be."""
    text = readme.read_text(encoding="utf-8")
    names = [spec.name for spec in load_commands({kind: (model,) for kind, model in MODELS.items()}).specs]
    translated = [name for name in names if f"command.{name}.description" in catalogue("zh-Hant")]
    assert len(translated) > 10
    assert [name for name in translated if f"/{name}" not in text] == []


@pytest.mark.parametrize("document", [*READMES, ROOT / "docs" / "architecture.md"], ids=lambda path: path.name)
def test_every_part_is_named(document: Path) -> None:
    """The documents list all that a command may yield, and nothing else, in the order of `Part`."""
    text = document.read_text(encoding="utf-8")
    names = [part.__name__ for part in get_args(Part)]
    listed = [re.findall(r"`([A-Z]\w+)`", line) for line in text.splitlines() if "`Text`" in line and "`Usage`" in line]
    assert listed == [names]
