"""The process is killed at each step of making a scheduled request; it is made once, and the schedule goes on."""

import asyncio
import contextlib
import signal
from datetime import datetime, timedelta
from pathlib import Path

from tests.support.channel.adapter import channel_server
from tests.support.database.sqlite import tables
from tests.support.killed_service import serve
from tests.support.processes import Process, process
from tests.support.schedules.clock import START
from tests.support.scripted_api import scripted_api
from tests.support.service import EchoApi


async def test_a_scheduled_request_is_made_once_however_often_the_service_is_killed(tmp_path: Path) -> None:
    """Before and after it is recorded, and before and after the next time is set; then it is late, and says so."""
    async with channel_server() as channel, scripted_api() as api, asyncio.timeout(60):
        echo = EchoApi(api.url)
        api.play(echo)

        def run(seam: str, time: datetime) -> contextlib.AbstractAsyncContextManager[Process]:
            environment = {
                "AIMODELS_BASE_URL": api.url,
                "AIMODELS_API_KEY": "key",
                "BOT_DATA_DIR": str(tmp_path),
                "TIME_OF_SCHEDULES": time.isoformat(),
            }
            return process(serve, channel.url, seam, environment=environment, folder=tmp_path)

        async with run("", START):
            asked = await channel.ask("every hour what is new?", command="schedule")
            await channel.wait_for_answers(asked)
        late = START + timedelta(minutes=45)
        for seam in ("record:before", "record:after", "change_schedule:before", "change_schedule:after"):
            async with run(f"store.{seam}", late) as doomed:
                assert await doomed.wait() == -signal.SIGKILL
            due = [row[4] for row in tables(tmp_path / "bot.db")["schedules"]]
            is_moved = seam == "change_schedule:after"
            assert due == [(START + timedelta(minutes=90 if is_moved else 30)).timestamp()]
        async with run("", late):
            await channel.wait_for_answers(f"again {asked}")
            later = await channel.ask("and now?")
            await channel.wait_for_answers(later)
        [answer] = channel.answers(f"again {asked}")
        assert answer.text.endswith("Late: it was due at [2026-11-27 02:00](time:1795744800).")
    assert len([row for row in tables(tmp_path / "bot.db")["events"] if "schedule/" in str(row)]) == 1
