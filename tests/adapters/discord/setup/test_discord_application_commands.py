"""The application commands: what Discord accepts, and when they are registered."""

import re

import pytest
from structlog.testing import capture_logs

from adapters.discord.setup.application_commands import build_commands, hash_commands
from adapters.discord.timing import Timing
from bot.i18n import catalogue
from bot.models import CommandSpec, Option
from simulators.discord.errors import server_error
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import DM, ME, Json
from tests.support.discord.stage import COMMANDS, RecordingCore, Service


async def test_commands_are_registered_when_they_change(simulator: DiscordSimulator, core: RecordingCore) -> None:
    """The commands are registered at the first start and not again while they are the same, and Discord has them."""
    async with Service(simulator, core):
        await simulator.until(lambda: simulator.called("PUT", "commands"))
    async with Service(simulator, core):
        await simulator.say(DM, "hello")
        await core.wait_for_events(1)
    assert len(simulator.called("PUT", "commands")) == 1
    core.stored["discord.commands"][ME] = "others"
    async with Service(simulator, core):
        await simulator.until(lambda: len(simulator.called("PUT", "commands")) == 2)
    simulator.commands.pop()  # by a script of somebody
    async with Service(simulator, core):
        await simulator.until(lambda: len(simulator.called("PUT", "commands")) == 3)


async def test_a_registration_that_fails_is_tried_again(simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A fault of Discord is logged with its reason; a defect with its traceback, beside what works all the same."""
    timing = Timing(reconnect_first=0.01, reconnect_longest=0.01)
    simulator.rest.fail("PUT", "commands", server_error(503), times=2)
    with capture_logs() as lines:
        async with Service(simulator, core, timing=timing):
            await simulator.until(lambda: len(simulator.called("PUT", "commands")) == 3)
    reasons = [line["reason"] for line in lines if line["event"] == "commands not registered"]
    assert len(reasons) == 2
    assert all("503" in reason for reason in reasons)
    odd = Option(name="sides", description="how many", kind="int")  # type: ignore[arg-type] # which nothing has
    broken = Service(simulator, core, timing=timing)
    broken.commands = [CommandSpec(name="roll", description="Roll a die", options=(odd,))]
    with capture_logs() as lines:
        async with broken as service:
            await service.say()
            await service.say()
    failed = [line for line in lines if line["event"] == "background loop failed"]
    assert {(line["task"], line["reason"]) for line in failed} == {("registration of commands", "KeyError")}


NAME = re.compile(r"[-_\w]{1,32}")


def every_text(told: Json) -> list[str]:
    """All that counts to the size of a command."""
    texts = [told["name"], told.get("description", ""), str(told.get("value", ""))]
    return texts + [
        text for inner in (*told.get("options", ()), *told.get("choices", ())) for text in every_text(inner)
    ]


#: Commands without translations speak English to everybody.
UNTRANSLATED = {spec.name for spec in COMMANDS if f"command.{spec.name}.description" not in catalogue("zh-Hant")}


@pytest.mark.parametrize("told", build_commands(COMMANDS), ids=lambda told: str(told["name"]))
def test_command_is_one_that_discord_takes(told: Json) -> None:
    """Names, descriptions, options and choices keep within what Discord allows, in each language."""
    assert len("".join(every_text(told))) <= 8000
    if told["type"] != 1:
        assert 1 <= len(told["name"]) <= 32
        assert "description" not in told
        return
    options = told["options"]
    for one in (told, *options):
        names = [one["name"], *one.get("name_localizations", {}).values()]
        assert all(NAME.fullmatch(name) and name == name.lower() for name in names)
        descriptions = [one["description"], *one["description_localizations"].values()]
        assert all(1 <= len(text) <= 100 for text in descriptions)
        assert len(descriptions) == (1 if told["name"] in UNTRANSLATED else 3)
    assert len(options) <= 25
    assert [o["required"] for o in options] == sorted((o["required"] for o in options), reverse=True)
    assert len({o["name"] for o in options}) == len(options)
    for option in options:
        assert len(option.get("choices", ())) <= 25
        assert not (option.get("choices") and option.get("autocomplete"))


def test_every_command_has_a_name_in_chinese() -> None:
    """People find each command and each menu by a name in their own language, and no two alike."""
    told = [one for one in build_commands(COMMANDS) if one["name"] not in UNTRANSLATED]
    for locale in ("zh-TW", "zh-CN"):
        names = [(one["type"], one["name_localizations"].get(locale)) for one in told]
        assert all(name for _, name in names)
        assert len(set(names)) == len(names)


def test_every_option_has_a_name_in_chinese() -> None:
    """People find each option by a name in their own language, and no two of a command alike."""
    for told in [one for one in build_commands(COMMANDS) if one["name"] not in UNTRANSLATED]:
        for locale in ("zh-TW", "zh-CN"):
            names = [option["name_localizations"].get(locale) for option in told.get("options", ())]
            assert all(names)
            assert len(set(names)) == len(names)


def test_hidden_commands_are_not_registered() -> None:
    """Commands of buttons are no slash commands; every command that can be typed is one."""
    names = {one["name"] for one in build_commands(COMMANDS) if one["type"] == 1}
    assert {spec.name for spec in COMMANDS} | {"compose", "replies"} == names


def test_digest_tells_changes() -> None:
    """The hash is the same for the same commands and another one for others."""
    assert hash_commands(build_commands(COMMANDS)) == hash_commands(build_commands(COMMANDS))
    assert hash_commands(build_commands(COMMANDS)) != hash_commands(build_commands(COMMANDS[1:]))


def test_commands_that_change_a_channel_are_for_who_manages_it() -> None:
    """The setting of a channel is offered to people with Manage Channels, in servers."""
    (replies,) = [one for one in build_commands(COMMANDS) if one["name"] == "replies"]
    assert (replies["default_member_permissions"], replies["contexts"]) == ("16", [0])
