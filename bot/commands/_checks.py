"""Checks of a command at its registration, for mistakes that a type checker does not find or was not asked for."""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import get_args

from bot.commandline.parser import validate_option
from bot.errors import SettingsError
from bot.models import KINDS, CommandSpec, Lane, Option

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_ALIAS = re.compile(r"[^\W\d_][\w-]{0,31}")
_OPTION_KINDS: tuple[str, ...] = get_args(Option.__annotations__["kind"])
_LONGEST_DESCRIPTION = 100  # characters, as platforms show
_MOST_OPTIONS = 24  # a platform shows 25, one of which may be its own


def check_command(spec: CommandSpec, run: Callable[..., object]) -> None:
    """Raise `SettingsError` with the first mistake of a command, which names its module and the option."""
    for problem in (*_problems(spec, run), *_problems_of_options(spec.options)):
        raise SettingsError(f"{run.__module__}: /{spec.name} {problem}.")


def check_names(commands: Iterable[tuple[CommandSpec, str]]) -> None:
    """Raise `SettingsError` where two commands share a name or an alias. `commands`: with their modules."""
    places: dict[str, str] = {}
    for spec, module in commands:
        for name in (spec.name, *spec.aliases):
            place = f"/{spec.name} of {module}"
            if places.setdefault(name, place) != place:
                raise SettingsError(f"{place} has the name {name!r}, as {places[name]} has.")


def _problems(spec: CommandSpec, run: Callable[..., object]) -> Iterator[str]:
    if not _NAME.fullmatch(spec.name):
        yield f"is no name for a command: it has to match {_NAME.pattern}"
    for alias in spec.aliases:
        if not _ALIAS.fullmatch(alias) or alias != alias.lower():
            yield f"has the alias {alias!r}, which can't be typed: it is one word of at most 32 small letters"
    if not inspect.isasyncgenfunction(run):
        yield "is no async generator: write `async def`, and `yield` its parts in place of `return`"
    if problem := _problem_of_description(spec.description):
        yield problem
    for kind in (spec.kind, *spec.requires):
        if kind is not None and kind not in KINDS:
            yield f"has the kind {kind!r}: kinds are {', '.join(KINDS)}"
    if spec.lane not in list(Lane):
        yield f"has the lane {spec.lane!r}: lanes are {', '.join(Lane)}"


def _problems_of_options(options: Sequence[Option]) -> Iterator[str]:
    if not isinstance(options, Sequence):
        yield f"has options that are {type(options).__name__}: write a comma behind a single one, (Option(…),)"
        return
    if len(options) > _MOST_OPTIONS:
        yield f"has {len(options)} options: {_MOST_OPTIONS} is the most"
    prompts = [option.name for option in options if option.is_prompt]
    if len(prompts) > 1:
        yield f"has the prompts {' and '.join(prompts)}: one option can have is_prompt=True"
    names = [name for option in options for name in {option.name, option.short} if name]
    for name in names:
        if names.count(name) > 1:
            yield f"has two options named {name!r}"
    for option in options:
        for problem in _problems_of(option):
            yield f"has the option {option.name!r}, which {problem}"


def _problems_of(option: Option) -> Iterator[str]:
    if not _NAME.fullmatch(option.name):
        yield f"is no name for an option: it has to match {_NAME.pattern}"
    if len(option.short) > 1:
        yield f"has the short name {option.short!r}: one letter is the most"
    if option.kind not in _OPTION_KINDS:
        yield f"has the kind {option.kind!r}: kinds are {', '.join(_OPTION_KINDS)}"
    if problem := _problem_of_description(option.description):
        yield problem
    if option.kind in ("choice", "choices") and not (option.choices or option.models):
        yield "has no choices"
    if option.default and (problem := _problem_of_default(option)):
        yield f"has the default {option.default!r}: {problem}"


def _problem_of_description(text: str) -> str:
    if 0 < len(text) <= _LONGEST_DESCRIPTION:
        return ""
    return f"has a description of {len(text)} characters: 1 to {_LONGEST_DESCRIPTION} are shown everywhere"


def _problem_of_default(option: Option) -> str:
    if option.kind in ("integer", "number"):
        return validate_option(option, option.default).rstrip(".")
    given = option.default.split(",") if option.kind == "choices" else [option.default]
    if option.choices and option.sizes is None and not {value.strip() for value in given} <= {*option.choices}:
        return f"it is not among its choices {', '.join(option.choices)}"
    return ""
