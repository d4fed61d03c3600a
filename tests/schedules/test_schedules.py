"""Schedules on the whole service: what is made when, once, and what is said where it can't be made."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.channel.adapter import Message
from tests.support.schedules.clock import START, SetClock
from tests.support.service import Service, quiet_logs, service

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
        assert clock.timers == 0
        hourly = await one.channel.ask("every hour what is new?", command="schedule")
        soon = await one.channel.ask("in 2 hours what is left?", command="schedule")
        await one.channel.wait_for_answers(hourly, soon)
        await clock.until_waiting(START + timedelta(minutes=30))
        assert clock.timers == 1
        await clock.set(START + timedelta(minutes=30))
        [first] = await answers(one, hourly, 1)
        assert first.text == "re: what is new?\n\n⏰ Scheduled by [@Ada](person:ada), every hour"
        await one.stop()
        clock.time = START + timedelta(hours=4, minutes=35)  # 6:05
        await one.start()
        [_, late] = await answers(one, hourly, 2)
        assert late.text.endswith("every hour. Late: it was due at 2026-11-27 06:00.")
        [missed] = await answers(one, soon, 1)
        assert "was due at 2026-11-27 03:30, but I was not running" in missed.text
        assert missed.actions == ["now"]
        press = {"event": missed.key, "action": "now"}
        assert (await one.ask("", command="press", options=press)).text == "re: what is left?"
        await clock.until_waiting(START + timedelta(hours=5, minutes=30))
        await one.stop()
        clock.time = START + timedelta(days=2)
        await one.start()
        await clock.until_waiting(START + timedelta(days=2, minutes=30))
        assert len(await answers(one, hourly, 3)) == 3
        assert one.echo.prompts == ["what is new?", "what is new?", "what is left?", "what is new?"]
