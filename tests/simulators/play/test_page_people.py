"""The people of `make play`, who are more than a simulator has."""

from pathlib import Path

from simulators.discord.values import ADA, CHANNEL
from simulators.play.session import PlaySession


async def test_people_are_mentioned_by_name(tmp_path: Path) -> None:
    """A name that is typed after @ is sent as a mention, and the page knows everybody's name."""
    side = PlaySession(tmp_path).sides["discord"]
    await side.act(ADA, "say", {"channel": CHANNEL, "text": "@美玲 hello"})
    seen = side.view(ADA, CHANNEL, "")
    [mei] = [number for number, name in seen["names"].items() if name == "美玲"]
    assert seen["messages"][-1]["content"] == f"<@{mei}> hello"
