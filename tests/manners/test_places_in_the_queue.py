"""People whose requests wait see their place in the queue and about how long it takes, on the whole service."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.ports import PlatformDraft
from bot.waiting.timing import WaitingTiming
from simulators.changes import PATIENCE
from simulators.discord.values import CHANNEL, DM
from simulators.slack import SlackSimulator
from tests.support.database.postgres import server, url
from tests.support.discord.messages import text_of
from tests.support.discord.whole import whole
from tests.support.service import FAST, another, quiet_logs
from tests.support.service import service as channel_service
from tests.support.slack.service import service

__all__ = ["server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

#: Places are looked up and shown without a pause.
LOOKS = replace(FAST, waiting=WaitingTiming(look=0.01, edit=0.0))


async def test_places_in_slack(tmp_path: Path) -> None:
    """Beside a thread of its own, as a message below another answer; it moves, and goes when the request begins.

    A question behind another one of its conversation has none, nor has a private request.
    """
    given: dict[str, Any] = {"bot_chat_concurrency": 1, "bot_media_concurrency": 1}
    async with (
        SlackSimulator() as slack,
        service(slack, tmp_path, core_timing=LOOKS, **given) as running,
        asyncio.timeout(PATIENCE),
    ):

        def statuses(thread: str) -> list[str]:
            calls = slack.called("assistant.threads.setStatus")
            return [call.params["status"] for call in calls if call.params["thread_ts"] == thread]

        slow, other = running.echo.hold("slow"), running.echo.hold("other")
        first = slack.ada.mention("slow")
        await running.echo.until(lambda: running.echo.prompts == ["slow"])
        bobs = slack.bob.mention("other")
        await slack.until(lambda: "Next in line" in statuses(bobs.ts))
        slack.ada.say("and more", thread=first.ts)
        assert len(slack.from_bot(slack.general, thread=bobs.ts)) == 0
        fox = running.echo.hold("a fox")
        slack.ada.say("/image a fox", thread=first.ts)
        await running.echo.until(lambda: running.echo.prompts[-1] == "a fox")
        slack.bob.slash("/catchup", "since yesterday")
        await slack.until_delivered()
        slack.ada.say("/image a crane", thread=first.ts)
        await running.see(slack.ada, "2nd in line")
        fox.set()
        slow.set()
        await running.echo.until(lambda: running.echo.prompts[-1] == "other")
        slack.bob.mention("again")
        # From now on it is known how long an answer takes.
        await slack.until(lambda: "Next in line, about " in str(slack.called("assistant.threads.setStatus")))
        other.set()
        await running.idle()
        told = [message.content for message in slack.from_bot(slack.general, thread=first.ts)]
        assert [text for text in told if text.startswith("re:")] == ["re: slow", "re: and more"]
        assert not any("line" in text for text in told)
        assert [answer.content for answer in await running.answers(bobs)] == ["re: other"]
        assert not slack.team.statuses
        posted = [str(call.params) for call in slack.called("chat.postMessage")]
        assert sum("in line" in one for one in posted) == 1
        assert not any("catchup" in one for one in posted)


async def test_a_request_that_begins_while_its_place_is_looked_up(tmp_path: Path) -> None:
    """It is asked about once: the draft is its answer's from then on."""
    async with (
        SlackSimulator() as slack,
        service(slack, tmp_path, core_timing=LOOKS, bot_chat_concurrency=1) as running,
        asyncio.timeout(PATIENCE),
    ):
        slow, other, line = running.echo.hold("slow"), running.echo.hold("other"), running.core.worker.line
        store = line.events

        class Late:
            """The store, whose answer comes when the request has begun."""

            is_late = False
            places = staticmethod(store.places)

            async def confirm_waiting(self, adapter: str, event_id: str, *, is_posted: bool = False) -> None:
                await store.confirm_waiting(adapter, event_id, is_posted=is_posted)
                slow.set()
                await running.echo.until(lambda: "other" in running.echo.prompts)
                self.is_late = True

        line.events = late = Late()
        slack.ada.mention("slow")
        await running.echo.until(lambda: running.echo.prompts == ["slow"])
        bobs = slack.bob.mention("other")
        await slack.until(lambda: late.is_late)
        other.set()
        assert [answer.content for answer in await running.answers(bobs)] == ["re: other"]
        await running.idle()
        assert running.echo.prompts.count("other") == 1


async def test_a_request_that_begins_while_its_draft_is_opened(tmp_path: Path) -> None:
    """As Discord logs in meanwhile; the answer goes on although its draft is opened for its place last."""
    async with (
        whole(tmp_path, core_timing=LOOKS, bot_chat_concurrency=1) as one,
        asyncio.timeout(PATIENCE),
    ):
        slow, other, line = one.echo.hold("slow"), one.echo.hold("other"), one.core.worker.line
        discord, opened = line.adapters["discord"], asyncio.Event()

        class Late:
            """Discord, whose draft is opened when the request has begun."""

            capabilities, place_beside, place_again = discord.capabilities, discord.place_beside, discord.place_again

            async def draft(self, reply_to: Mapping[str, str], **more: Any) -> PlatformDraft:
                slow.set()
                await one.echo.until(lambda: "other" in one.echo.prompts)
                draft = await discord.draft(reply_to, **more)
                opened.set()
                return draft

        line.adapters = {"discord": Late()}
        await one.simulator.say(DM, "slow")
        await one.echo.until(lambda: one.echo.prompts == ["slow"])
        thread = await one.mention("other")
        await opened.wait()
        with structlog.testing.capture_logs() as logs:
            other.set()
            await one.see(thread, "re: other")
            await one.idle()
        assert "another worker has this event" not in [entry["event"] for entry in logs]


async def test_places_in_discord(tmp_path: Path) -> None:
    """In the response to a command and in a reply, in three languages; a request that is taken back leaves nothing.

    To have waited counts as no call.
    """
    async with (
        whole(tmp_path, core_timing=LOOKS, bot_media_concurrency=1, bot_chat_concurrency=1) as one,
        asyncio.timeout(PATIENCE),
    ):
        fox = one.echo.hold("a fox")
        await one.command("image", prompt="a fox", channel=DM)
        await one.echo.until(lambda: one.echo.prompts == ["a fox"])
        await one.command("image", prompt="a crane", told={"locale": "zh-TW"})
        await one.see(CHANNEL, "下一個就輪到你")
        await one.command("image", prompt="a crab", told={"locale": "zh-CN"})
        await one.see(CHANNEL, "排在第 2 位")
        fox.set()
        await one.idle()
        assert not [m for m in one.simulator.bot_messages(CHANNEL) if "位" in text_of(m) or "轮到" in text_of(m)]
        slow = one.echo.hold("slow")
        await one.simulator.say(DM, "/image slow")
        await one.echo.until(lambda: one.echo.prompts[-1] == "slow")
        await one.simulator.say(DM, "/image and more")
        gone = await one.simulator.say(DM, "/image a slip")
        await one.see(DM, "下一个就轮到你，大约还要")
        await one.see(DM, "排在第 2 位，大约还要")
        await one.delete(gone)
        await one.simulator.until(lambda: not any("排在第" in text_of(m) for m in one.simulator.bot_messages(DM)))
        slow.set()
        busy = one.echo.hold("busy")
        await one.simulator.say(DM, "busy")
        await one.echo.until(lambda: one.echo.prompts[-1] == "busy")
        thread = await one.mention("waits")
        await one.see(thread, "下一个就轮到你")
        busy.set()
        await one.see(thread, "re: waits")
        await one.idle()
        assert len(await one.core.store.calls_of("discord", thread)) == 1
        shown = one.simulator.bot_messages(DM)
        assert sum(len(message["attachments"]) for message in shown) == 3
        assert not any("位" in text_of(message) or "轮到" in text_of(message) for message in shown)


async def test_places_over_two_processes(tmp_path: Path, url: Any) -> None:
    """The process that recorded a request shows its place; the one that claims it goes on with the same answer."""
    given = {"bot_database_url": url, "bot_chat_concurrency": 1, "waiting": LOOKS.waiting}
    async with (
        channel_service(tmp_path / "one", **given, bot_roles="receive") as one,
        another(one, timing=LOOKS, bot_roles="work") as two,
        asyncio.timeout(PATIENCE),
    ):
        slow = one.echo.hold("slow")
        first = await one.start_asking("slow", is_message=True)
        asked = ("second", "third")
        events = [await one.channel.ask(text, conversation=text, is_message=True) for text in asked]
        await one.channel.until(lambda: [m.text for e in events for m in one.channel.answers(e)] == SENTENCES)
        slow.set()
        await one.channel.wait_for_answers(first, *events)
        await two.core.worker.drain()
        assert [one.answer(event).text for event in events] == ["re: second", "re: third"]
        assert [len(await two.core.store.calls_of(two.adapter.name, event)) for event in events] == [1, 1]


SENTENCES = ["(Next in line)", "(2nd in line)"]
