"""Schedules on the whole service: what is made when, once, and what is said where it can't be made."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aimodels.reference import MODELS
from bot.ports import RequestFilter
from bot.scheduler.timing import ScheduleTiming
from tests.support.channel.adapter import Message
from tests.support.database.engines import engine, server, url
from tests.support.database.sqlite import tables
from tests.support.schedules.clock import START, SetClock
from tests.support.service import FAST, Service, another, quiet_logs, service

__all__ = ["engine", "server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def answers(one: Service, schedule: str, count: int) -> list[Message]:
    """Return what was answered where a schedule was made, once it is so many."""
    await one.channel.until(lambda: sum(m.final for m in one.channel.answers(f"again {schedule}")) >= count)
    await one.core.worker.drain()
    return one.channel.answers(f"again {schedule}")


async def test_a_request_is_made_once_late_or_missed(tmp_path: Path) -> None:
    """Over restarts: what was due while the service was down is made late, or told as missed, and never in a storm."""
    clock = SetClock()
    async with service(tmp_path, clock=clock) as one:
        await clock.until_waiting(None)
        hourly = await one.channel.ask("every hour what is new?", command="schedule")
        soon = await one.channel.ask("in 2 hours what is left?", command="schedule")
        call = await one.channel.ask("in 10 minutes remind me to call *Bob*", command="schedule")
        eat = await one.channel.ask("提醒我10分鐘後吃飯")  # in plain words
        await one.channel.wait_for_answers(hourly, soon, call, eat)
        await clock.set(START + timedelta(minutes=10))
        assert (await answers(one, call, 1))[0].text == "⏰ [@Ada](person:ada): call *Bob*"
        assert (await answers(one, eat, 1))[0].text == "⏰ [@Ada](person:ada): 吃飯"
        await clock.until_waiting(START + timedelta(minutes=30))
        clock.steps = [START + timedelta(minutes=30)]  # set back while it looks at what is due
        one.core.store.schedules_changed.set()
        await clock.until_waiting(START + timedelta(minutes=30))
        await clock.set(START + timedelta(minutes=30))
        [first] = await answers(one, hourly, 1)
        assert first.text == "re: what is new?\n\n⏰ Scheduled by [@Ada](person:ada), every hour"
        await one.stop()
        clock.time = START + timedelta(hours=4, minutes=35)  # 6:05
        await one.start()
        [_, late] = await answers(one, hourly, 2)
        assert late.text.endswith("every hour. Late: it was due at [2026-11-27 06:00](time:1795759200).")
        [missed] = await answers(one, soon, 1)
        assert "was due at [2026-11-27 03:30](time:1795750200), but I was not running" in missed.text
        assert missed.actions == ["now"]
        rows = await one.core.store.list_requests(RequestFilter(), limit=99)
        assert Counter(row.command for row in rows) == {"schedule": 4, "chat": 2, "notice": 3}
        press = {"event": missed.key, "action": "now"}
        assert "Only the person who scheduled" in (await one.ask("", command="press", options=press, who="bob")).text
        await one.ask("commands_off chat", command="settings", options={"for": "channel"})
        refused = await one.ask("", command="press", options=press)
        assert "switched off" in refused.text  # and the button is not used up
        await one.ask("commands_off", command="settings", options={"for": "channel", "clear": "yes"})
        presses = await asyncio.gather(*(one.ask("", command="press", options=press) for _ in "12"))
        done, refused = sorted(presses, key=lambda answer: answer.private)
        assert done.text == "re: what is left?"
        assert "works once" in refused.text
        await clock.until_waiting(START + timedelta(hours=5, minutes=30))
        await one.stop()
        clock.time = START + timedelta(days=2)
        await one.start()
        await clock.until_waiting(START + timedelta(days=2, minutes=30))
        assert len(await answers(one, hourly, 3)) == 3
        assert one.echo.prompts == ["what is new?", "what is new?", "what is left?", "what is new?"]


async def test_each_time_counts_once_over_processes_and_summer_time(tmp_path: Path, engine: dict[str, Any]) -> None:
    """On a database server three processes look at the same clock; a time that exists twice, or not, is one."""
    spring, autumn = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)
    clock = SetClock(spring)
    timing = replace(FAST, schedules=ScheduleTiming(clock=clock))
    count = 3 if engine else 1
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(service(tmp_path, clock=clock, **engine))
        for _ in range(count - 1):
            await stack.enter_async_context(another(one, timing=timing))
        await one.ask("time_zone berlin", command="settings", options={"for": "me"})
        daily = await one.channel.ask("every day 2:30 good morning", command="schedule")
        due = spring.replace(day=29, hour=1)
        await clock.until_waiting(due, count=count)
        await clock.set(due)
        await clock.until_waiting(due.replace(day=30, hour=0, minute=30), count=count)
        [answer] = await answers(one, daily, 1)
        assert "Late" not in answer.text
        [shown] = [line for line in (await one.ask("", command="schedule")).text.splitlines() if "Next" in line]
        assert "[2026-03-30 02:30](time:1774830600) (Europe/Berlin)" in shown
        await clock.set(autumn)
        due = autumn.replace(day=25, hour=0, minute=30)
        await clock.until_waiting(due, count=count)
        [_, missed] = await answers(one, daily, 2)
        assert "I was not running" in missed.text
        await clock.set(due)
        await clock.until_waiting(due.replace(day=26, hour=1), count=count)
        assert len(await answers(one, daily, 3)) == 3
        await clock.set(due + timedelta(hours=1))  # 2:30 once more
        await clock.until_waiting(due.replace(day=26, hour=1), count=count)
        assert len(await answers(one, daily, 3)) == 3
        assert one.echo.prompts == ["good morning", "good morning"]


async def test_what_can_not_be_made_is_told_once(tmp_path: Path) -> None:
    """A limit is told in private, once; the third time pauses. So do failures, a channel and a person that are gone."""
    clock = SetClock()

    async def tick(one: Service, hours: int, *, waits: bool = True) -> None:
        hour = START.replace(minute=0) + timedelta(hours=hours)
        await clock.set(hour)
        await clock.until_waiting(hour + timedelta(hours=1) if waits else None)
        await one.core.worker.drain()

    async with service(tmp_path, clock=clock, bot_media_per_day=1, bot_max_attempts=1) as one:
        hourly = await one.channel.ask("every hour /image a fox", command="schedule")
        await one.channel.wait_for_answers(hourly)
        await tick(one, 1)
        [made] = await answers(one, hourly, 1)
        assert len(made.files) == 1
        await tick(one, 2)
        await tick(one, 3)
        await tick(one, 4, waits=False)
        first, last = await told(one, 2)
        assert "`/image a fox`" in first.text
        assert "1 picture, sound or video a day" in first.text, first.text
        assert "I have paused it" in last.text
        assert last.actions == ["resume", "delete"]
        await one.ask("", command="press", options={"event": last.key, "action": "delete"})
        assert len(one.channel.answers(f"again {hourly}")) == 1
        one.echo.broken.add("weather")
        failing = await one.channel.ask("every hour how is the weather?", command="schedule")
        await one.channel.wait_for_answers(failing)
        await tick(one, 5)
        one.echo.broken.clear()
        one.channel.faults["finish"] = [403]  # an answer that can't be shown is a failure, too
        await tick(one, 6)
        one.echo.broken.add("weather")
        await tick(one, 7)
        await tick(one, 8, waits=False)
        assert [m.final for m in one.channel.answers(f"again {failing}")] == [True, False, True]
        [*_, last] = await told(one, 3)
        assert "failed three times in a row" in last.text
        one.echo.broken.clear()
        await one.ask("", command="press", options={"event": last.key, "action": "resume"})
        await tick(one, 9)
        assert (await answers(one, failing, 3))[-1].text.startswith("re: how is the weather?")
        await one.ask("commands_off chat", command="settings", options={"for": "workspace"}, who="root")
        await tick(one, 10)
        [*_, last] = await told(one, 4)
        assert "`chat` is switched off" in last.text
        one.adapter.closed.add("general")
        await tick(one, 11, waits=False)
        [*_, last] = await told(one, 5)
        assert "its channel is gone" in last.text
        one.adapter.closed.clear()
        await one.ask("", command="press", options={"event": last.key, "action": "resume"})
        one.adapter.gone.add("ada")
        await tick(one, 12, waits=False)
        assert len(await told(one, 5)) == 5
        assert "its author is gone" in (await one.ask("", command="schedule")).text
        await one.core.store.forget("channel", "ada")
        assert await one.core.store.schedules("channel") == []


async def told(one: Service, count: int) -> list[Message]:
    """Return what a person was told of schedules in private, once it is so much."""

    def found() -> list[Message]:
        return [message for message in one.channel.answers("to ada") if message.key.startswith("schedule")]

    await one.channel.until(lambda: sum(message.final for message in found()) >= count)
    assert len(found()) == count
    return found()


async def test_what_can_not_be_scheduled_is_refused(tmp_path: Path) -> None:
    """With a sentence that says why; and whose schedules may be seen and changed by whom."""
    prices: dict[str, Any] = {"bot_prices": (f"{MODELS['image']}=picture:0.5",), "bot_quote_above": 0.4}
    async with service(tmp_path, clock=SetClock(), bot_schedules_per_person=2, **prices) as one:
        for typed, words in {
            "what is new?": "I can't tell when",
            "every 0 days what is new?": "the longest 366 days",
            "every day at 9 until Friday what is new?": "I understand `every day at 9`, but not `until Friday`",
            "every 7 minutes what is new?": "at least 15 minutes",
            "today at 1:00 what is new?": "That time has passed: it is [2026-11-27 01:30]",
            "every day": "What should I do then?",
            "remind me in 2 hours": "Remind you of what?",
            "every minute what is new?": "at least 15 minutes",
            "every day /usage": "`/usage` can't be scheduled",
            "every day /schedule every day x": "`/schedule` can't be scheduled",
            "every day /image": "Tell me what to do",
            "every day /image a fox --style wild": "wild",
            "every day /image a fox": "would cost 0.50 each time",
            "delete 123456": "no schedule `123456`",
        }.items():
            assert words in (await one.ask(typed, command="schedule")).text
        first = await one.ask("in 1 hour one", command="schedule", who="bob", member=True)
        before = await one.ask("every 3 days 8:00 two", command="schedule", who="bob", member=True)
        assert "[2026-11-27 08:00](time:1795766400) · [2026-11-30 08:00](time:1796025600)" in before.text
        job = await one.core.store.job("channel", before.key)
        assert job is not None
        await one.core.services.revise(replace(job.event, prompt="every day 9:00 two"))
        await one.channel.until(
            lambda: any("every day 9:00" in message.text for message in one.channel.messages.values())
        )
        told = await one.ask("in 1 hour three", command="schedule", who="bob", member=True)
        assert "a person may have 2" in told.text
        assert "Only administrators" in (await one.ask("list all", command="schedule", who="cid", member=True)).text
        listed = (await one.ask("list all", command="schedule")).text
        assert "[@Bob](person:bob), every day 9:00: `two`" in listed
        named = listed.partition("`two` (`")[2].partition("`")[0]
        assert len(named) == 10
        assert "no schedule" in (await one.ask(f"pause {named}", command="schedule", who="cid", member=True)).text
        for _ in range(2):
            assert "Paused, every day 9:00" in (await one.ask(f"pause {named}", command="schedule")).text
        [entry] = await one.core.store.audit("channel", action="schedule", limit=9)
        assert (entry.action, entry.actor, entry.subject) == ("schedule.pause", "ada", "bob")
        assert (entry.workspace, entry.before) == ("w", f"{named}: every day 9:00")
        told = await one.ask("", command="schedule", who="bob", member=True)
        assert (told.text.count("Paused"), told.actions) == (1, ["delete1", "resume2", "delete2"])
        bob: dict[str, Any] = {"command": "schedule", "who": "bob", "member": True}
        assert (await one.ask("pause", **bob)).text == told.text
        assert "no schedule `3`" in (await one.ask("delete 3", **bob)).text
        resumed = (await one.ask("resume 2", **bob)).text
        assert resumed.startswith("Goes on, every day 9:00: `two`\n\nNext: [2026-11-27 09:00]")
        # Ids of messages may have any form: two of a room are not one that was edited.
        rooms = [await one.ask(f"in {n} hours x", command="schedule", who="dora", id=f"room/{n}") for n in (1, 2)]
        assert ["Scheduled" in message.text for message in rooms] == [True, True]
        assert len(await one.core.store.schedules("channel", actor="dora")) == 2
        everywhere: dict[str, Any] = {"command": "schedule", "who": "eve"}
        assert "in 3 hours: `/catchup`" in (await one.ask("in 3 hours /catchup", **everywhere)).text
        # The zone is not set where there is nothing to move.
        assert "Deleted, in 1 hour" in (await one.ask("delete 1", **bob)).text
        press = {"event": first.key, "action": "zone", "time_zone": "taipei"}
        assert "no schedule" in (await one.ask("", **{**bob, "command": "press", "options": press})).text
        assert "(UTC)" in (await one.ask("in 2 hours three", **bob)).text


async def test_erasure_wins_over_what_is_due(tmp_path: Path) -> None:
    """A request of somebody who is erased just then is not made, late or told as missed; nothing is kept."""
    clock = SetClock()
    async with service(tmp_path, clock=clock) as one:
        place_again = one.adapter.place_again

        async def erase(reply_to: Any, **more: Any) -> Any:
            if "heading" in more or clock.time > START + timedelta(hours=2):
                await one.core.store.forget("channel", "ada")
            return await place_again(reply_to, **more)

        for hours in (1, 5):
            asked = await one.channel.ask("in 1 hour say my secret", command="schedule")
            await one.channel.wait_for_answers(asked)
            [schedule] = await one.core.store.schedules("channel")
            assert schedule.due is not None
            one.adapter.place_again = erase  # type: ignore[method-assign]
            await clock.set(START + timedelta(hours=hours))
            await clock.until_waiting(None)
            one.adapter.place_again = place_again  # type: ignore[method-assign]
            assert await one.core.store.schedules("channel") == []
            assert (
                await one.core.store.job("channel", f"schedule/{schedule.id}/{int(schedule.due.timestamp())}") is None
            )
        assert one.echo.prompts == []
    assert "my secret" not in str(tables(tmp_path / "bot.db"))
