"""Forms made from a command's spec: which options become fields, and of which kind. Pure.

The platform builds its own components from the plan, and words labels and hints.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from adapters.kit.texts.titles import shorten
from bot.commandline import parser
from bot.models import CommandSpec, Option

ChoiceKind = Literal["choice", "choices", "radio", "checkbox"]
FieldKind = Literal["file", "number", "paragraph", "line", "person", "people", "channel"] | ChoiceKind
#: In a submission, the radio button that chooses nothing.
NO_CHOICE = "-"
YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormLimits:
    """A platform's limits on forms."""

    fields: int  #: of one form
    choices: int  #: of one field; an option with more is typed
    label: int  #: characters of a field's label
    hint: int  #: characters of the line beside a field
    text: int  #: characters of what is typed into a field
    radios: int = 0  #: choices that are shown as radio buttons; more are in a select
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

    @property
    def has_no_choice(self) -> bool:
        """Whether one of its radio buttons chooses nothing: none can be taken back otherwise."""
        return self.kind == "radio" and not (self.is_required or self.default)


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
    stays as it was. An option in `too_long` has no field.
    """
    left_out = too_long(options, limits=limits)
    options = [option for option in options if option not in left_out]
    return [
        Field(
            option=option,
            kind=kind,
            label=shorten(label(option), limits.label),
            hint=shorten(hint(option), limits.hint),
            is_required=option.required and not is_optional,
            default=_default(option, kind),
        )
        for option in options[: limits.fields]
        for kind in (_kind(option, limits),)
    ]


def too_long(options: Sequence[Option], *, limits: FormLimits) -> list[Option]:
    """Return the options whose text no field can begin with: without a field it stays as it was typed."""
    return [
        option
        for option in options
        if _kind(option, limits) in ("paragraph", "line") and len(option.default) > limits.text
    ]


def _default(option: Option, kind: FieldKind) -> str:
    """Return what a field begins with; a field for numbers takes none that it would refuse."""
    is_refused = kind == "number" and parser.validate_option(option, option.default, locale="")
    return "" if is_refused else option.default


def _kind(option: Option, limits: FormLimits) -> FieldKind:
    if option.kind in ("file", "person", "people", "channel"):
        return option.kind
    if option.choices and len(option.choices) <= limits.choices:
        return _choice_kind(option, limits)
    if option.kind in ("integer", "number") and limits.has_numbers:
        return "number"
    return "paragraph" if option.is_prompt else "line"


def _choice_kind(option: Option, limits: FormLimits) -> ChoiceKind:
    """Return how the choices of an option are shown: what can be seen at once is not hidden in a menu."""
    if option.kind == "choices":
        return "choices"
    if {YES, NO} == {*option.choices} and option.default:
        return "checkbox"
    return "radio" if 1 < len(option.choices) <= limits.radios else "choice"


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
