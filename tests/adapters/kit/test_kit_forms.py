from dataclasses import replace

import pytest

from adapters.kit.forms import Field, FieldKind, FormLimits, plan_form, problems, without_file_names
from bot.models import CommandSpec, Option

PROMPT = Option(name="prompt", description="What to draw.", is_prompt=True, required=True)
STYLE = Option(name="style", description="Style.", kind="choice", choices=("anime", "photo"), default="photo")
COUNT = Option(name="count", description="How many.", kind="integer", minimum=1, maximum=4)
IMAGE = Option(name="image", description="A picture to begin with.", kind="file")
SEED = Option(name="seed", description="A seed.")
SPEC = CommandSpec(name="image", description="Draw.", options=(PROMPT, STYLE, COUNT, IMAGE, SEED))
LIMITS = FormLimits(fields=5, choices=25, label=45, hint=100, text=4000)


def plan(
    *options: Option, limits: FormLimits = LIMITS, label: str = "", hint: str = "", is_optional: bool = False
) -> list[Field]:
    return plan_form(
        options,
        limits=limits,
        label=lambda option: label or option.name.title(),
        hint=lambda option: hint or option.description,
        is_optional=is_optional,
    )


@pytest.mark.parametrize(
    ("option", "kind"), [(PROMPT, "paragraph"), (STYLE, "choice"), (COUNT, "number"), (IMAGE, "file"), (SEED, "line")]
)
def test_kinds_of_fields(option: Option, kind: FieldKind) -> None:
    (field,) = plan(option)
    assert (field.kind, field.option) == (kind, option)
    assert (field.label, field.hint) == (option.name.title(), option.description)


def test_what_the_platform_lacks_is_typed() -> None:
    """Too many choices, and numbers where there are no fields for them, are typed as text."""
    assert [field.kind for field in plan(STYLE, COUNT, limits=replace(LIMITS, choices=1, has_numbers=False))] == [
        "line",
        "line",
    ]


def test_a_form_has_room_for_the_first() -> None:
    assert [field.option.name for field in plan(*SPEC.options, limits=replace(LIMITS, fields=2))] == ["prompt", "style"]


def test_words_are_cut_to_the_limits() -> None:
    (field,) = plan(SEED, label="l" * 50, hint="h" * 101)
    assert field.label == f"{'l' * 44}…"
    assert field.hint == f"{'h' * 99}…"


def test_required_and_defaults() -> None:
    """A form of a command wants what is required; one that changes something wants nothing."""
    assert [(field.is_required, field.default) for field in plan(PROMPT, STYLE)] == [(True, ""), (False, "photo")]
    assert [(field.is_required, field.default) for field in plan(PROMPT, STYLE, is_optional=True)] == [
        (False, ""),
        (False, "photo"),
    ]


def test_problems_are_plain_sentences() -> None:
    found = problems(SPEC, {"count": "9", "style": "photo", "unknown": "x"}, locale="en")
    assert set(found) == {"count"}
    assert "`" not in found["count"]
    assert "4" in found["count"]


def test_files_are_attached_and_not_named() -> None:
    """An option that takes a file is dropped when it only names one; an address stays."""
    assert without_file_names({"image": "fox.png", "seed": "7"}, SPEC) == {"seed": "7"}
    assert without_file_names({"image": "https://x.example/fox.png"}, SPEC) == {"image": "https://x.example/fox.png"}
    assert without_file_names({"image": "fox.png"}, None) == {"image": "fox.png"}
