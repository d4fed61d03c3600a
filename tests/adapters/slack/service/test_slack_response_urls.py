"""A `response_url` lets whoever knows it write in the bot's name: it is a secret of the service."""

from pathlib import Path

import pytest

from simulators.slack import SlackSimulator
from tests.support.service import quiet_logs
from tests.support.slack.service import service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def test_a_response_url_is_not_readable_at_rest(slack: SlackSimulator, tmp_path: Path) -> None:
    """It answers where the bot is no member, and is nowhere on disk."""
    room = slack.add_channel("plans", members=[slack.ada.id])
    async with service(slack, tmp_path) as running:
        slack.ada.slash("/usage", channel=room)
        [answer] = await slack.until(lambda: slack.ada.sees(room))
        await running.idle()
        assert answer.is_ephemeral
    written = b"".join(path.read_bytes() for path in tmp_path.glob("bot.db*"))
    assert b"requested_at" in written
    assert slack.responses.by_secret
    assert not any(secret.encode() in written for secret in slack.responses.by_secret)
