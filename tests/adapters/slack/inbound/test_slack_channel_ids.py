"""A private channel that is shared by Slack Connect gets another id, and stays the same channel."""

from pathlib import Path

import pytest

from adapters.slack.channel_ids import ChannelIds
from simulators.slack import SlackSimulator
from tests.support.service import quiet_logs
from tests.support.slack.drafts import Answer, open_stage
from tests.support.slack.service import service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def test_what_is_known_of_a_channel_stays_when_its_id_changes(slack: SlackSimulator, tmp_path: Path) -> None:
    """Settings, threads, buttons and requests in progress; also after a restart."""
    channel = slack.add_channel("plans", is_private=True)
    async with service(slack, tmp_path) as running:
        slack.ada.slash("/settings", "answer_all on --for channel", channel=channel)
        await slack.until(lambda: [m for m in slack.ada.sees(channel) if "is set (this channel)" in m.content])
        first = slack.bob.say("my name is Bob", channel=channel)
        [answer] = await running.answers(first)
        release = running.echo.hold("slow")
        slow = slack.bob.say("a slow one", channel=channel)
        await running.echo.until(lambda: "a slow one" in running.echo.prompts)
        slack.people.share_private_channel(slack.team, channel)
        await slack.until_delivered()
        release.set()
        assert "re: a slow one" in (await running.answers(slow))[-1].content
        slack.bob.say("who am I?", thread=first)
        await running.answers(first, 2)
        assert "my name is Bob" in str(running.echo.bodies[-1]["messages"][:-1])
        slack.bob.press(answer, "Again")
        await running.echo.until(lambda: running.echo.prompts.count("my name is Bob") == 2)
        await running.idle()
        await running.restart()
        assert await running.answers(slack.bob.say("still for everybody?", channel=channel))
        shown = await slack.until(lambda: slack.ada.sees(channel))
        slack.ada.slash("/settings", "answer_all off --for channel", channel=channel)
        await slack.until(lambda: len(slack.ada.sees(channel)) > len(shown))
        await running.idle()
        slack.bob.say("not for the bot", channel=channel)
        await running.answers(slack.bob.mention("the end", channel=channel))
        assert "not for the bot" not in running.echo.prompts
        assert channel.id in str(slack.called("chat.postMessage")[-1].params) + str(slack.calls[-1].params)


async def test_another_process_learns_of_a_changed_id(slack: SlackSimulator) -> None:
    """When Slack no longer knows a channel, and when the first event of a channel comes to it."""
    channel = slack.add_channel("plans", is_private=True)
    async with open_stage(slack) as stage:
        stage.core.has_peers = True
        await stage.restart()
        question = slack.bob.mention("hello", channel=channel)
        draft = await stage.draft(channel=channel.id, thread=question.ts, message=question.ts)
        receiver, first = ChannelIds(stage.core), channel.id
        await receiver.load()
        slack.people.share_private_channel(slack.team, channel)
        await ChannelIds(stage.core).change(slack.team.id, first, channel.id)
        await draft.finish(Answer(text="the answer"))
        assert [message.content for message in stage.answers(channel)] == ["the answer"]
        body = {"event": {"type": "message", "channel": channel.id, "text": f"see <#{channel.id}|plans>"}}
        read = await receiver.read_payload(slack.team.id, body)
        assert read["event"]["channel"] == first
        assert read["event"]["text"] == f"see <#{first}|plans>"
        stage.core.has_storage = False
        elsewhere = {"channel_id": "C0ELSE", "text": f"see {channel.id}"}
        assert (await receiver.read_payload(slack.team.id, elsewhere))["text"] == f"see {first}"
