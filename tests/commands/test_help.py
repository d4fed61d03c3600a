"""`help`, and the specs that it and every platform show."""

import re
from pathlib import Path

import pytest

from bot import commands
from bot.commandline.parser import parse
from bot.errors import UsageError
from bot.i18n import LANGUAGES, catalogue, describe_command, describe_example
from tests.support.command_runner import CommandRunner


async def test_every_file_is_a_command(runner: CommandRunner) -> None:
    """One file each under the command's name, found without being listed anywhere."""
    files = {path.stem for path in Path(commands.__path__[0]).glob("*.py") if not path.stem.startswith("_")}
    assert runner.registry.names == files
    assert {spec.name for spec in runner.registry.specs} < files
    found = runner.registry.find("ask")
    assert found is not None
    assert found.spec.name == "chat"


@pytest.mark.parametrize("locale", LANGUAGES)
async def test_help_lists_every_command(runner: CommandRunner, locale: str) -> None:
    """With a line and an example, in the asker's language; what only administrators may use, to them alone."""
    text = (await runner.ask("help", locale=locale, admin=True)).text
    for spec in runner.registry.specs:
        assert f"- `/{spec.name}`" in text
        assert describe_command(spec, locale) in text
        example = describe_example(spec, locale) or spec.name
        assert f"`/{example}`" in text
        assert parse(f"/{example}", runner.registry.specs).rejection == ""
    shown = (await runner.ask("help", locale=locale)).text
    assert {line.split("`")[1] for line in text.splitlines() if line.startswith("- ") and line not in shown} == {
        *("/apikey", "/audit", "/pause", "/resume")
    }


@pytest.mark.parametrize("name", ["image", "/image", "IMAGE"])
async def test_help_explains_a_command(runner: CommandRunner, name: str) -> None:
    """Options with what is allowed, what is usual, and an example."""
    text = (await runner.ask("help", options={"command": name})).text
    for part in (
        "`--size`: Width and height in pixels; `512x512`, `1024x1024`, `2048x2048`; usually `1024x1024`",
        "`-n`: How many pictures; 1 to 4; usually `1`",
        "`prompt`: What the picture shows; required",
        "`/image a red fox in snow --style anime --size 512x512 -n 2`",
    ):
        assert part in text


@pytest.mark.parametrize("locale", ["zh-Hant", "zh-Hans"])
async def test_chinese_is_punctuated_as_chinese(runner: CommandRunner, locale: str) -> None:
    """Between the words of a list and between facts stand the full-width marks."""
    specs = runner.registry.specs
    names = ["", *(spec.name for spec in specs)]
    answers = [await runner.ask("help", options={"command": name}, locale=locale) for name in names]
    answers += [await runner.ask("model", locale=locale), await runner.ask("help", locale=locale)]
    untranslated = [spec for spec in specs if f"command.{spec.name}.description" not in catalogue(locale)]
    for answer in answers:
        text = re.sub("`[^`]*`", "", answer.text)
        for spec in untranslated:  # speaks English everywhere
            for own in (spec.description, *(option.description.rstrip(".") for option in spec.options)):
                text = text.replace(own, "")
        assert not re.search("[,;:—()]", text), answer.text


async def test_help_knows_aliases(runner: CommandRunner) -> None:
    """Asked for an alias it explains the command."""
    text = (await runner.ask("help", options={"command": "ask"})).text
    assert text.startswith("**/chat**")
    assert "`/ask`" in text


async def test_help_with_an_unknown_command_names_the_nearest(runner: CommandRunner) -> None:
    """A typing mistake is put right."""
    with pytest.raises(UsageError, match="Did you mean `image`"):
        await runner.ask("help", options={"command": "imgae"})
    with pytest.raises(UsageError, match="`/help`"):
        await runner.ask("help", options={"command": "xyzzy"})


@pytest.mark.parametrize(
    ("text", "command"),
    [
        *[("停", "stop"), ("停止", "stop"), ("說明", "help"), ("帮助", "help"), ("重來", "retry"), ("用量", "usage")],
        *[("/圖片 一隻狐狸", "image"), ("图片：一只狐狸", "image"), ("程式碼：快速排序", "code")],
        *[("停！", "stop"), ("help image", "help"), ("Help!", "help")],
        *[("help me", "chat"), ("forget that", "chat"), ("forget it", "chat"), ("export please", "export")],
        *[
            ("forget <person:bob|Bob>", "forget"),
            ("forget @Bob", "forget"),
            ("audit this", "chat"),
            ("verify this", "chat"),
            ("export it", "chat"),
        ],
        *[("usage channel", "usage"), ("usage --days 7", "usage"), ("audit --person bob", "audit")],
        *[("圖片 都放在這裡", "chat"), ("限制：三百字以內", "chat"), ("停車要多少錢", "chat"), ("說明一下", "chat")],
    ],
)
async def test_commands_without_a_slash(runner: CommandRunner, text: str, command: str) -> None:
    """Also by their Chinese names: alone, and before what is to be made; where they can hardly mean anything else."""
    assert parse(text, runner.registry.specs, bare=True).command == command


async def test_every_description_fits(runner: CommandRunner) -> None:
    """Platforms show at most 100 characters."""
    for spec in runner.registry.specs:
        assert all(0 < len(text) <= 100 for text in (spec.description, *(o.description for o in spec.options)))


async def test_every_example_is_a_request_that_works(runner: CommandRunner) -> None:
    """Every example parses as it stands."""
    for spec in runner.registry.specs:
        request = parse(f"/{spec.example or spec.name}", runner.registry.specs)
        assert (request.command, request.rejection) == (spec.name, "")


async def test_positional_words_reach_their_options(runner: CommandRunner) -> None:
    """`/model chat gpt-mini` and `/usage channel` need no flags."""
    assert parse("/model chat gpt-mini", runner.registry.specs).options == {"kind": "chat", "name": "gpt-mini"}
    assert parse("/model gpt-mini --channel yes", runner.registry.specs).options == {
        "name": "gpt-mini",
        "channel": "yes",
    }
    assert parse("/usage channel", runner.registry.specs).options == {"whose": "channel"}
    assert parse("/help image", runner.registry.specs).options == {"command": "image"}
