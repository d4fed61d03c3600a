"""The App Home: a person's usage, limits, preferences and files, and the choices there."""

import json

import pytest

from adapters.slack.ui.blocks import escape
from adapters.slack.ui.home_view import build_home
from bot.i18n import describe_command
from bot.models import Answer, Media, Option
from bot.ports import Profile, UsageRow
from simulators.slack import SlackSimulator, Team
from tests.support.slack.adapter import COMMANDS, RecordingCore, RunningAdapter

ROW = UsageRow(
    day="2026-11-24",
    kind="image",
    model="seeddream-4.0",
    requests=2,
    prompt_tokens=0,
    completion_tokens=0,
    items=3,
    cost=1.5,
)
PROFILE = Profile(
    usage=(ROW, ROW),
    limits=("Up to 20 requests a minute.",),
    settings=(
        (Option(name="language", description="Language", kind="choice", choices=("en", "zh-Hant")), ""),
        (Option(name="model.chat", description="Model", kind="choice", choices=("m1", "m2")), "m2"),
        (Option(name="model.code", description="Model", kind="choice", choices=("m1",)), ""),
        (Option(name="temperature", description="Freedom", kind="number", minimum=0, maximum=2), "0.5"),
    ),
    recent=(("E1", Media(name="fox.png", content_type="image/png", size=1, description="a red fox")),),
)


def _text(team: Team, user: str) -> str:
    return json.dumps(team.homes[user], ensure_ascii=False)


async def test_home_shows_a_persons_data(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """Opening the home shows the commands and the person's usage, limits, preferences and newest files."""
    core.current_profile = PROFILE
    slack.ada.open_home()
    await slack.until(lambda: slack.team.homes)
    text = _text(slack.team, slack.ada.id)
    for shown in ("/image", "Pictures: 4 requests, 6 files, cost 3.00", "Up to 20 requests a minute.", "fox.png"):
        assert shown in text
    selects = {
        block["block_id"]: block["accessory"]["initial_option"]["value"]
        for block in slack.team.homes[slack.ada.id]["blocks"]
        if "accessory" in block
    }
    assert selects == {"language": "default", "model.chat": "m2"}
    assert "繁體中文" in text


async def test_preferences_are_saved_and_shown(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """A choice is passed to the core, and the home is published again, in the chosen language."""
    core.current_profile = PROFILE
    slack.ada.open_home()
    await slack.until(lambda: slack.team.homes)
    core.current_profile = Profile(language="zh-Hant", settings=PROFILE.settings)
    slack.ada.press_home("home:prefer:language", value="zh-Hant")
    await slack.until(lambda: "你的偏好" in _text(slack.team, slack.ada.id))
    slack.ada.press_home("home:prefer:language", value="default")
    slack.ada.press_home("home:prefer:temperature", value="1.5")
    await slack.until_delivered()
    assert core.preferences == {("U0ADA", "language"): None, ("U0ADA", "temperature"): "1.5"}


async def test_home_while_nothing_can_be_read(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """While the database can't be read the home says so, instead of staying as it was."""
    core.is_failing = True
    slack.ada.open_home()
    await slack.until(lambda: slack.team.homes)
    assert "database" in _text(slack.team, slack.ada.id)
    core.is_failing, core.current_profile = False, PROFILE
    slack.ada.open_home()
    await slack.until(lambda: "fox.png" in _text(slack.team, slack.ada.id))
    core.is_failing = True
    slack.ada.press_home("home:prefer:language", value="zh-Hant")
    await slack.until(lambda: "database" in _text(slack.team, slack.ada.id))


@pytest.mark.parametrize("locale", ["en", "zh-Hant", "zh-Hans"])
def test_home_names_every_command(locale: str) -> None:
    """With the longest prefix, too; each text is within Slack's limit and ends with a line."""
    prefix = f"/{'x' * 20}"
    limits = tuple(f"{number} {'a limit ' * 12}" for number in range(50))
    view = build_home(Profile(limits=limits), COMMANDS, prefix=prefix, locale=locale, links={})
    texts = [block["text"]["text"] for block in view["blocks"] if block["type"] == "section"]
    assert max(map(len, texts)) <= 3000
    lines = [line for text in texts for line in text.splitlines()]
    assert [line.split("`")[1] for line in lines if line.startswith("`")] == [f"{prefix}{s.name}" for s in COMMANDS]
    assert set(lines) >= {f"`{prefix}{spec.name}`  {escape(describe_command(spec, locale))}" for spec in COMMANDS}
    assert set(lines) >= {f"• {limit}" for limit in limits}


async def test_everybodys_use_is_for_administrators_of_the_one_workspace(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """Where the service has one workspace, everybody's usage is shown to the people whom the core allows it."""
    core.current_profile = Profile(everybody=(ROW,))
    slack.ada.open_home()
    await slack.until(lambda: slack.team.homes)
    assert "Everybody's usage" in _text(slack.team, slack.ada.id)


async def test_home_links_to_answers(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """A file's name links to its message, under a question, a command or a button; without one it is text."""
    question = slack.ada.mention("image a fox")
    slack.ada.slash("/image", "a cat")
    _, command = await core.wait_for_events(2)
    draft = await service.adapter.draft(command.reply_to, key=command.id, ref=None, private=False)
    await draft.finish(Answer(text="A cat."))
    parent = next(m for m in slack.from_bot(slack.general) if not m.thread_ts)
    ids = (
        core.events[0].id,
        command.id,
        f"T0LAB.C0GENERAL.press.{question.ts}.U0ADA.1.2",
        "T0LAB.form.V1",
        "T9.C1.1.2",
    )
    files = [Media(name=f"{number}.png", content_type="image/png", size=1) for number in range(5)]
    core.current_profile = Profile(recent=tuple(zip(ids, files, strict=True)))
    slack.ada.open_home()
    await slack.until(lambda: slack.team.homes)
    text, base = _text(slack.team, slack.ada.id), "https://lab.slack.com/archives/C0GENERAL/p"
    for number, ts in enumerate((question.ts, parent.ts, question.ts)):
        assert f"<{base}{ts.replace('.', '')}|{number}.png>" in text
    assert "`3.png`" in text
    assert "`4.png`" in text


async def test_home_opens_forms(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """The home's buttons open the form of a command."""
    slack.ada.open_home()
    await slack.until(lambda: slack.team.homes)
    slack.ada.press_home("home:make:image")
    view = await slack.ada.modal()
    assert view.content["callback_id"] == "make:image"
