"""Allowed values: how they may be written, and the one that was probably meant. Pure."""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping

from bot.i18n import translations
from bot.models import CommandSpec

_SIZE = re.compile(r"(\d{1,6})(?:\s*[x×*]\s*(\d{1,6}))?", re.IGNORECASE)
#: Words that mean the same choice, whichever of them it is.
_SAME = (
    *(("on", "yes", "true"), ("off", "no", "false"), ("workspace", "server"), ("service", "everybody")),
    ("en", "english", "en-us", "en-gb", "英文", "英語", "英语"),
    (
        "zh-Hant",
        "chinese",
        "traditional chinese",
        "zh",
        "zh-tw",
        "zh-hk",
        "中文",
        "繁體中文",
        "繁體",
        "繁中",
        "正體中文",
    ),
    ("zh-Hans", "simplified chinese", "zh-cn", "简体中文", "简体", "簡體中文", "簡體", "简中"),
)
_LONGEST_TRANSLATED = 8  # characters of the name of a command
_SIMILARITY = 0.5  # least likeness of words, 0 to 1


def is_switch(choices: Collection[str]) -> bool:
    """Return whether the name of an option with these choices means yes by itself: `--clear`."""
    return tuple(choices) == ("no", "yes")


def written_forms(choices: Collection[str]) -> Mapping[str, str]:
    """Return the choices by how people write them, in lower case: as they are, or translated into any language.

    Some may be written with another usual word.
    """
    translated = {
        text.lower(): choice for choice in choices for text in translations(f"choice.label.{choice}").values()
    }
    same = {word: choice for choice in choices for words in _SAME if choice in words for word in words}
    return {**translated, **same, **{choice.lower(): choice for choice in choices}}


def find_command(name: str, specs: Iterable[CommandSpec]) -> CommandSpec | None:
    """Return the command of that name or alias, in letters of either case; also of its name in another language."""
    name = name.lower()
    for spec in specs:
        if name == spec.name or name in spec.aliases:
            return spec
    if name.isascii() or len(name) > _LONGEST_TRANSLATED:
        return None
    return next((spec for spec in specs if name in _translated_names(spec)), None)


def is_named(spec: CommandSpec, name: str) -> bool:
    """Return whether a command has that name or alias in its own language, in letters of either case."""
    return name.lower() in (spec.name, *spec.aliases)


def _translated_names(spec: CommandSpec) -> Collection[str]:
    """Return what a command is called in other languages, other usual words included."""
    keys = (f"command.{spec.name}.label", f"command.{spec.name}.words")
    return [word for key in keys for text in translations(key).values() for word in text.split()]


def nearest_choice(value: str, choices: Collection[str]) -> str:
    """Return the choice nearest to a value: of sizes in pixels that in width and height, else in letters; "": none."""
    asked = _SIZE.fullmatch(value)
    sizes = {choice: size for choice in choices if (size := _SIZE.fullmatch(choice)) and size[2]}
    if asked and sizes:
        width, height = int(asked[1]), int(asked[2] or asked[1])
        return min(sizes, key=lambda choice: abs(int(sizes[choice][1]) - width) + abs(int(sizes[choice][2]) - height))
    return next(iter(difflib.get_close_matches(value, choices, 1, _SIMILARITY)), "")
