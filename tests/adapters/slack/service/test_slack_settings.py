"""Settings that administrators change while the service runs."""

from pathlib import Path

import pytest

from simulators.slack import SlackSimulator
from tests.support.service import quiet_logs
from tests.support.slack.service import service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def test_a_setting_of_the_channel_holds_for_everybody(slack: SlackSimulator, tmp_path: Path) -> None:
    """Bob may not change the channel; Ada, an administrator, may; it holds for Bob and after a restart."""
    async with service(slack, tmp_path) as running:
        slack.bob.slash("/settings", "temperature 0.2 --for channel")
        await slack.until(lambda: [m for m in slack.bob.sees() if "administrator" in m.content])
        slack.ada.slash("/settings", "temperature 0.2 --for channel")
        await slack.until(lambda: [m for m in slack.ada.sees() if "is set (this channel)" in m.content])
        await running.answers(slack.bob.mention("hello"))
        assert running.echo.bodies[-1]["temperature"] == 0.2
        await running.restart()
        await running.answers(slack.bob.mention("hello again"))
        assert running.echo.bodies[-1]["temperature"] == 0.2
        slack.ada.slash("/settings", "commands_off chat --for workspace")
        await slack.until(lambda: [m for m in slack.ada.sees() if "is set (this workspace)" in m.content])
        slack.bob.mention("are you there?")
        await slack.until(lambda: [m for m in slack.bob.sees() if "switched off here" in m.content])
        await running.idle()
        assert "are you there?" not in running.echo.prompts
        slack.ada.slash("/audit")
        await slack.until(lambda: [m for m in slack.ada.sees() if "commands_off (workspace)" in m.content])


async def test_words_are_replaced_and_refused(slack: SlackSimulator, tmp_path: Path) -> None:
    """Slack's own form of an address is replaced and put back; a refusal is for the asker alone, and leaves nothing."""
    rules = tmp_path / "rules.toml"
    rules.write_text('[refuse.words]\n"project names" = ["Falcon"]', encoding="utf-8")
    async with service(slack, tmp_path, bot_content_rules=rules) as running:
        slack.ada.slash("/settings", "redaction pseudonyms --for channel")
        await slack.until(lambda: [m for m in slack.ada.sees() if "is set (this channel)" in m.content])
        question = slack.bob.mention("write to <mailto:ann@example.com|ann@example.com>")
        [answer, *_] = await running.answers(question)
        assert "ann@example.com" in answer.content
        assert "EMAIL_" in running.echo.prompts[-1]
        assert "ann@" not in str(running.echo.bodies)
        before = len(running.echo.bodies)
        slack.bob.mention("draw the falcon")
        await slack.until(lambda: [m for m in slack.bob.sees() if "project names" in m.content])
        await running.idle()
        assert not [m for m in slack.ada.sees() if "project names" in m.content]
        assert len(running.echo.bodies) == before
