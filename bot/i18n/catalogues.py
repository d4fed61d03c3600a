"""Sentences of the service in the reader's language, from the catalogues of every package that registered one.

A catalogue is a package's folder `locales`: `<language>.toml` and, beside it, any `<name>.<language>.toml`. `en` has
every key of a package and is the fallback. Placeholders are `str.format` fields; `{count:day|days}` is the first word
where the count is 1, else the second. A test holds the languages of each
catalogue to the same keys and placeholders.
"""

import string
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib.resources import files

from bot.errors import SettingsError

FALLBACK = "en"
LANGUAGES = ("en", "zh-Hant", "zh-Hans")
#: language and region tags whose script the tag itself does not tell
_SCRIPTS = {
    "zh": "zh-Hans",
    "zh-cn": "zh-Hans",
    "zh-sg": "zh-Hans",
    "zh-tw": "zh-Hant",
    "zh-hk": "zh-Hant",
    "zh-mo": "zh-Hant",
}
#: Characters of a locale that are read: what a browser sends may be of any length.
_LONGEST_TAG = 35
#: packages with a catalogue, the core's first
_packages = ["bot.i18n"]


class _Plurals(string.Formatter):
    """Formats `{count:day|days}`, too."""

    def format_field(self, value: object, format_spec: str) -> str:
        one, bar, more = format_spec.partition("|")
        if bar:
            return one if str(value) == "1" else more
        return str(super().format_field(value, format_spec))


_PLURALS = _Plurals()


def register_catalogue(package: str) -> None:
    """Add the catalogue of a package, once. A key of an earlier package is never replaced.

    Raises `TypeError` for a module that is no package, and `FileNotFoundError` without a folder `locales`.
    """
    if package not in _packages:
        if not (files(package) / "locales").is_dir():
            raise FileNotFoundError(f"{package} has no folder locales")
        _packages.append(package)
        catalogue.cache_clear()


def packages() -> tuple[str, ...]:
    """Names of the packages with a catalogue."""
    return tuple(_packages)


@cache
def catalogue_of(package: str, language: str) -> Mapping[str, str]:
    """Sentences of one package in one of `LANGUAGES`, by key. Raises `SettingsError` for a file that can't be read."""
    found: dict[str, str] = {}
    folder = files(package) / "locales"
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        *_, of_file, suffix = ("", *file.name.split("."))
        if suffix == "toml" and of_file == language:
            try:
                found |= tomllib.loads(file.read_text(encoding="utf-8"))
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
                raise SettingsError(f"{file} is no TOML in UTF-8: {exc}") from exc
    return found


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Sentences of every registered package in one of `LANGUAGES`, by key."""
    return {key: text for package in reversed(_packages) for key, text in catalogue_of(package, language).items()}


def language_of(locale: str) -> str:
    """The nearest of `LANGUAGES` for a BCP 47 or POSIX locale such as `zh-TW` or `en_US.UTF-8`."""
    return _language_of(locale[:_LONGEST_TAG])


@lru_cache(1024)
def _language_of(locale: str) -> str:
    tag = locale.partition(".")[0].replace("_", "-").lower()
    while tag:
        for language in LANGUAGES:
            if tag == language.lower():
                return language
        if tag in _SCRIPTS:
            return _SCRIPTS[tag]
        tag = tag.rpartition("-")[0]
    return FALLBACK


def join_list(words: Iterable[str], locale: str = "") -> str:
    """The words as a list within a sentence."""
    return translate("join.words", locale).join(words)


def translate(key: str, locale: str = "", /, **values: object) -> str:
    """The sentence `key` in the language of `locale`. Raises `KeyError` for an unknown key."""
    sentence = catalogue(_language_of(locale[:_LONGEST_TAG])).get(key) or catalogue(FALLBACK)[key]
    if "{" not in sentence:
        return sentence
    return _PLURALS.format(sentence, **values) if "|" in sentence else sentence.format(**values)
