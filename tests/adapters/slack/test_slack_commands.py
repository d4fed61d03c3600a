"""All slash commands: Slack takes each answer and each form as it is sent."""

from pathlib import Path

import pytest

from adapters.slack.setup.manifest import build_manifest
from simulators.slack import SlackSimulator
from tests.support.service import quiet_logs
from tests.support.slack.service import FAST, service

URL = "https://muse.example.com"
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def test_every_command(slack: SlackSimulator, tmp_path: Path) -> None:
    """An administrator uses each with nothing, which opens many forms, and with words; nothing is refused."""
    async with service(slack, tmp_path, timing=FAST, http=True, bot_public_url=URL) as running:
        manifest = build_manifest(running.core.registry.specs, url=None, prefix="")
        faults, opened = [], []
        for command in [one["command"] for one in manifest["features"]["slash_commands"]]:
            channel = slack.add_channel(command[1:])  # in each a message a second is allowed
            for words in ("", "a fox"):
                calls = len(slack.calls)
                delivery = slack.ada.slash(command, words, channel=channel)
                await slack.until(lambda: delivery.is_done)  # noqa: B023
                await running.idle()
                faults += [f"{command} {words}: {fault}" for fault in delivery.faults]
                opened += [command for call in slack.calls[calls:] if call.method == "views.open"]
        refused = [(call.method, call.answer) for call in slack.calls if not call.is_ok]
    assert not faults
    assert not refused
    assert opened == ["/audio", "/chat", "/code", "/film", "/image", "/video"]
