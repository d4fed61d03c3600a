"""Schedules on both platforms, one on both engines: made by a command, answered there, paused and deleted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.errors import DeliveryRefused
from bot.scheduler.timing import ScheduleTiming
from simulators.discord.components import ROW, TEXT
from simulators.discord.values import ADA, CHANNEL, DM, GUILD, ME, SEND, VIEW
from simulators.slack import SlackSimulator
from tests.support.database.engines import engine, server, url
from tests.support.discord.messages import text_of
from tests.support.discord.whole import whole
from tests.support.schedules.clock import START, SetClock
from tests.support.service import FAST, quiet_logs
from tests.support.slack.service import service

__all__ = ["engine", "server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

LATER = datetime(2035, 1, 1, 1, 30, tzinfo=UTC)  #: later than what is said in the test


async def test_schedules_on_slack(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Times are those of the person's zone, which Slack tells; each answer has a thread, in which people go on."""
    clock = SetClock()
    timing = replace(FAST, schedules=ScheduleTiming(clock=clock))
    async with SlackSimulator() as slack, service(slack, tmp_path, core_timing=timing, **engine) as one:
        told = await one.ask(slack.bob, "/schedule every weekday 9:00 /chat what is new?", "Scheduled")
        assert "2026-11-27 09:00 · 2026-11-30 09:00 · 2026-12-01 09:00 (Europe/London)" in told
        assert "time zone" not in told
        assert "2026-11-27 03:30" in await one.ask(slack.bob, "/schedule in 2 hours what is left?", "what is left")
        await clock.set(START + timedelta(hours=2))
        answer = await one.see(slack.bob, "re: what is left?")
        assert answer.content == "re: what is left?\n\n⏰ Scheduled by @Bob, in 2 hours"
        assert not answer.is_ephemeral
        blocks = (await one.see(slack.bob, "Scheduled, every weekday")).blocks
        assert "{'type': 'date', 'timestamp': 1795770000, 'format': '{date_short_pretty} {time}'" in str(blocks)
        root = await one.see(slack.ada, "⏰ in 2 hours: what is left?")
        assert answer.root == root.ts
        slack.bob.say("and then?", thread=root.ts)
        await one.see(slack.bob, "re: and then?")
        assert [turn["content"] for turn in one.echo.bodies[-1]["messages"][-3:]] == [
            "what is left?",
            "re: what is left?",
            "and then?",
        ]
        listed = await one.ask(slack.bob, "/schedule", "Your schedules")
        assert "what is left" not in listed
        shown = await one.see(slack.bob, "Your schedules")
        slack.bob.press(shown, "press:pause1")
        await one.see(slack.bob, "Paused, every weekday 9:00")
        await clock.until_waiting(None)
        assert "Paused" in await one.ask(slack.bob, "/schedule list", "Your schedules")
        slack.bob.press(await one.see(slack.bob, "Your schedules"), "press:delete1")
        await one.see(slack.bob, "Deleted, every weekday 9:00")
        assert "nothing" in await one.ask(slack.bob, "/schedule list", "scheduled")
        await clock.set(LATER)
        direct = slack.team.direct(slack.bob.id)
        said = slack.bob.say("/schedule in 2 hours direct?", channel=direct)  # a thread of the agent view
        root = slack.bob.mention("hello")
        await one.answers(root)
        slack.bob.mention("/schedule in 2 hours in the thread?", thread=root.root)
        slack.ada.say("we decided to ship")
        await one.ask(slack.bob, "/schedule in 2 hours /catchup last 200 messages", "/catchup")
        await one.idle()
        await clock.set(LATER + timedelta(hours=2))
        assert (await one.see(slack.bob, "re: in the thread?")).root == root.root
        for words in ("re: direct?", "The last"):
            await slack.until(lambda: words in str([m.content for m in slack.bob.sees(direct)]))  # noqa: B023
        assert [m.root for m in slack.bob.sees(direct) if "re: direct?" in m.content] == [said.root]
        await one.idle()
        assert not [m for m in slack.ada.sees() if "The last" in m.content or "direct?" in m.content]
        await one.ask(slack.bob, "/schedule every hour again?", "again?")
        slack.general.members.remove(slack.team.bot.id)
        await clock.set(LATER + timedelta(hours=3))
        await slack.until(lambda: "its channel is gone" in str([m.content for m in slack.bob.sees(direct)]))
        slack.general.members.append(slack.team.bot.id)
        slack.bob.press(slack.bob.sees(direct)[-1], "press:resume")
        await clock.until_waiting(LATER + timedelta(hours=3, minutes=30))
        slack.general.is_private = True
        slack.faults.fail("users.info", "access_denied", times=None)
        [left] = await one.core.store.schedules("slack")
        with pytest.raises(DeliveryRefused):
            await one.adapter.is_gone(left.event.reply_to, left.event.actor.id)
        await clock.set(LATER + timedelta(hours=3, minutes=30))
        await clock.until_waiting(LATER + timedelta(hours=3, minutes=31))
        slack.faults.clear()
        await clock.set(LATER + timedelta(hours=3, minutes=31))
        await one.see(slack.bob, "re: again?")
        await clock.until_waiting(LATER + timedelta(hours=4, minutes=30))
        slack.general.members.remove(slack.bob.id)
        await clock.set(LATER + timedelta(hours=4, minutes=30))
        await clock.until_waiting(None)
        [left] = await one.core.store.schedules("slack")
        assert left.pause == "hidden"
        await one.idle()
        assert "a channel or thread that you may no longer see" in slack.bob.sees(direct)[-1].content
        slack.general.members.append(slack.bob.id)
        slack.bob.press(slack.bob.sees(direct)[-1], "press:resume")
        await clock.until_waiting(LATER + timedelta(hours=5, minutes=30))
        slack.general.is_archived = True
        await clock.set(LATER + timedelta(hours=5, minutes=30))
        await clock.until_waiting(None)
        [left] = await one.core.store.schedules("slack")
        assert left.pause == "channel"
        await one.idle()
        slack.general.is_archived = False
        slack.bob.press(slack.bob.sees(direct)[-1], "press:resume")
        await clock.until_waiting(LATER + timedelta(hours=6, minutes=30))
        slack.team.users[slack.bob.id].deleted = True
        await clock.set(LATER + timedelta(hours=6, minutes=30))
        await clock.until_waiting(None)
        [left] = await one.core.store.schedules("slack")
        assert left.pause == "person"
        assert one.echo.prompts.count("again?") == 1


def at(hours: float) -> str:
    """Return how Discord shows a time so many hours after the beginning."""
    return f"<t:{int((START + timedelta(hours=hours)).timestamp())}:f>"


async def test_schedules_on_discord(tmp_path: Path) -> None:
    """Discord tells no time zone: it is asked for, and then the schedule follows it."""
    clock = SetClock()
    timing = replace(FAST, schedules=ScheduleTiming(clock=clock))
    async with whole(tmp_path, core_timing=timing) as one:
        await one.command("schedule", what="every weekday 9:00 what is new?")
        told = await one.see_ephemeral(CHANNEL, f"{at(7.5)} · {at(79.5)} · {at(103.5)}（UTC）")
        assert "我不知道你的時區" in text_of(told)
        await one.press(told, "zone")
        await one.submit(told, time_zone="taipei")
        await one.see_ephemeral(CHANNEL, f"{at(71.5)} · {at(95.5)} · {at(119.5)}（Asia/Taipei）")
        await one.command("schedule", what="2小時後 還有什麼？")
        told = await one.see_ephemeral(CHANNEL, f"{at(2)}（Asia/Taipei）")
        assert "時區" not in text_of(told)
        await clock.set(START + timedelta(hours=2))
        await one.see(CHANNEL, "re: 還有什麼？\n\n⏰ 由 <@1033044521375764530> 排程，2小時後")
        await clock.until_waiting(START + timedelta(days=2, hours=23, minutes=30))
        await one.command("schedule", what="list")
        told = await one.see_ephemeral(CHANNEL, "你的排程")
        assert "還有什麼" not in text_of(told)
        [card] = told["components"]
        assert [part["type"] for part in card["components"]] == [TEXT, TEXT, ROW], "the schedule above its buttons"
        await one.press(told, "delete1")
        await one.see_ephemeral(CHANNEL, "已刪除，every weekday 9:00")
        await clock.until_waiting(None)
        await clock.set(LATER)
        await one.simulator.say(DM, "/schedule in 2 hours direct?")
        thread = await one.mention("hello")
        await one.see(thread, "re: hello")
        await one.simulator.say(thread, f"<@{ME}> /schedule in 2 hours in the thread?")
        await one.simulator.say(CHANNEL, "we decided to ship")
        await one.command("schedule", what="in 2 hours /catchup last 200 messages")
        await one.see_ephemeral(CHANNEL, "`/catchup last 200 messages`")
        await one.see(DM, "`direct?`")
        await one.see(thread, "`in the thread?`")
        await clock.set(LATER + timedelta(hours=2))
        await one.see(DM, "re: direct?")
        await one.see(thread, "re: in the thread?")
        await one.see(DM, "則訊息**")
        await one.command("schedule", what="every hour again?")
        await one.see_ephemeral(CHANNEL, "`again?`")
        one.simulator.denied[CHANNEL] = SEND
        await clock.set(LATER + timedelta(hours=3))
        told = await one.see(DM, "頻道不見了")
        one.simulator.denied.clear()
        await one.press(told, "resume")
        await clock.until_waiting(LATER + timedelta(hours=3, minutes=30))
        one.simulator.owners[GUILD] = ME  # an owner may all
        one.simulator.denied_to[CHANNEL, ADA] = VIEW
        await clock.set(LATER + timedelta(hours=3, minutes=30))
        await clock.until_waiting(None)
        [left] = await one.core.store.schedules("discord")
        assert left.pause == "hidden"
        await one.see(DM, "所在的頻道或討論串，你現在看不到了")
        one.simulator.denied_to.clear()
        await one.command("schedule", what=f"resume {left.id}")
        await clock.until_waiting(LATER + timedelta(hours=4, minutes=30))
        one.simulator.outsiders.add((GUILD, ADA))
        await clock.set(LATER + timedelta(hours=4, minutes=30))
        await clock.until_waiting(None)
        [left] = await one.core.store.schedules("discord")
        assert left.pause == "person"
        assert "again?" not in one.echo.prompts
