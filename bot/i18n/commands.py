"""Names and descriptions of commands in the reader's language.

The words of a command's own spec are used wherever a catalogue has none: translations are optional. They have the keys
`command.<command>.label`, `command.<command>.words`, `command.<command>.description`, `command.<command>.example`,
`command.<command>.option.<option>`, `option.label.<option>` and `choice.label.<value>`. Labels are single words for
platforms that translate names; `words` are others by which people may call a command.
"""

from collections.abc import Mapping

from bot.i18n.catalogues import FALLBACK, LANGUAGES, catalogue, language_of
from bot.models import CommandSpec, Kind, Option


def describe_command(spec: CommandSpec, locale: str = "") -> str:
    """The description of a command."""
    return _find(f"command.{spec.name}.description", locale) or spec.description


def describe_option(spec: CommandSpec, option: Option, locale: str = "") -> str:
    """The description of a command's option."""
    return _find(f"command.{spec.name}.option.{option.name}", locale) or option.description


def describe_example(spec: CommandSpec, locale: str = "") -> str:
    """An example of a command, without the sign before its name; "" where there is none."""
    return _find(f"command.{spec.name}.example", locale) or spec.example


def describe_setting(name: str, locale: str = "") -> str:
    """The description of a setting that may change at run time; "" where no catalogue has one."""
    return _find(f"settings.about.{name}", locale)


def command_label(spec: CommandSpec, locale: str = "") -> str:
    """The name of a command, translated where there is a translation."""
    return _find(f"command.{spec.name}.label", locale) or spec.name


def option_label(option: Option, locale: str = "") -> str:
    """The name of an option, translated where there is a translation."""
    return _find(f"option.label.{option.name}", locale) or option.name


def choice_label(choice: str, locale: str = "") -> str:
    """The name of an option's value, translated where there is a translation."""
    return _find(f"choice.label.{choice}", locale) or choice


def kind_label(kind: Kind, locale: str = "") -> str:
    """The name of a kind of content, translated where there is a translation."""
    return _find(f"kind.{kind}", locale) or kind.capitalize()


def translations(key: str) -> Mapping[str, str]:
    """The sentence `key` by language, without English and without languages that lack it."""
    found = {language: catalogue(language).get(key, "") for language in LANGUAGES if language != FALLBACK}
    return {language: text for language, text in found.items() if text}


def _find(key: str, locale: str) -> str:
    return catalogue(language_of(locale)).get(key) or catalogue(FALLBACK).get(key, "")
