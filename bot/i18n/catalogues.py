"""What the service says of itself, in the reader's language.

The sentences are in `locales/<tag>.toml`; `en` has every key and is the fallback. Placeholders are `str.format`
fields. A test holds every language to the same keys and placeholders.
"""

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

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


@cache
def catalogue(language: str) -> dict[str, str]:
    """The sentences of one of `LANGUAGES`, by key."""
    text = (files("bot.i18n") / "locales" / f"{language}.toml").read_text(encoding="utf-8")
    sentences: dict[str, str] = tomllib.loads(text)
    return sentences


@cache
def language_of(locale: str) -> str:
    """The nearest of `LANGUAGES` for a BCP 47 or POSIX locale such as `zh-TW` or `en_US.UTF-8`."""
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
    sentence = catalogue(language_of(locale)).get(key) or catalogue(FALLBACK)[key]
    return sentence.format(**values)
