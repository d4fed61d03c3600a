"""The cockpit's rights and names are those of Slack now."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.ports import RequestFilter
from simulators.slack import SlackSimulator
from simulators.slack.workspace import Channel
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


async def test_workspaces_and_channels_have_their_names(slack: SlackSimulator, tmp_path: Path) -> None:
    """Where the bot is asked; direct messages have none. A scope that lacks costs the name alone, a failure nothing."""
    leads = slack.add_channel("leads", is_private=True)
    several = slack.add_channel("mpdm-ada--bob--muse-1", is_private=True, is_mpim=True)
    async with service(slack, tmp_path, bot_recorder="full") as running:
        store, core = running.core.store, running.core
        assert core.recorder is not None

        async def ask(text: str, channel: Channel) -> dict[str, tuple[str, bool]]:
            """Ask there; return the names that are known then."""
            await running.answers(slack.ada.mention(text, channel=channel))
            await core.inbox.background.drain()
            wanted = [("slack", slack.team.id, one) for one in ("", *slack.team.channels)]
            found = await store.find_places(wanted)
            return {place.channel: (place.name, place.is_private) for place in found.values()}

        slack.faults.fail("conversations.info", "internal_error")
        assert await ask("hello", slack.general) == {}
        general = {"": (slack.team.name, False), slack.general.id: ("general", False)}
        assert await ask("hello once more", slack.general) == general
        slack.grants[slack.token].scopes.discard("groups:read")
        assert await ask("in private", leads) == general
        core.inbox.places.seen.clear()  # as every day
        slack.grants[slack.token].scopes.add("groups:read")
        known = general | {leads.id: ("leads", True)}
        assert await ask("in private again", leads) == known
        assert await ask("to all of you", several) == known | {several.id: ("", True)}
        await running.answers(slack.ada.direct("for you alone"))
        assert await ask("last", slack.general) == known | {several.id: ("", True)}
        assert len(slack.called("conversations.info")) == 5
        core.inbox.places.seen.clear()
        slack.people.convert_channel(slack.team, slack.general, is_private=True)
        slack.people.rename_channel(slack.team, slack.general, "board")
        slack.people.rename_channel(slack.team, slack.add_channel("never used"), "never asked for")
        await slack.until_delivered()
        assert await ask("for us alone", several) == known | {slack.general.id: ("board", True), several.id: ("", True)}
        for row in await store.list_requests(RequestFilter(), limit=9):  # the names are no part of their recordings
            recording = await core.recorder.find(row.id, since=row.received_at.timestamp())
            assert recording is not None
            text = json.dumps(recording.to_json(core.settings))
            assert "chat.postMessage" in text or "chat.startStream" in text
            assert not re.search(r"conversations\.info|leads|mpdm", text)
