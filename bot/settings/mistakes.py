"""Detection of lines that would be ignored in silence: misspelt settings, keys of another program, broken lines."""

import difflib
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from dotenv.parser import Binding, parse_stream
from pydantic import AliasChoices
from pydantic_settings import BaseSettings

from aimodels import reference
from bot.i18n import operator_text
from bot.values import valueclass

_KEY, _BASE_URL, _FOREIGN_KEY = "AIMODELS_API_KEY", "AIMODELS_BASE_URL", "OPENAI_API_KEY"

#: How alike two names have to be, from 0 to 1, for one to be meant by the other: where both begin alike, and else.
_ALIKE, _ALMOST_THE_SAME = 0.7, 0.9


@valueclass(frozen=True, slots=True)
class Mistake:
    """Something that is ignored although it was probably meant."""

    text: str
    is_certain: bool = True  #: False: it may be another program's


def find_mistakes(settings: Iterable[type[BaseSettings]], *, env_file: Path = Path(".env")) -> list[Mistake]:
    """Find mistakes in the environment and in `.env`. No value is in their texts."""
    classes = tuple(settings)
    lines = _read(env_file)
    in_file = {line.key.upper(): line.value for line in lines if line.key and line.value}
    given = {**in_file, **{name.upper(): value for name, value in os.environ.items() if value}}
    known = {name.upper() for each in classes for name in each.model_fields}
    former = {name.upper() for each in classes for name in _former_names(each)}
    names = sorted(given.keys() - known - former)
    return [*_broken_lines(lines, env_file), *_unknown_names(names, known), *_foreign_key(given, in_file)]


def _read(env_file: Path) -> list[Binding]:
    try:
        with env_file.open(encoding="utf-8") as file:
            return list(parse_stream(file))
    except (OSError, UnicodeDecodeError):  # told by who reads the settings in it
        return []


def _broken_lines(lines: Iterable[Binding], env_file: Path) -> Iterator[Mistake]:
    for line in lines:
        if line.error or (line.key is not None and line.value is None):
            text = line.original.string
            number = line.original.line + len(text) - len(text.lstrip("\r\n"))
            yield Mistake(operator_text("setting.line", file=env_file, line=number))


def _unknown_names(names: Iterable[str], known: Collection[str]) -> Iterator[Mistake]:
    """Yield the names that begin like a setting, or are almost one."""
    prefixes = {each.partition("_")[0] for each in known}
    for name in names:
        is_ours = name.partition("_")[0] in prefixes
        near = next(
            iter(difflib.get_close_matches(name, sorted(known), n=1, cutoff=_ALIKE if is_ours else _ALMOST_THE_SAME)),
            "",
        )
        if near or is_ours:
            text = operator_text("setting.unknown_near" if near else "setting.unknown", name=name, near=near)
            yield Mistake(text, is_certain=bool(near))


def _foreign_key(given: Mapping[str, str], in_file: Collection[str]) -> Iterator[Mistake]:
    """Yield the key of another program where no API is configured."""
    if _FOREIGN_KEY in given and _KEY not in given and given.get(_BASE_URL, reference.BASE_URL) == reference.BASE_URL:
        text = operator_text("setting.foreign_key", name=_FOREIGN_KEY, meant=_KEY)
        yield Mistake(text, is_certain=_FOREIGN_KEY in in_file)


def _former_names(settings: type[BaseSettings]) -> Iterator[str]:
    """Yield the names that settings had in earlier versions and are still read by: their aliases."""
    for field in settings.model_fields.values():
        if isinstance(field.validation_alias, AliasChoices):
            yield from (name for name in field.validation_alias.choices if isinstance(name, str))
