"""A document in Traditional Chinese says what its English twin says."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.support.documents import DOCUMENTS, ROOT, TRANSLATED, blocks, lines

#: Documents for people who use or run the service, or call the API; what only its engineers read is in English.
FOR_PEOPLE = [
    "README.md",
    *(
        f"docs/{name}.md"
        for name in (
            "administration",
            "catchup",
            "cockpit",
            "costs",
            "discord",
            "duel",
            "extending",
            "families",
            "film",
            "memory",
            "schedules",
            "operating",
            "play",
            "privacy",
            "python-sdk",
            "scaling",
            "slack",
        )
    ),
]
PAIRS = pytest.mark.parametrize(("english", "chinese"), TRANSLATED.items(), ids=lambda path: path.name)
#: The transcript in Chinese, and the variables that choose its language, are in the Chinese README only.
OWN = "LANG=zh_TW.UTF-8 make run"
OWN_NAMES = {"LC_ALL", "LC_MESSAGES"}


def test_what_people_read_is_translated() -> None:
    """Every document for people exists in both languages, and each names the other at its beginning."""
    assert [str(path.relative_to(ROOT)) for path in TRANSLATED] == sorted(FOR_PEOPLE)
    for english, chinese in TRANSLATED.items():
        assert f"({chinese.name})" in english.read_text(encoding="utf-8")[:800]
        assert f"({english.name})" in chinese.read_text(encoding="utf-8")[:800]


@PAIRS
def test_commands_and_files_are_the_same(english: Path, chinese: Path) -> None:
    """What is typed, pasted into files and copied as code is the same, in the same order."""
    theirs = [line for line in lines(chinese) if OWN not in line]
    assert theirs == list(lines(english))
    assert list(blocks(chinese, "ini", "json", "python")) == list(blocks(english, "ini", "json", "python"))


@PAIRS
def test_the_structure_is_the_same(english: Path, chinese: Path) -> None:
    """Headings by level, rows of tables and items of lists are as many, so that no part is missing."""

    def structure(path: Path) -> Counter[str]:
        text = re.sub(r"^( *)(`{3,}).*?^\1\2$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        return Counter(re.findall(r"^(#+|\||\d+\.|-)(?= )", text, re.MULTILINE))

    assert structure(chinese) == structure(english)


@PAIRS
def test_settings_and_names_are_the_same(english: Path, chinese: Path) -> None:
    """Settings, slash commands, scopes and addresses that one names, the other does."""
    pattern = r"\b[A-Z]+_[A-Z_]+\b|`/[a-z]+`|`[a-z]+:[a-z.]+`|https?://[\w./-]+\w|`[\w.]+\.(?:key|db|json|history)`"

    def named(path: Path) -> set[str]:
        return set(re.findall(pattern, path.read_text(encoding="utf-8")))

    own = OWN_NAMES if english.name == "README.md" else set()
    assert named(chinese) - own == named(english)


@pytest.mark.parametrize("document", [path for path in DOCUMENTS if "zh-Hant" in path.name], ids=lambda path: path.name)
def test_people_are_addressed_in_one_way(document: Path) -> None:
    """你 everywhere; a mixture with 您 reads like two authors."""
    assert "您" not in document.read_text(encoding="utf-8")
