"""`help`, and the specs that it and every platform show."""

import re

import pytest

from bot.commandline.parser import parse
from bot.errors import UsageError
from bot.i18n import LANGUAGES, describe_command
from tests.support.command_runner import AdapterServices

COMMANDS = {
    *("chat", "code", "image", "audio", "video"),
    *("model", "system", "reset", "export", "retry", "stop"),
    *("forget", "usage", "help"),
}


async def test_every_command_is_there(desk: AdapterServices) -> None:
    """One file each, found without being listed anywhere."""
    assert {spec.name for spec in desk.registry.specs} == COMMANDS
    found = desk.registry.find("ask")
    assert found is not None
    assert found.spec.name == "chat"


@pytest.mark.parametrize("locale", LANGUAGES)
async def test_help_lists_every_command(desk: AdapterServices, locale: str) -> None:
    """With a line and an example, in the asker's language."""
    text = (await desk.ask("help", locale=locale)).text
    for spec in desk.registry.specs:
        assert f"- `/{spec.name}`" in text
        assert describe_command(spec, locale) in text
        assert f"`/{spec.example}`" in text


@pytest.mark.parametrize("name", ["image", "/image", "IMAGE"])
async def test_help_explains_a_command(desk: AdapterServices, name: str) -> None:
    """Options with what is allowed, what is usual, and an example."""
    text = (await desk.ask("help", options={"command": name})).text
    for part in (
        "`--size`: Width and height in pixels; `512x512`, `1024x1024`, `2048x2048`; usually `1024x1024`",
        "`-n`: How many pictures; 1 to 4; usually `1`",
        "`prompt`: What the picture shows; required",
        "`/image a red fox in snow --style anime --size 512x512 -n 2`",
    ):
        assert part in text


@pytest.mark.parametrize("locale", ["zh-Hant", "zh-Hans"])
async def test_chinese_is_punctuated_as_chinese(desk: AdapterServices, locale: str) -> None:
    """Between the words of a list and between facts stand the full-width marks."""
    answers = [await desk.ask("help", options={"command": name}, locale=locale) for name in sorted({"", *COMMANDS})]
    answers += [await desk.ask("model", locale=locale), await desk.ask("help", locale=locale)]
    for answer in answers:
        assert not re.search("[,;:—()]", re.sub("`[^`]*`", "", answer.text)), answer.text


async def test_help_knows_aliases(desk: AdapterServices) -> None:
    """Asked for an alias it explains the command."""
    text = (await desk.ask("help", options={"command": "ask"})).text
    assert text.startswith("**/chat**")
    assert "`/ask`" in text


async def test_help_with_an_unknown_command_names_the_nearest(desk: AdapterServices) -> None:
    """A typing mistake is put right."""
    with pytest.raises(UsageError, match="Did you mean `image`"):
        await desk.ask("help", options={"command": "imgae"})
    with pytest.raises(UsageError, match="`/help`"):
        await desk.ask("help", options={"command": "xyzzy"})


async def test_every_description_fits(desk: AdapterServices) -> None:
    """Platforms show at most 100 characters."""
    for spec in desk.registry.specs:
        assert all(0 < len(text) <= 100 for text in (spec.description, *(o.description for o in spec.options)))


async def test_every_example_is_a_request_that_works(desk: AdapterServices) -> None:
    """What is shown as an example is understood as it stands."""
    for spec in desk.registry.specs:
        request = parse(f"/{spec.example}", desk.registry.specs)
        assert (request.command, request.rejection) == (spec.name, "")


async def test_positional_words_reach_their_options(desk: AdapterServices) -> None:
    """`/model chat gpt-mini` and `/usage channel` need no flags."""
    assert parse("/model chat gpt-mini", desk.registry.specs).options == {"kind": "chat", "name": "gpt-mini"}
    assert parse("/model gpt-mini --channel yes", desk.registry.specs).options == {"name": "gpt-mini", "channel": "yes"}
    assert parse("/usage channel", desk.registry.specs).options == {"whose": "channel"}
    assert parse("/help image", desk.registry.specs).options == {"command": "image"}
