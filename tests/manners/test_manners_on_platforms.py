"""Good manners on the platforms: repeats with a change, in a channel's threads."""

from pathlib import Path

import pytest

from simulators.discord.values import DM
from simulators.slack import SlackSimulator
from tests.support.discord.messages import text_of
from tests.support.discord.whole import whole
from tests.support.service import quiet_logs
from tests.support.slack.service import service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

REWRITTEN = "re: Prompt: {}\nChange: {}"


async def test_repeats_in_slack(tmp_path: Path) -> None:
    """In a thread in plain words; as a slash command about the person's newest thread. The new prompt is quoted."""
    async with SlackSimulator() as slack, service(slack, tmp_path) as running:
        question = slack.ada.mention("explain monads")
        await running.answers(question)
        slack.ada.say(f"<@{slack.team.bot.id}> again, shorter", thread=question.ts)
        short = (await running.answers(question, 2))[-1]
        assert short.content.endswith("re: " + REWRITTEN.format("explain monads", "again, shorter"))
        assert short.content.startswith("re: Prompt: explain monads")
        slack.ada.slash("/again", "in French")
        french = (await running.answers(question, 3))[-1]
        assert french.content.startswith("re: Prompt: explain monads")
        assert running.echo.bodies[-2]["messages"][-1]["content"] == (
            "Prompt: explain monads\nChange: again, shorter\nin French"
        )


async def test_repeats_in_discord(tmp_path: Path) -> None:
    """In plain words and as a slash command; a picture is made anew from a prompt that is quoted."""
    async with whole(tmp_path) as one:
        await one.simulator.say(DM, "image a red fox --size 512x512")
        await one.see(DM, "seeddream")
        await one.simulator.say(DM, "again but at night")
        night = REWRITTEN.format("a red fox", "again but at night")
        picture = await one.see(DM, "> re: Prompt: a red fox")
        assert "> Change: again but at night" in text_of(picture)
        assert (one.echo.bodies[-1]["prompt"], one.echo.bodies[-1]["size"]) == (night, "512x512")
        await one.command("again", channel=DM, prompt="in winter")
        await one.see(DM, "> Change: in winter")
        assert one.echo.bodies[-1]["prompt"] == REWRITTEN.format(night, "in winter")
