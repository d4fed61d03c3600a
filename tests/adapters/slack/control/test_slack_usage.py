"""What was used, for those who may see it."""

from pathlib import Path

import pytest

from simulators.slack import SlackSimulator
from tests.support.service import quiet_logs
from tests.support.slack.service import service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def test_administrators_see_who_used_what(slack: SlackSimulator, tmp_path: Path) -> None:
    """A table by person with a chart for Ada alone; Bob sees his own and no other's."""
    async with service(slack, tmp_path) as running:
        await running.answers(slack.bob.mention("image a fox"))
        slack.bob.slash("/usage", "workspace --by person")
        await slack.until(lambda: [m for m in slack.bob.sees() if "Only an administrator" in m.content])
        slack.bob.slash("/usage", "--by model")
        await slack.until(lambda: [m for m in slack.bob.sees() if "Your use here" in m.content])
        slack.ada.slash("/usage", "workspace --by person --as chart")
        own = slack.team.direct(slack.ada.id)  # a private answer with files
        await slack.until(lambda: [m for m in slack.ada.sees(own) if m.files])
        await running.idle()
        messages = slack.ada.sees(own)
        assert any("This workspace's use" in m.content and "Bob" in m.content for m in messages)
        [chart] = [file for m in messages for file in m.files]
        assert (chart.content or b"").startswith(b"\x89PNG")
        assert not [m for m in slack.bob.sees() if "This workspace's use" in m.content]
