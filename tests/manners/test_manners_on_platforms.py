"""Good manners on the platforms: repeats with a change, in a channel's threads."""

import asyncio
from pathlib import Path

import pytest

from bot.bootstrap import Core
from simulators.discord.values import DM
from simulators.slack import SlackSimulator
from tests.support.discord.messages import text_of
from tests.support.discord.whole import whole
from tests.support.service import quiet_logs
from tests.support.slack.service import service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

REWRITTEN = "re: Prompt: {}\nChange: {}"


async def waiting(core: Core, count: int) -> None:
    """Return when so many events wait."""
    async with asyncio.timeout(30):
        while (await core.store.counts())["waiting"] < count:  # noqa: ASYNC110 - the store tells of no change
            await asyncio.sleep(0.01)


async def test_manners_in_slack(tmp_path: Path) -> None:
    """Repeats in plain words and by slash command, with the new prompt quoted; quick messages are one question."""
    async with SlackSimulator() as slack, service(slack, tmp_path, bot_gather_seconds=0.01) as running:
        question = slack.ada.mention("explain monads")
        await running.answers(question)
        slack.ada.say(f"<@{slack.team.bot.id}> again, shorter", thread=question.ts)
        short = (await running.answers(question, 2))[-1]
        assert short.content.endswith("re: " + REWRITTEN.format("explain monads", "again, shorter"))
        assert short.content.startswith("re: Prompt: explain monads")
        slack.ada.slash("/again", "in French")
        french = (await running.answers(question, 3))[-1]
        assert french.content.startswith("re: Prompt: explain monads")
        assert running.echo.bodies[-2]["messages"][-1]["content"] == (
            "Prompt: explain monads\nChange: again, shorter\nin French"
        )
        await running.ask(slack.ada, "/settings reaction on --for channel", "Done")
        slow, held = running.echo.hold("slow"), running.echo.hold("what is")
        slack.ada.say("slow", thread=question.ts)
        await running.echo.until(lambda: running.echo.prompts[-1] == "slow")
        slack.ada.say("what is", thread=question.ts)
        love = slack.ada.say("love?", thread=question.ts)
        await waiting(running.core, 2)
        slow.set()
        await running.echo.until(lambda: running.echo.prompts[-1] == "what is\nlove?")
        slack.ada.edit(love, "hate?")
        await running.echo.until(lambda: running.echo.prompts[-1] == "what is\nhate?")
        held.set()
        answers = await running.answers(question, 5)
        assert answers[4].content == "re: what is\nhate?"
        assert len([answer for answer in answers if "what is" in answer.content]) == 1
        assert (love.reactions, question.reactions) == ({"eyes": [slack.team.bot.id]}, {})
        slack.grants[slack.token].scopes.discard("reactions:write")
        more = slack.ada.mention("more")
        await slack.until(
            lambda: [c for c in slack.called("reactions.add") if c.answer.get("error") == "missing_scope"]
        )
        await running.answers(more)
        slack.ada.say("and more", thread=more.ts)
        await running.answers(more, 2)
        assert sum(not call.is_ok for call in slack.called("reactions.add")) == 1


async def test_the_agent_view_in_slack(tmp_path: Path) -> None:
    """Prompts fit what the person may use there and their language; `catchup` is about the channel they look at.

    So are plain words, which ask the model where the person looks at none.
    """
    async with SlackSimulator() as slack, service(slack, tmp_path) as running:

        async def suggested(count: int) -> list[str]:
            calls = await slack.until(
                lambda: len(found := slack.called("assistant.threads.setSuggestedPrompts")) >= count and found
            )
            assert len(calls) == count
            return [prompt["title"] for prompt in calls[-1].params["prompts"]]

        slack.ada.open_home("messages")
        assert await suggested(1) == ["Explain something", "Make a picture", "Write some code", "What can you do?"]
        slack.ada.direct("what did I miss?")
        await running.echo.until(lambda: running.echo.prompts[-1:] == ["what did I miss?"])
        await running.idle()
        slack.ada.view(slack.general)
        beside = ["Catch up with this channel", "Explain something", "Make a picture", "Write some code"]
        assert await suggested(2) == beside
        slack.ada.view(slack.general)
        await running.ask(slack.ada, "/settings commands_off image --for channel", "Done")
        await running.ask(slack.ada, "/settings language zh-Hant --for me", "language")
        slack.ada.view(slack.general)
        assert await suggested(3) == ["補看這個頻道", "解釋一件事", "寫一段程式", "你能做什麼？"]
        slack.bob.say("the launch is on Friday")
        direct = slack.team.direct(slack.ada.id)
        running.echo.broken.add("Write the summary")
        asked = slack.ada.direct("Can you summarise this channel since yesterday?")
        [failure] = await slack.until(lambda: slack.from_bot(direct, thread=asked.ts))
        await running.idle()
        running.echo.broken.clear()
        slack.ada.press(failure, "press:retry")
        await slack.until(lambda: any("re: " in m.content for m in slack.from_bot(direct, thread=asked.ts)))
        await running.idle()
        assert "the launch is on Friday" in str(running.echo.bodies[-1])
        slack.ada.direct("catchup")
        await slack.until(lambda: any("以來沒有新訊息" in m.content for m in slack.from_bot(direct)))
        await running.idle()
        secret = slack.add_channel("secret", is_private=True, members=[slack.bob.id, slack.team.bot.id])
        slack.ada.view(secret)
        requests = len(running.echo.bodies)
        slack.ada.direct("總結這個頻道")
        await slack.until(
            lambda: [m for m in slack.from_bot(direct) if "You are not a member of this channel" in m.content]
        )
        assert len(running.echo.bodies) == requests


async def test_manners_in_discord(tmp_path: Path) -> None:
    """Repeats in plain words and by slash command, with the new prompt quoted; quick messages are one question."""
    async with whole(tmp_path, bot_gather_seconds=0.01) as one:
        await one.simulator.say(DM, "image a red fox --size 512x512")
        await one.see(DM, "seeddream")
        await one.simulator.say(DM, "again but at night")
        night = REWRITTEN.format("a red fox", "again but at night")
        picture = await one.see(DM, "> re: Prompt: a red fox")
        assert "> Change: again but at night" in text_of(picture)
        assert (one.echo.bodies[-1]["prompt"], one.echo.bodies[-1]["size"]) == (night, "512x512")
        await one.command("again", channel=DM, prompt="in winter")
        await one.see(DM, "> Change: in winter")
        assert one.echo.bodies[-1]["prompt"] == REWRITTEN.format(night, "in winter")
        await one.simulator.say(DM, "settings: reaction on --for thread")
        await one.see(DM, "reaction")
        slow, held = one.echo.hold("slow"), one.echo.hold("what is")
        await one.simulator.say(DM, "slow")
        await one.echo.until(lambda: one.echo.prompts[-1] == "slow")
        await one.simulator.say(DM, "what is")
        love = await one.simulator.say(DM, "love?")
        await waiting(one.core, 2)
        slow.set()
        await one.echo.until(lambda: one.echo.prompts[-1] == "what is\nlove?")
        await one.delete(love)
        await one.echo.until(lambda: one.echo.prompts[-1] == "what is")
        held.set()
        await one.see(DM, "re: what is")
        await one.idle()
        assert one.simulator.reactions[love["id"]] == {"👀"}
        assert sum("what is" in text_of(message) for message in one.simulator.bot_messages(DM)) == 1
