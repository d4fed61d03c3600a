"""What was used, for those who may see it, on both engines."""

import csv
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from simulators.slack import Message, SlackSimulator
from tests.support.database.engines import engine, server, url
from tests.support.service import quiet_logs
from tests.support.slack.service import Service, service

__all__ = ["engine", "server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def private(running: Service, command: str) -> Message:
    """Return the next message in Ada's direct messages, once it is complete: a private answer with a chart or file."""
    slack = running.slack
    own = slack.team.direct(slack.ada.id)
    count = len(slack.ada.sees(own))
    slack.ada.slash("/usage", command)
    await slack.until(lambda: len(slack.ada.sees(own)) > count)
    await running.idle()
    return slack.ada.sees(own)[-1]


def blocks_of(message: Message, kind: str) -> list[Any]:
    return [block for block in message.blocks if block["type"] == kind]


async def test_administrators_see_who_used_what(slack: SlackSimulator, tmp_path: Path, engine: dict[str, Any]) -> None:
    """A table by person with a chart for Ada alone, in Slack's own blocks; a picture where Slack refuses the chart.

    Bob sees his own and no other's. A file has everything.
    """
    async with service(slack, tmp_path, **engine) as running:
        await running.answers(slack.bob.mention("image a fox"))
        await running.answers(slack.ada.mention("image a fox -n 2"))
        slack.bob.slash("/usage", "workspace --by person")
        await slack.until(lambda: [m for m in slack.bob.sees() if "Only an administrator" in m.content])
        slack.bob.slash("/usage", "--by model")
        await slack.until(lambda: [m for m in slack.bob.sees() if "Your usage here" in m.content])
        drawn = await private(running, "workspace --by person --as chart")
        [table], [chart] = blocks_of(drawn, "table"), blocks_of(drawn, "data_visualization")
        assert [str(row).count("Bob") for row in table["rows"]] == [0, 0, 1, 0]
        assert chart["title"] == "This workspace's usage, last 7 days"
        assert chart["chart"]["series"] == [
            {"name": "Cost", "data": [{"label": "Ada", "value": 0.5}, {"label": "Bob", "value": 0.5}]}
        ]
        assert not drawn.files
        assert not [m for m in slack.bob.sees() if "This workspace's usage" in m.content]

        slack.faults.fail("chat.postMessage", "invalid_blocks", where=lambda body: "data_vis" in str(body), times=None)
        for _ in range(2):  # the second is not tried
            pictured = await private(running, "workspace --by month --as chart")
            assert [(file.content or b"")[:4] for file in pictured.files] == [b"\x89PNG"]
            assert "This workspace's usage" in pictured.content
            assert not blocks_of(pictured, "data_visualization")
        refused = [rule.hit for rule in slack.faults.rules]
        assert refused == [1]
        [file] = (await private(running, "workspace --as file")).files
        rows = list(csv.DictReader(StringIO((file.content or b"").decode("utf-8-sig"))))
        assert [(row["name"], row["kind"], row["items"], row["cost"]) for row in rows] == [
            ("Ada", "image", "1", "0.500000"),
            ("Bob", "image", "1", "0.500000"),
        ]
