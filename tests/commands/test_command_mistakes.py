"""Mistakes in a command are refused when it is loaded, with a sentence that says where and what to write."""

from dataclasses import replace

import pytest

from bot.commands import Context, Parts, Registry, _base, command, load_commands
from bot.errors import SettingsError, UsageError
from bot.models import CommandSpec, Option, Text
from tests.support.command_runner import CommandRunner

SIDES = Option(name="sides", description="How many sides.", kind="integer", default="6", minimum=2, maximum=100)
ROLL = CommandSpec(name="roll", description="Roll dice.", options=(SIDES,))
PROMPT = Option(name="what", description="What.", is_prompt=True)


async def run(_: Context) -> Parts:
    yield Text("3")


async def forgets_to_yield(_: Context) -> Text:
    return Text("3")


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands of the tests are registered for one test each, beside those of the service."""
    _base._import_commands()  # once in a process: not into the copy, which ends with the test
    monkeypatch.setattr(_base, "_registered", dict(_base._registered))


def refusal(spec: CommandSpec) -> str:
    with pytest.raises(SettingsError) as refused:
        command(spec)(run)
    return str(refused.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "a die"}, "'a die'"),
        ({"kind": "int"}, "kind 'int': kinds are text, choice,"),
        ({"short": "si"}, "one letter"),
        ({"description": "x" * 101}, "101 characters"),
        ({"description": ""}, "0 characters"),
        ({"default": "1"}, "`sides` must be between 2 and 100, not `1`"),
        ({"default": "six"}, "must be a whole number, not `six`"),
        ({"kind": "choice", "choices": ("6", "20"), "default": "8"}, "not among its choices 6, 20"),
        ({"kind": "choice", "choices": ()}, "no choices"),
    ],
)
def test_a_mistake_in_an_option_is_named(change: dict[str, object], said: str) -> None:
    """The sentence names module, command and option."""
    option = replace(SIDES, **change)  # type: ignore[arg-type]
    text = refusal(replace(ROLL, options=(option,)))
    assert text.startswith(f"{__name__}: /roll has the option {option.name!r}, which ")
    assert said in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "Roll Dice"}, "/Roll Dice is no name"),
        ({"aliases": ("Dice",)}, "alias 'Dice'"),
        ({"description": "x" * 101}, "101 characters"),
        ({"options": (PROMPT, replace(PROMPT, name="where"))}, "the prompts what and where"),
        ({"options": SIDES}, "options that are Option: write a comma behind a single one"),
        ({"kind": "speech"}, "the kind 'speech': kinds are chat, code,"),
        ({"requires": ("speech",)}, "the kind 'speech'"),
        ({"lane": "fast"}, "the lane 'fast': lanes are conversation, own, free"),
        ({"options": (SIDES, replace(SIDES, name="s"), replace(SIDES, name="count", short="s"))}, "named 's'"),
        ({"options": tuple(replace(SIDES, name=f"o{n}") for n in range(25))}, "25 options"),
    ],
)
def test_a_mistake_in_a_command_is_named(change: dict[str, object], said: str) -> None:
    """The sentence names module and command."""
    text = refusal(replace(ROLL, **change))  # type: ignore[arg-type]
    assert text.startswith(f"{__name__}: /")
    assert said in text


def test_a_function_that_yields_nothing_is_refused() -> None:
    """`return` in place of `yield` makes no generator."""
    with pytest.raises(SettingsError, match=r"/roll is no async generator: .*`yield`"):
        command(ROLL)(forgets_to_yield)  # type: ignore[arg-type] # the mistake


async def test_a_number_is_refused_as_a_typed_one_is(runner: CommandRunner) -> None:
    """A form or a button that gives no number, a broken one or one outside the bounds gets the command line's words."""

    async def add(ctx: Context) -> Parts:
        yield Text(str(ctx.integer("plus")))

    plus = Option(name="plus", description="Added.", kind="integer", minimum=-99)
    spec = CommandSpec(name="roll", description="Roll dice.", options=(plus,))
    runner.registry = Registry([*runner.registry, _base.Command(spec, add)])
    assert (await runner.ask("roll", options={"plus": "-3"})).text == "-3"
    for given, said in {
        "": "`/roll` needs a value for `plus`. For example: `/roll [--plus <integer>]`",
        "x": "`plus` must be a whole number, not `x`.",
        "-100": "`plus` must be at least -99, not `-100`.",
    }.items():
        with pytest.raises(UsageError) as refused:
            await runner.ask("roll", options={"plus": given})
        assert str(refused.value) == said


def test_a_name_is_given_once() -> None:
    """Neither name nor alias of a command may be another's; the sentence names both modules."""
    models = dict.fromkeys(("chat", "code", "image", "audio", "video"), ())
    load_commands(models)  # type: ignore[arg-type]
    assert "bot.commands.image" in refusal(replace(ROLL, name="image"))
    command(replace(ROLL, aliases=("image",)))(run)
    with pytest.raises(SettingsError, match=rf"/roll of {__name__} has the name 'image', as /image of bot.commands"):
        load_commands(models)  # type: ignore[arg-type]
