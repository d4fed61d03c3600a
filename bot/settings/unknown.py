"""Detection of unknown settings, as a misspelt name would be ignored silently."""

import difflib
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values
from pydantic import AliasChoices
from pydantic_settings import BaseSettings

from bot.i18n import operator_text

#: How alike two names have to be, from 0 to 1, for one to be meant by the other.
_ALIKE = 0.7


@dataclass(frozen=True, slots=True)
class Unknown:
    """A name that looks like a setting but is none."""

    name: str
    meant: str  #: the nearest setting; "" when none is near

    def __str__(self) -> str:
        key = "setting.unknown_near" if self.meant else "setting.unknown"
        return operator_text(key, name=self.name, near=self.meant)


def unknown_settings(settings: Iterable[type[BaseSettings]], *, env_file: Path = Path(".env")) -> Sequence[Unknown]:
    """Find names in the environment and in `.env` with the prefix of a setting that are no settings."""
    classes = tuple(settings)
    known = {name.upper() for each in classes for name in each.model_fields}
    former = {name.upper() for each in classes for name in _former_names(each)}
    given = {name.upper() for name in (*os.environ, *_names(env_file))}
    return [Unknown(name, _nearest(name, known)) for name in sorted(given - known - former) if _is_ours(name, known)]


def _former_names(settings: type[BaseSettings]) -> Iterator[str]:
    """Yield the names that settings had in earlier versions and are still read by: their aliases."""
    for field in settings.model_fields.values():
        if isinstance(field.validation_alias, AliasChoices):
            yield from (name for name in field.validation_alias.choices if isinstance(name, str))


def _names(env_file: Path) -> Collection[str]:
    try:
        return dotenv_values(env_file, encoding="utf-8", interpolate=False) if env_file.is_file() else ()
    except (OSError, UnicodeDecodeError):  # told by who reads the settings in it
        return ()


def _is_ours(name: str, known: Collection[str]) -> bool:
    return any(name.startswith(f"{prefix}_") for prefix in {each.partition("_")[0] for each in known})


def _nearest(name: str, known: Collection[str]) -> str:
    return next(iter(difflib.get_close_matches(name, sorted(known), n=1, cutoff=_ALIKE)), "")
