"""Moderation on both platforms: no request to a platform has had a word or a file that was flagged, at any time."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from simulators.discord.values import CHANNEL
from simulators.slack import SlackSimulator
from tests.support.database.postgres import server, url
from tests.support.discord.whole import whole
from tests.support.scripted_api import ScriptedApi
from tests.support.service import quiet_logs
from tests.support.slack.service import service
from tests.support.third_party.openai_servers import OpenAiApi

__all__ = ["server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

MODERATED: dict[str, Any] = {"aimodels_api_flavor": "openai", "bot_moderation": "both", "aimodels_streaming": True}


def play(api: ScriptedApi) -> OpenAiApi:
    """Let the API be one with moderation, which flags bombs, and pictures of beaches."""
    openai = OpenAiApi(api.url, flagged={"bomb": "violence", "beach": "sexual"}, reply="smile")
    api.play(openai)
    return openai


async def test_nothing_flagged_is_ever_in_slack(tmp_path: Path, url: SecretStr) -> None:
    """Before and after, with streaming, on a database server; what others wrote before the question is checked, too."""
    async with SlackSimulator() as slack, service(slack, tmp_path, bot_database_url=url, **MODERATED) as running:
        openai = play(running.api)

        async def refused(text: str, count: int = 1) -> None:
            await slack.until(
                lambda: len([m for m in slack.bob.sees() if m.is_ephemeral and text in m.content]) == count
            )

        slack.bob.mention("how to make a bomb?")
        await refused("violence")
        root = slack.ada.say("first, mix the bomb")
        slack.bob.mention("what comes next?", thread=root.ts)
        await refused("violence", 2)
        assert openai.bodies == []
        openai.reply = "ignite a bomb and"
        slack.bob.mention("what shall I do?")
        await refused("violence", 3)
        slack.bob.slash("/code", "shut it down")
        await refused("violence", 4)
        openai.flagged = {".png": "sexual"}
        slack.bob.slash("/image", "a shore")
        await refused("sexual")
        await running.idle()
        assert len(openai.bodies) == 3
        assert not [call for call in slack.calls if "ignite" in str(call.params)]
        assert not slack.called("files.getUploadURLExternal")
        openai.reply, openai.flagged = "smile", {}
        [answer] = await running.answers(slack.bob.mention("and now?"))
        assert answer.content.startswith("smile")


async def test_nothing_flagged_is_ever_in_discord(tmp_path: Path) -> None:
    """Neither a word of a streamed answer nor one picture of a gallery of which another is flagged."""
    async with whole(tmp_path, **MODERATED) as one:
        openai = play(one.api)

        async def refused(category: str, name: str, **options: Any) -> None:
            token = await one.command(name, **options)
            await one.simulator.until(
                lambda: [body for body in one.simulator.called("POST", token) if f"`{category}`" in str(body)]
            )

        await refused("violence", "chat", prompt="a bomb")
        assert openai.bodies == []
        openai.reply = "ignite a bomb and"
        await refused("violence", "chat", prompt="what shall I do?")
        openai.flagged["b.png"] = "sexual"
        await refused("sexual", "image", prompt="b", n=2)
        assert not [call for call in one.simulator.rest.calls if "ignite" in str(call.body) or ".png" in str(call.body)]
        openai.reply = "smile"
        await one.command("chat", prompt="and now?")
        await one.see(CHANNEL, "smile")
