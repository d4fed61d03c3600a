"""The whole service on a Slack that is not ours: emulate, from npm."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.slack import Settings
from adapters.slack.adapter import Slack
from tests.support.media_files import PNG
from tests.support.scripted_api import scripted_api
from tests.support.service import EchoApi, make_settings, run_service
from tests.support.slack.emulator import SIGNING_SECRET, Workspace, until, until_listening, workspace

pytestmark = [pytest.mark.optional, pytest.mark.programs]  # the npm registry may be out of reach


async def test_a_slack_that_is_not_ours(tmp_path: Path) -> None:
    """Answers, files, App Home, forms and edits work with the scopes of the manifest and none besides.

    What that Slack lacks (streams, the agent view) is done without.
    """
    async with workspace() as slack, scripted_api() as api:
        echo = EchoApi(api.url)
        api.play(echo)
        adapter = Slack(
            Settings(
                _env_file=None,  # type: ignore[call-arg]
                slack_bot_token=SecretStr(slack.token),
                slack_signing_secret=SecretStr(SIGNING_SECRET),
                slack_api_url=f"{slack.url}/api",
            )
        )
        async with run_service(make_settings(api, tmp_path, bot_port=0), adapter) as service:
            assert service.server is not None
            slack.events_url = f"http://127.0.0.1:{service.server.port}/slack/events"
            await until_listening(adapter)
            asked = await slack.say(f"<@{slack.bot}> one")
            await until(lambda: slack.answers(asked))
            await slack.tell(asked, slack.general)  # a second delivery
            await slack.edit(asked, f"<@{slack.bot}> three")
            await until(lambda: texts(slack, asked, of="re: three"))
            await slack.say("two", thread=asked["ts"])
            await until(lambda: texts(slack, asked, of="re: two"))
            assert await texts(slack, asked) == ["re: three", "re: two"]

            picture = await slack.say(f"<@{slack.bot}> /image a fox")
            (shown,) = await until(lambda: slack.answers(picture))
            assert [(file["name"], file["size"]) for file in shown["files"]] == [("a-fox.png", len(PNG))]

            read = await slack.upload("people.csv", b"name,age\nAda,36\n", f"<@{slack.bot}> who is old?")
            await until(lambda: slack.answers(read))
            assert "Ada,36" in json.dumps(echo.bodies[-1])

            home = {"type": "app_home_opened", "user": slack.ada, "channel": "D1", "tab": "home", "event_ts": "1.1"}
            await slack.event(home)
            await until(lambda: slack.shows("Make a picture"))
            await slack.slash("/image", "", trigger=await slack.trigger())
            await until(lambda: slack.shows("modal"))

            opened = await slack.call("conversations.open", users=slack.bot)
            direct = opened["channel"]["id"]
            await slack.slash("/chat", "four", channel="C0000NOBOT")
            (answer,) = await until(lambda: told(slack, direct))
            assert answer.endswith("invite me: /invite.\nre: four")


async def texts(slack: Workspace, question: dict[str, Any], of: str = "") -> list[str]:
    """The answers in a thread; none before there is one that says `of`."""
    found = [message["text"] for message in await slack.answers(question)]
    return found if not of or of in found else []


async def told(slack: Workspace, channel: str) -> list[str]:
    """What the bot said in direct messages."""
    history = await slack.call("conversations.history", channel=channel)
    return [message["text"] for message in history["messages"] if message["user"] == slack.bot]
