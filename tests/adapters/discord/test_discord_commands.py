import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import adapters.discord as platform
from adapters.discord.setup.application_commands import build_commands, hash_commands
from adapters.discord.setup.check import PERMISSIONS
from adapters.discord.ui.buttons import MODAL_ID, ActionButton, button_id
from bot.errors import SettingsError
from simulators.discord.values import ME, TOKEN, Json
from tests.support.discord.stage import COMMANDS

NAME = re.compile(r"[-_\w]{1,32}")


def every_text(told: Json) -> list[str]:
    """All that counts to the size of a command."""
    texts = [told["name"], told.get("description", ""), str(told.get("value", ""))]
    return texts + [
        text for inner in (*told.get("options", ()), *told.get("choices", ())) for text in every_text(inner)
    ]


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
        assert len(descriptions) == 3
    assert len(options) <= 25
    assert [o["required"] for o in options] == sorted((o["required"] for o in options), reverse=True)
    assert len({o["name"] for o in options}) == len(options)
    for option in options:
        assert len(option.get("choices", ())) <= 25
        assert not (option.get("choices") and option.get("autocomplete"))


def test_every_command_has_a_name_in_chinese() -> None:
    """People find each command and each menu by a name in their own language, and no two alike."""
    told = build_commands(COMMANDS)
    for locale in ("zh-TW", "zh-CN"):
        names = [(one["type"], one["name_localizations"].get(locale)) for one in told]
        assert all(name for _, name in names)
        assert len(set(names)) == len(names)


def test_every_option_has_a_name_in_chinese() -> None:
    """People find each option by a name in their own language, and no two of a command alike."""
    for told in build_commands(COMMANDS):
        for locale in ("zh-TW", "zh-CN"):
            names = [option["name_localizations"].get(locale) for option in told.get("options", ())]
            assert all(names)
            assert len(set(names)) == len(names)


def test_hidden_commands_are_not_told() -> None:
    """What only buttons ask for is no slash command; everything that can be typed is."""
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


@pytest.mark.parametrize("asks", [(), ("style",), ("prompt", "duration", "resolution"), ("x" * 60,)])
def test_button_ids_fit_and_come_back(asks: tuple[str, ...]) -> None:
    """What a button's id says is read back, and it is never longer than Discord allows."""
    event, conversation = "1457536551830421524/abcdef123456", "t1457536551830421524"
    custom_id = button_id("variation-4", event, conversation, command="image", asks=asks)
    assert len(custom_id) <= 100
    match = ActionButton.__discord_ui_compiled_template__.fullmatch(custom_id)
    assert match is not None
    assert (match["action"], match["event"], match["conversation"]) == ("variation-4", event, conversation)
    assert MODAL_ID.fullmatch("cf" + custom_id.removeprefix("cm")) is not None


# ------------------------------------------------------------------ configuration


@pytest.fixture
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No `.env` of a developer."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("_elsewhere")
def test_no_token_is_no_discord(tmp_path: Path) -> None:
    """Without a token the platform is not configured, and its manifest says where to get one."""
    assert platform.create(data_dir=tmp_path, conversation=None) is None
    with pytest.raises(SettingsError, match="Reset Token"):
        platform.manifest(COMMANDS, url=None)


@pytest.mark.usefixtures("_elsewhere")
def test_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    """The manifest has the invite link with exactly the permissions needed, and the commands as JSON."""
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    text = platform.manifest(COMMANDS, url=None)
    assert f"client_id={ME}" in text
    assert f"permissions={PERMISSIONS.value}" in text
    assert "scope=bot+applications.commands" in text
    assert len(json.loads(text[text.index("[") :])) == len(build_commands(COMMANDS))


@pytest.mark.usefixtures("_elsewhere")
def test_token_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """What can't be a token is said, without being repeated."""
    monkeypatch.setenv("DISCORD_TOKEN", "hunter2")
    with pytest.raises(SettingsError, match="Reset Token") as raised:
        platform.manifest(COMMANDS, url=None)
    assert "hunter2" not in str(raised.value)


@pytest.mark.usefixtures("_elsewhere")
def test_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A wrong setting is named with what is allowed."""
    monkeypatch.setenv("DISCORD_REPLY_MODE", "shout")
    with pytest.raises(SettingsError, match=r"DISCORD_REPLY_MODE.*auto, thread or reply"):
        platform.create(data_dir=tmp_path, conversation=None)


def test_unconfigured_platform_loads_no_library() -> None:
    """Who does not use Discord does not pay for its library."""
    script = "import sys, adapters.discord; print('discord' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
