"""The sentences: the same in every language, none missing, none left over."""

import ast
import re
import string
from pathlib import Path

import pytest

from bot.i18n import FALLBACK, LANGUAGES, catalogue, language_of, translate

ROOT = Path(__file__).parents[2]
KEY = re.compile(r"[a-z]+(\.[a-z_]+)+")


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def literals() -> tuple[set[str], list[re.Pattern[str]]]:
    """Every string of the sources that reads like a key, and the patterns of those put together with an f-string."""
    whole: set[str] = set()
    built: list[re.Pattern[str]] = []
    for path in [*(ROOT / "bot").rglob("*.py"), *(ROOT / "adapters").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
            elif isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
                parts = [re.escape(str(v.value)) if isinstance(v, ast.Constant) else "[a-z_.]+" for v in node.values]
                if re.match(r"[a-z]+\.", str(node.values[0].value)):
                    built.append(re.compile("".join(parts)))
    return whole, built


def said() -> dict[str, str]:
    """Every key given to `say` as it stands, with where."""
    return {key: where for key, where, _ in calls()}


def calls() -> list[tuple[str, str, set[str]]]:
    """Every call of `say` with a key as it stands: the key, where, and the names of the values given."""
    found: list[tuple[str, str, set[str]]] = []
    for path in [*(ROOT / "bot").rglob("*.py"), *(ROOT / "adapters").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            key = node.args[0].value
            if name == "say" and isinstance(key, str) and KEY.fullmatch(key):
                given = {word.arg or "*" for word in node.keywords}
                found.append((key, f"{path.relative_to(ROOT)}:{node.lineno}", given))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_sentence(language: str) -> None:
    """A language has the keys of English, no more and no fewer, each with the same placeholders."""
    english, other = catalogue(FALLBACK), catalogue(language)
    assert other.keys() == english.keys()
    assert {k: placeholders(v) for k, v in other.items()} == {k: placeholders(v) for k, v in english.items()}
    assert all(sentence.strip() for sentence in other.values())


def test_every_sentence_gets_the_values_it_names() -> None:
    """Whoever says a sentence fills in all of its placeholders."""
    english = catalogue(FALLBACK)
    wrong = [
        f"{where}: {key} needs {placeholders(english[key]) - given}"
        for key, where, given in calls()
        if key in english and "*" not in given and placeholders(english[key]) - given
    ]
    assert wrong == []


def test_every_sentence_that_is_said_exists() -> None:
    """Whatever a source says is in the catalogue."""
    missing = {key: where for key, where in said().items() if key not in catalogue(FALLBACK)}
    assert missing == {}


def test_every_sentence_is_said() -> None:
    """A sentence that nobody says is deleted."""
    whole, built = literals()
    unsaid = [k for k in catalogue(FALLBACK) if k not in whole and not any(p.fullmatch(k) for p in built)]
    assert unsaid == []


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("", "en"),
        ("en-GB", "en"),
        ("de", "en"),
        ("zh-TW", "zh-Hant"),
        ("zh_TW.UTF-8", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-Hant-TW", "zh-Hant"),
        ("zh-CN", "zh-Hans"),
        ("zh", "zh-Hans"),
    ],
)
def test_a_locale_leads_to_the_nearest_language(locale: str, language: str) -> None:
    """Script and region decide which Chinese; everything unknown is English."""
    assert language_of(locale) == language
    assert translate("prompt.missing", locale, example="x") == catalogue(language)["prompt.missing"].format(example="x")
