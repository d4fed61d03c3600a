"""Forms made from a command's spec: which options become fields, and of which kind. Pure.

The platform builds its own components from the plan, and words labels and hints.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from adapters.kit.titles import shorten
from bot.commandline import parser
from bot.models import CommandSpec, Option

FieldKind = Literal["file", "choice", "number", "paragraph", "line", "person", "people", "channel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormLimits:
    """A platform's limits on forms."""

    fields: int  #: of one form
    choices: int  #: of one field; an option with more is typed
    label: int  #: characters of a field's label
    hint: int  #: characters of the line beside a field
    has_numbers: bool = True  #: there are fields that take only numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a form."""

    option: Option
    kind: FieldKind
    label: str
    hint: str
    is_required: bool
    default: str  #: the value that it shows at first; "": none


def plan_form(
    options: Sequence[Option],
    *,
    limits: FormLimits,
    label: Callable[[Option], str],
    hint: Callable[[Option], str],
    is_optional: bool = False,
) -> list[Field]:
    """Return the fields of the first options that a form has room for.

    `label`, `hint`: an option's words, cut to the limits. `is_optional`: no field is required, as what is left empty
    stays as it was.
    """
    return [
        Field(
            option=option,
            kind=_kind(option, limits),
            label=shorten(label(option), limits.label),
            hint=shorten(hint(option), limits.hint),
            is_required=option.required and not is_optional,
            default=option.default,
        )
        for option in options[: limits.fields]
    ]


def _kind(option: Option, limits: FormLimits) -> FieldKind:
    if option.kind in ("file", "person", "people", "channel"):
        return option.kind
    if option.choices and len(option.choices) <= limits.choices:
        return "choice"
    if option.kind in ("integer", "number") and limits.has_numbers:
        return "number"
    return "paragraph" if option.is_prompt else "line"


def problems(
    spec: CommandSpec, values: Mapping[str, str], *, locale: str, more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return what is wrong with the values of a form, by option name, as sentences without Markdown.

    `more`: what the core has found.
    """
    found = dict(more or {})
    for name, value in values.items():
        option = spec.option(name)
        if option is not None and (problem := parser.validate_option(option, value, locale=locale)):
            found[name] = problem
    return {name: problem.replace("`", "") for name, problem in found.items()}


def without_file_names(options: Mapping[str, str], spec: CommandSpec | None) -> dict[str, str]:
    """Return the options without those that name a file: files are attached. An https address stays."""
    files = {option.name for option in spec.options if option.kind == "file"} if spec is not None else set()
    return {name: value for name, value in options.items() if name not in files or value.startswith("https://")}
