"""The operator's rules: what they match, and what is wrong with them."""

from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.moderation.rules import ContentRules, load_rules

RULES = r"""
[redact]
EMPLOYEE = 'E-\d{6}'

[refuse.words]
"project names" = ["Falcon", "Blue Heron", "獵鷹"]

[refuse.patterns]
"customer numbers" = '(?i)\bkd-\d{8}\b'
"""


def load(folder: Path, text: str) -> ContentRules:
    path = folder / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return load_rules(path)


def test_words_are_found_however_they_are_written(tmp_path: Path) -> None:
    """In capitals, in full width, with what is not seen or a line's end in between; not as a part of a word."""
    rules = load(tmp_path, RULES)
    for text in ("the FALCON.", "ｆａｌｃｏｎ", "fal\u200bcon", "a blue\nheron", "叫獵鷹的計畫", "falconry: Falcon"):
        assert rules.find_refusal(text) == "project names", text
    for text in ("fal\u2800con", "f\u20dda\u0489lcon", "fal**con**", "f_a_l_c_o_n", "fal\u0600\u070f\U00013434con"):
        assert rules.find_refusal(text) == "project names", text
    for text in ("fal**conry**", "falconry", "blue herons", "an eagle"):
        assert rules.find_refusal(text) == "", text
    assert rules.find_refusal("KD-12345678") == "customer numbers"
    [finding] = rules.find_private("員工 E-123456")
    assert (finding.start, finding.end, finding.label) == (3, 11, "EMPLOYEE")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[refuse", "no TOML file"),
        ("[forbid]\na = 'x'", "'forbid'"),
        ("[refuse.wrods]\na = ['x']", "'wrods'"),
        ("redact = 1", "'redact'"),
        ("[redact]\nEMAIL = 'x'", "'EMAIL'"),
        ("[redact]\nlower = 'x'", "'lower'"),
        ("[redact]\nX = '['", "missing ]"),
        ("[redact]\nX = '(?=x)'", "invalid perl operator"),
        ("[redact]\nX = '(a+)\\1'", "invalid escape"),
        ("[refuse.patterns]\nX = '(x{1000}){1000}'", "repetition"),
        ("[refuse.patterns]\nX = 5", "at most 1000 characters"),
        ("[refuse.words]\nX = 'word'", "list of words"),
        ("[refuse.words]\nX = ['word', ' ']", "list of words"),
    ],
)
def test_wrong_rules_are_named(tmp_path: Path, text: str, problem: str) -> None:
    """What is unknown, misspelt, or can't be matched in linear time stops the start with the rule's name."""
    with pytest.raises(SettingsError, match="BOT_CONTENT_RULES") as caught:
        load(tmp_path, text)
    assert problem in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The path is in the sentence."""
    with pytest.raises(SettingsError, match=r"none\.toml"):
        load_rules(tmp_path / "none.toml")
