"""The sentences: the same in every language, none missing, none left over."""

import ast
import importlib
import re
import string
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from aimodels import reference
from bot.commands import load_commands
from bot.errors import SettingsError
from bot.i18n import (
    FALLBACK,
    LANGUAGES,
    catalogue,
    catalogue_of,
    choice_label,
    describe_command,
    describe_option,
    language_of,
    packages,
    register_catalogue,
    translate,
)
from bot.limits import Measure, Period
from bot.models import CommandSpec, Option
from bot.scoped_settings.registry import load_settings_registry
from bot.settings.core import load_settings

ROOT = Path(__file__).parents[2]
KEY = re.compile(r"[a-z]+(\.[a-z_]+)+")
#: Translations of what a command's own spec says in English.
OF_SPECS = ("command.", "option.label.", "choice.label.", "settings.about.")
CATALOGUES = sorted(
    ".".join(folder.parent.relative_to(ROOT).parts)
    for top in ("bot", "adapters")
    for folder in (ROOT / top).rglob("locales")
)
for package in CATALOGUES:
    importlib.import_module(package)


def sentences(language: str) -> dict[str, str]:
    """All sentences of the repository."""
    return {key: text for package in CATALOGUES for key, text in catalogue_of(package, language).items()}


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@dataclass(frozen=True)
class Call:
    """A call of `translate` or `operator_text` with a literal key."""

    key: str
    place: str
    given: frozenset[str]  #: names of the values; `*`: more that are not known


@dataclass(frozen=True)
class Spoken:
    """The uses of sentences found in all source files."""

    calls: tuple[Call, ...]
    literals: frozenset[str]
    patterns: tuple[re.Pattern[str], ...]  #: of the keys that are put together with an f-string


@cache
def spoken() -> Spoken:
    calls: list[Call] = []
    literals: set[str] = set()
    patterns: list[re.Pattern[str]] = []
    for path in (*(ROOT / "bot").rglob("*.py"), *(ROOT / "adapters").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                literals.add(node.value)
            elif isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
                parts = [re.escape(str(v.value)) if isinstance(v, ast.Constant) else "[a-z_.]+" for v in node.values]
                if re.match(r"[a-z]+\.", str(node.values[0].value)):
                    patterns.append(re.compile("".join(parts)))
            elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                key = node.args[0].value
                if name in ("translate", "operator_text") and isinstance(key, str) and KEY.fullmatch(key):
                    given = frozenset(word.arg or "*" for word in node.keywords)
                    calls.append(Call(key, f"{path.relative_to(ROOT)}:{node.lineno}", given))
    return Spoken(tuple(calls), frozenset(literals), tuple(patterns))


def specs() -> list[CommandSpec]:
    return list(load_commands({kind: (model,) for kind, model in reference.MODELS.items()}).specs)


def test_every_catalogue_is_found() -> None:
    """A package with a folder `locales` registers it when it is imported."""
    assert {"bot.i18n", "bot.commands", "adapters.console"} < set(CATALOGUES)
    assert set(CATALOGUES) <= set(packages())


@pytest.mark.parametrize("package", CATALOGUES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_sentence(package: str, language: str) -> None:
    """A language has the keys of English, no more and no fewer, each with the same placeholders."""
    english, other = (
        {key: text for key, text in catalogue_of(package, each).items() if not key.startswith(OF_SPECS)}
        for each in (FALLBACK, language)
    )
    assert english
    assert other.keys() == english.keys()
    assert {k: placeholders(v) for k, v in other.items()} == {k: placeholders(v) for k, v in english.items()}
    assert all(sentence.strip() for sentence in other.values())


def test_every_sentence_has_one_owner() -> None:
    """No key is in two catalogues; a platform's keys begin with its name."""
    owned = Counter(key for package in CATALOGUES for key in catalogue_of(package, FALLBACK))
    assert [key for key, count in owned.items() if count > 1] == []
    for package in CATALOGUES:
        top, _, name = package.partition(".")
        if top == "adapters":
            assert all(key.startswith(f"{name}.") for key in catalogue_of(package, FALLBACK))


def test_every_sentence_gets_the_values_it_names() -> None:
    """Every call fills in all placeholders of its sentence."""
    english = sentences(FALLBACK)
    assert len(spoken().calls) > 100
    wrong = [
        f"{call.place}: {call.key} needs {missing}"
        for call in spoken().calls
        if call.key in english and "*" not in call.given and (missing := placeholders(english[call.key]) - call.given)
    ]
    assert wrong == []


def test_every_sentence_that_is_translated_exists() -> None:
    """Each key in a source is in a catalogue."""
    english = sentences(FALLBACK)
    missing = {call.key: call.place for call in spoken().calls if call.key not in english}
    assert missing == {}


def test_every_sentence_is_used() -> None:
    """A sentence that no source names is deleted."""
    literals, patterns = spoken().literals, spoken().patterns
    unsaid = [k for k in sentences(FALLBACK) if k not in literals and not any(p.fullmatch(k) for p in patterns)]
    assert unsaid == []


# ------------------------------------------------------------------ commands


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != FALLBACK])
def test_a_translated_command_is_translated_wholly(language: str) -> None:
    """Translations are optional; a command with one has all: its name, its description and every option's."""
    translated = sentences(language)
    missing = []
    for spec in specs():
        keys = {f"command.{spec.name}.{part}" for part in ("label", "description")}
        keys |= {f"command.{spec.name}.option.{option.name}" for option in spec.options}
        if any(key in sentences(each) for each in LANGUAGES for key in keys):
            missing += sorted(keys - translated.keys())
            missing += [f"option.label.{o.name}" for o in spec.options if f"option.label.{o.name}" not in translated]
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_left_over(language: str) -> None:
    """A translation belongs to a command, option or choice that exists, and fits where platforms show it."""
    known = set()
    for spec in specs():
        known |= {f"command.{spec.name}.{part}" for part in ("label", "words", "description", "example")}
        for option in spec.options:
            known |= {f"command.{spec.name}.option.{option.name}", f"option.label.{option.name}"}
            known |= {f"choice.label.{choice}" for choice in option.choices}
    for flavor in ("aimodels", "openai"):
        settings = load_settings().model_copy(update={"aimodels_api_flavor": flavor})
        known |= {f"settings.about.{name}" for name in load_settings_registry(settings, specs())}
    found = {key: text for key, text in sentences(language).items() if key.startswith(OF_SPECS)}
    assert found.keys() - known == set()
    assert [key for key, text in found.items() if len(text) > (32 if ".label" in key else 100)] == []


@pytest.mark.parametrize("language", ["zh-Hant", "zh-Hans"])
def test_what_limits_count_and_for_how_long_is_translated(language: str) -> None:
    """On the page, and in the options of `/limits`."""
    assert [one for one in (*Measure, *Period) if choice_label(one, language) == one] == []


def test_a_spec_speaks_where_there_is_no_translation() -> None:
    """A command that no catalogue knows is described by its spec in every language."""
    option = Option(name="sides", description="How many sides.")
    spec = CommandSpec(name="roll", description="Roll dice.", options=(option,))
    for language in LANGUAGES:
        assert describe_command(spec, language) == "Roll dice."
        assert describe_option(spec, option, language) == "How many sides."


def test_a_package_brings_its_sentences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file a language, or several; a key that the core has stays the core's."""
    folder = tmp_path / "somewhere" / "locales"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "en.toml").write_text('"somewhere.hello" = "Hello {name}"\n"language.name" = "Martian"\n')
    (folder / "zh-Hant.toml").write_text('"somewhere.hello" = "{name}，你好"\n')
    (folder / "more.en.toml").write_text('"somewhere.more" = "More"\n')
    monkeypatch.syspath_prepend(tmp_path)
    before = packages()
    monkeypatch.setattr("bot.i18n.catalogues._packages", list(before))
    with pytest.raises(KeyError):
        translate("somewhere.hello", name="x")
    try:
        for _ in range(2):
            register_catalogue("somewhere")
        assert packages() == (*before, "somewhere")
        assert translate("somewhere.hello", "zh-TW", name="x") == "x，你好"
        assert translate("somewhere.hello", "zh-CN", name="x") == "Hello x"
        assert translate("somewhere.more", "zh-TW") == "More"
        assert translate("language.name") == "English"
        (folder / "more.zh-Hans.toml").write_text('"somewhere.more" = 更多\n')
        catalogue.cache_clear()
        catalogue_of.cache_clear()
        with pytest.raises(SettingsError, match=r"more\.zh-Hans\.toml is no TOML in UTF-8: .*line 1"):
            translate("somewhere.more", "zh-SG")
    finally:
        catalogue.cache_clear()


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
    assert translate("language.name", locale) == catalogue(language)["language.name"]


def test_chinese_has_one_form_of_address() -> None:
    """你 everywhere; a mixture with 您 reads like two authors."""
    for language in ("zh-Hant", "zh-Hans"):
        assert [key for key, text in sentences(language).items() if "您" in text] == []
