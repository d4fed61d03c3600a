"""An outage of the AI API, seen from Slack."""

from pathlib import Path

import pytest

from simulators.slack import SlackSimulator
from tests.support.service import quiet_logs
from tests.support.slack.drafts import labels, read
from tests.support.slack.service import service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def test_an_outage_is_waited_out_beside_everything_else(slack: SlackSimulator, tmp_path: Path) -> None:
    """One quiet message says so and becomes the answer; other people, free commands and pictures go on meanwhile."""
    async with service(slack, tmp_path, bot_patience=600) as running:
        running.echo.broken.add("hello")
        question = slack.ada.mention("hello")
        [waiting] = await slack.until(lambda: slack.from_bot(thread=question.ts))
        assert "unavailable" in read(waiting)
        assert labels(waiting) == ["Stop"]
        slack.bob.mention("good day")
        await slack.until(lambda: [m for m in slack.from_bot(slack.general) if read(m) == "re: good day"])
        slack.bob.slash("/chat", "good night")
        await slack.until(lambda: [m for m in slack.from_bot(slack.general) if read(m) == "re: good night"])
        slack.ada.mention("help", thread=question)
        slack.ada.mention("usage", thread=question)
        await slack.until(lambda: len([m for m in slack.ada.sees() if m.is_ephemeral]) == 2)
        slack.ada.mention("image a fox", thread=question)
        await slack.until(lambda: [m for m in slack.from_bot(thread=question.ts) if m.files])
        slack.ada.say("and then?", thread=question)
        edits = [call for call in slack.called("chat.update") if call.params["ts"] == waiting.ts]
        assert len(edits) <= 1, "each try may not edit it; the first try's own status may come before that of the wait"
        running.echo.broken.clear()
        await slack.until(lambda: read(waiting) == "re: hello")
        await slack.until(lambda: [m for m in slack.from_bot(thread=question.ts) if read(m) == "re: and then?"])
        assert not slack.team.statuses


async def test_stop_ends_the_wait(slack: SlackSimulator, tmp_path: Path) -> None:
    """The button under the status, also after a restart."""
    async with service(slack, tmp_path, bot_patience=600) as running:
        running.echo.broken.add("hello")
        question = slack.ada.mention("hello")
        [waiting] = await slack.until(lambda: slack.from_bot(thread=question.ts))
        await running.restart()
        slack.ada.press(waiting, "press:stop")
        await slack.until(lambda: read(waiting) == "Stopped.")
        await running.idle()


async def test_who_asked_privately_is_told_of_the_wait(slack: SlackSimulator, tmp_path: Path) -> None:
    """Once, privately; then the answer comes."""
    async with service(slack, tmp_path, bot_patience=600) as running:
        running.echo.broken.add("what a monad is")
        said = slack.bob.say("what a monad is", channel=slack.general)
        slack.ada.message_shortcut("explain", said)
        first = await slack.until(lambda: [m for m in slack.ada.sees() if m.is_ephemeral])
        assert "unavailable" in read(first[0])
        running.echo.broken.clear()
        await slack.until(lambda: len([m for m in slack.ada.sees() if m.is_ephemeral]) == 2)
        await running.idle()
