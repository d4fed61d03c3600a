"""`settings`: what holds where, who may change it, and what a change does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.commandline.parser import parse
from bot.commandline.time_zones import find_zone
from bot.errors import UsageError
from bot.scoped_settings.forms import form_options
from bot.scoped_settings.retention import Retention
from tests.support.command_runner import CommandRunner
from tests.support.media_files import PNG


async def used(runner: CommandRunner, **more: Any) -> dict[str, Any]:
    await runner.ask("chat", "hello", **more)
    return runner.api_server.bodies("chat")[-1]


async def line(runner: CommandRunner, name: str, **more: Any) -> str:
    """Return the line of one setting in the overview."""
    shown = (await runner.ask("settings", **more)).text
    return next(line for line in shown.splitlines() if line.startswith(f"| `{name}`"))


async def test_the_nearest_scope_decides(runner: CommandRunner) -> None:
    """Conversation before channel before person before the environment; the table says which."""
    assert await line(runner, "model.chat") == "| `model.chat` | `gpt-4-turbo` | default |"
    await runner.ask("settings", "model.chat gpt-mini", options={"for": "me"})
    assert await line(runner, "model.chat") == "| `model.chat` | `gpt-mini` | you |"
    await runner.ask("settings", "model.chat seer", options={"for": "channel"}, admin=True)
    assert await line(runner, "model.chat") == "| `model.chat` | `seer` | this channel |"
    await runner.ask("settings", "model.chat gpt-4-turbo", options={"for": "thread"})
    assert (await used(runner))["model"] == "gpt-4-turbo"
    assert (await used(runner, conversation="c2"))["model"] == "seer"
    assert (await used(runner, conversation="c3", channel="other"))["model"] == "gpt-mini"
    assert (await used(runner, conversation="c4", channel="other", actor="bob"))["model"] == "gpt-4-turbo"
    await runner.ask("settings", "context_turns 2", options={"for": "channel"}, admin=True)
    sent = [len((await used(runner, conversation="c5"))["messages"]) for _ in range(4)]
    elsewhere = [len((await used(runner, conversation="c6", channel="other"))["messages"]) for _ in range(4)]
    assert (sent, elsewhere) == ([2, 4, 4, 4], [2, 4, 6, 8])
    cleared = await runner.ask("settings", "model.chat", options={"clear": "yes", "for": "thread"})
    assert "In effect here: `seer` (this channel)" in cleared.text


async def test_who_may_change_what(runner: CommandRunner) -> None:
    """A channel is its administrators', everybody's settings are the service's administrators'."""
    for reach, word in (("channel", "administrator"), ("service", "BOT_ADMINS")):
        with pytest.raises(UsageError, match=word):
            await runner.ask("settings", "temperature 0.2", options={"for": reach})
    with pytest.raises(UsageError, match="BOT_ADMINS"):
        await runner.ask("settings", "temperature 0.2", options={"for": "service"}, admin=True)
    runner.settings = runner.settings.model_copy(update={"bot_admins": ("runner:ada",)})
    await runner.ask("settings", "temperature 0.2", options={"for": "service"})
    assert (await used(runner, conversation="c9", channel="other", actor="bob"))["temperature"] == 0.2


async def test_the_environment_is_the_bound(runner: CommandRunner) -> None:
    """A value that the operator does not allow is refused, and ignored where it was allowed before."""
    for wrong, word in (
        ("model.chat gpt-99", "gpt-4-turbo"),
        ("answer_tokens 999999", "1"),
        ("temperature hot", "temperature"),
        ("commands_off dance", "image"),
        ("tempratur 1", "temperature"),
    ):
        with pytest.raises(UsageError, match=word):
            await runner.ask("settings", wrong, admin=True)
    await runner.ask("settings", "answer_tokens 500")
    assert (await used(runner))["max_tokens"] == 500
    runner.settings = runner.settings.model_copy(update={"bot_answer_tokens": 300})
    assert (await used(runner))["max_tokens"] == 300


async def test_options_have_the_defaults_of_their_place(runner: CommandRunner) -> None:
    """A picture is made in the size and style that hold here, unless the request names others."""
    await runner.ask("settings", "image.size 512x512", options={"for": "me"})
    await runner.ask("settings", "image.style anime")
    await runner.ask("image", "a fox")
    body = runner.api_server.bodies("images")[-1]
    assert (body["size"], body["style"]) == ("512x512", "anime")
    await runner.ask("image", "a fox", options={"size": "1024x1024"})
    assert runner.api_server.bodies("images")[-1]["size"] == "1024x1024"


async def test_a_place_may_keep_for_shorter_only(runner: CommandRunner) -> None:
    """Of several values the shortest decides, and none is longer than the operator's; what is older goes, files too."""
    for days, reach in (("30", "channel"), ("60", "workspace")):
        more = {"options": {"for": reach}, "admin": True, "workspace": "w1"}
        with pytest.raises(UsageError, match="90"):
            await runner.ask("settings", "retention_days 91", **more)
        await runner.ask("settings", f"retention_days {days}", **more)
    await runner.ask("settings", "retention_days 7", options={"for": "workspace"}, admin=True, workspace="w2")
    shown = await line(runner, "retention_days", workspace="w1")
    assert shown == "| `retention_days` | `30` | this channel |"
    await runner.ask("image", "a fox", workspace="w1")
    await runner.ask("image", "a cat", workspace="w2", channel="other", conversation="c2")
    retention = Retention(scoped=runner.scoped, maintenance=runner.store, longest=90)
    now = datetime.now(UTC)
    pruned = [
        [media.name for media in await retention.prune(now + timedelta(days=days), audit_before=None)]
        for days in (6, 8, 29, 31)
    ]
    assert pruned == [[], ["a-cat.png"], [], ["a-fox.png"]]


def test_the_fields_of_a_form_are_those_of_its_settings(runner: CommandRunner) -> None:
    """With the values of each, described in the person's language; what nobody knows is left out."""
    found = runner.registry.find("settings")
    assert found is not None
    names = ("name", "image.style", "system_prompt", "gone", "for")
    fields = {option.name: option for option in form_options(runner.scoped.registry, found.spec, names, locale="zh-TW")}
    assert list(fields) == ["name", "image.style", "system_prompt", "for"]
    assert "image.style" in fields["name"].choices
    assert "anime" in fields["image.style"].choices
    assert fields["system_prompt"].is_prompt
    assert fields["system_prompt"].description == "最先給模型的指示"
    assert fields["for"].description == "變更的範圍"


async def test_one_setting_is_explained(runner: CommandRunner) -> None:
    """Its name alone shows what it is, what holds, what is allowed and how far it can reach; in the person's words."""
    text = (await runner.ask("settings", "temperature")).text
    assert "`temperature`: How freely the model words" in text
    assert "0 to 2" in text
    assert "`workspace`" not in text  # the event is of none
    assert "模型用詞的自由程度" in (await runner.ask("settings", "temperature", locale="zh-TW")).text


async def test_changes_are_in_the_audit_log(runner: CommandRunner) -> None:
    """With before and after; a person's own choices are nobody's business; only administrators see it."""
    await runner.ask("settings", "temperature 0.2", options={"for": "channel"}, admin=True, actor="bob")
    await runner.ask("settings", "temperature", options={"for": "channel", "clear": "yes"}, admin=True, actor="bob")
    await runner.ask("system", "Be kind.", admin=True)
    await runner.ask("settings", "temperature 0.3", options={"for": "me"})
    with pytest.raises(UsageError, match="administrators"):
        await runner.ask("audit")
    shown = (await runner.ask("audit", admin=True)).text
    assert [line.split(" | ")[1:] for line in shown.splitlines()[2:]] == [
        ["[@Ada](person:ada)", "`settings.set`", "`system_prompt (channel)`", "–", "`Be kind.` |"],
        ["[@Bob](person:bob)", "`settings.clear`", "`temperature (channel)`", "`0.2`", "– |"],
        ["[@Bob](person:bob)", "`settings.set`", "`temperature (channel)`", "–", "`0.2` |"],
    ]
    (file,) = (await runner.ask("audit", options={"file": "yes"}, admin=True)).media
    assert file.path is not None
    assert file.path.read_text(encoding="utf-8").splitlines()[1].endswith('"system_prompt (channel)","","Be kind."')


async def test_what_is_not_here_gets_a_sentence(runner: CommandRunner) -> None:
    """A scope that the place does not have is named; who may not change a channel is told what they may change."""
    for reach, words in (("thread", "no thread here"), ("workspace", "no workspace or server")):
        with pytest.raises(UsageError, match=words):
            await runner.ask("settings", "image.size 512x512", options={"for": reach}, thread="")
    with pytest.raises(UsageError, match=r"administrator.*`me`"):
        await runner.ask("settings", "image.size 512x512", options={"for": "channel"})
    said = (await runner.ask("settings", "image.size 512x512", thread="")).text
    assert said == "Done: `image.size` is set (you). In effect here: `512x512` (you)."


async def test_a_mistake_gets_the_nearest_value(runner: CommandRunner) -> None:
    """In a choice, in a list of words and in a name; a choice may be written in any letters and languages."""
    for wrong, near in (
        ("image.style anine", "anime"),
        ("commands_off vido", "video"),
        ("ansewr_all on", "answer_all"),
    ):
        with pytest.raises(UsageError, match=f"`{near}`"):
            await runner.ask("settings", wrong, admin=True)
    parsed = [parse(f"/settings temperature 1 --for {word}", runner.registry.specs) for word in ("Everybody", "server")]
    assert [request.options["for"] for request in parsed] == ["service", "workspace"]
    for switch, used in (("no", "off"), ("Yes", "on")):
        set_to = (await runner.ask("settings", f"read_files {switch}", options={"for": "channel"}, admin=True)).text
        assert f"In effect here: `{used}`" in set_to
    for written in ("Anime", "動漫"):
        await runner.ask("settings", f"image.style {written}")
        await runner.ask("image", "a fox")
        assert runner.api_server.bodies("images")[-1]["style"] == "anime"


async def test_a_language_for_those_who_chose_none(runner: CommandRunner) -> None:
    """The channel's language holds for people without one of their own, whose choice decides before it."""
    await runner.ask("settings", "language zh-Hant", options={"for": "channel"}, admin=True)
    await runner.ask("settings", "language zh-Hans", options={"for": "me"}, actor="bob")
    for actor, language in (("ada", "zh-Hant"), ("bob", "zh-Hans")):
        assert (await runner.scoped.for_event(runner.event(actor=actor))).get("language") == language
    for written, language in (
        ("English", "en"),
        ("Traditional Chinese", "zh-Hant"),
        ("中文", "zh-Hant"),
        ("zh-CN", "zh-Hans"),
    ):
        await runner.ask("settings", f"language {written}")
        assert (await runner.scoped.for_event(runner.event())).get("language") == language
    said = (await runner.ask("settings", "language zh-Hant", locale="zh-Hant")).text
    assert "。這裡適用" in said  # between Chinese sentences is no space
    await runner.ask("settings", "language", options={"clear": "yes"})
    # A time zone is one's own where nothing else is said: what the platform tells comes before a channel's.
    said = (await runner.ask("settings", "time_zone Taipei", admin=True)).text
    assert said == "Done: `time_zone` is set (you). In effect here: `Asia/Taipei` (you)."
    zones = {
        "UTC+5:30": "Asia/Kolkata",
        "gmt+0545": "Asia/Kathmandu",
        "UTC-09:30": "Pacific/Marquesas",
        "Etc/UTC": "UTC",
    }
    assert {text: find_zone(text) for text in zones} == zones
    assert [find_zone(text) for text in ("UTC+8:00", "UTC+10:30", "UTC+15")] == ["Etc/GMT-8", None, None]


async def test_files_are_not_read_where_that_is_off(runner: CommandRunner) -> None:
    """The model gets none of a file's text, and the person is told; a command that needs a picture says so, too."""
    await runner.ask("settings", "read_files off", options={"for": "channel"}, admin=True)
    said = await runner.ask("chat", "sum it up", attach={"plan.txt": b"the secret plan"})
    assert "not read here" in said.text
    assert "secret plan" not in str(runner.api_server.bodies("chat"))
    with pytest.raises(UsageError, match="not read here"):
        await runner.ask("video", "it moves", attach={"fox.png": PNG})
    await runner.ask("settings", "read_files", options={"for": "channel", "clear": "yes"}, admin=True)
    await runner.ask("chat", "sum it up", attach={"plan.txt": b"the secret plan"})
    assert "secret plan" in str(runner.api_server.bodies("chat"))


async def test_parameters_that_the_operator_allows(runner: CommandRunner) -> None:
    """They have bounds and choices, are sent as numbers where they are, and no longer than the operator allows them."""
    allowed = ("chat.top_p=0..1", "chat.reasoning_effort=low|high", "image.seed")
    runner.settings = runner.settings.model_copy(update={"bot_extra_parameters": allowed})
    for value in ("chat.top_p 0.5", "chat.reasoning_effort low", "image.seed 7"):
        await runner.ask("settings", value)
    for wrong, word in (
        ("chat.top_p 2", "1"),
        ("chat.reasoning_effort lw", "low"),
        ("chat.logit_bias 1", "no setting"),
    ):
        with pytest.raises(UsageError, match=word):
            await runner.ask("settings", wrong)
    body = await used(runner)
    assert (body["top_p"], body["reasoning_effort"]) == (0.5, "low")
    await runner.ask("image", "a fox")
    assert runner.api_server.bodies("images")[-1]["seed"] == 7
    runner.settings = runner.settings.model_copy(update={"bot_extra_parameters": ()})
    assert "top_p" not in await used(runner)
