"""The cockpit's rights are those that people have on Slack now."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.ports import RequestFilter
from simulators.slack import SlackSimulator
from tests.support.service import quiet_logs
from tests.support.slack.service import service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def test_an_administrator_is_told_from_one_who_was(slack: SlackSimulator, tmp_path: Path) -> None:
    """Asked anew each time, whatever was known of the person; where Slack does not tell, nothing is known."""
    async with service(slack, tmp_path) as running:
        slack.ada.mention("hello")
        await slack.until(lambda: [one for one in slack.ada.sees() if "re: " in one.content])
        await running.core.worker.drain()
        [row] = await running.core.store.list_requests(RequestFilter(), limit=9)
        job = await running.core.store.job(row.adapter, row.id)
        assert job is not None

        async def is_admin() -> bool | None:
            found = await running.core.adapters["slack"].find_actor(job.event.reply_to, row.actor)
            return None if found is None else found.is_admin

        assert await is_admin() is True
        slack.ada.user.is_admin = False
        assert await is_admin() is False
        slack.ada.user.is_admin = True
        slack.faults.fail("users.info", "internal_error")
        assert await is_admin() is None
        slack.ada.mention("and now?")
        await slack.until(lambda: [one for one in slack.ada.sees() if "re: and now?" in one.content])
        await running.core.worker.drain()
        [again, _] = await running.core.store.list_requests(RequestFilter(), limit=9)
        known = await running.core.store.job(again.adapter, again.id)
        assert known is not None
        assert known.event.actor == replace(job.event.actor, is_admin=False)  # as Slack told last
