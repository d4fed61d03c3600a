"""Sentences for the operator, who starts, configures and checks the service, in the language of the shell."""

import os
import re
from collections.abc import Mapping

from bot.i18n.catalogues import FALLBACK, LANGUAGES, language_of, translate

#: Environment variables that name the language, the strongest first.
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
_chosen = ""


def choose_language(language: str) -> None:
    """Speak this language to the operator, whatever the environment says; "" for the environment's again."""
    global _chosen  # noqa: PLW0603 - a process has one operator
    _chosen = language


def operator_locale(environment: Mapping[str, str] = os.environ) -> str:
    """The operator's locale as a BCP 47 tag: the chosen language, else the environment's; "" if it says nothing."""
    return _chosen or locale_of(environment)


def locale_of(environment: Mapping[str, str]) -> str:
    """The locale that `LC_ALL`, `LC_MESSAGES` or `LANG` names, as a BCP 47 tag; "" for none, `C` and `POSIX`."""
    found = next((value for name in _VARIABLES if (value := environment.get(name))), "")
    locale = re.split(r"[.@]", found)[0].replace("_", "-")
    return "" if locale in {"C", "POSIX"} else locale


def is_known(language: str) -> bool:
    """Whether a language tag such as `zh-TW` leads to one of `LANGUAGES` instead of to the fallback."""
    tag = language.replace("_", "-").lower()
    return language_of(language) != FALLBACK or tag.split("-")[0] in {each.lower() for each in LANGUAGES}


def operator_text(key: str, /, **values: object) -> str:
    """The sentence `key` in the operator's language. Raises `KeyError` for an unknown key."""
    return translate(key, operator_locale(), **values)
