"""Socket Mode: a connection that is lost, refused or stalled, and the health of the adapter meanwhile."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from adapters.slack.adapter import Slack
from adapters.slack.connection import http_endpoints
from adapters.slack.timing import Timing
from bot.errors import SettingsError
from simulators.slack import SlackSimulator
from tests.support.slack.adapter import COMMANDS, RecordingCore, RunningAdapter, settings

#: Connections are checked often, and reconnected soon.
FAST = Timing(ping_interval=0.4, loss_noticed=0.2, reconnect_first=0.05)


async def receive_event(slack: SlackSimulator, core: RecordingCore) -> None:
    """Ask, and wait until the event is recorded, at the latest when Slack sends it again."""
    before = len(core.events)
    slack.ada.mention("hello")
    await core.wait_for_events(before + 1)


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_slack_asks_for_a_new_connection(slack: SlackSimulator, core: RecordingCore, reason: str) -> None:
    """When Slack says goodbye, the next connection is opened before the old one is closed, and receives events.

    A command that is not acknowledged yet is, on the old one: Slack does not send it again.
    """
    async with RunningAdapter(slack, core, timing=FAST):
        core.sink_delay = 0.5
        command = slack.ada.slash("/chat", "hello")
        await slack.until(lambda: command.tries)
        await slack.sockets.disconnect(reason)
        await slack.until(lambda: slack.sockets.connected >= 2)
        await slack.until(lambda: command.is_done)
        assert (slack.sockets.counts, command.is_acknowledged) == ([1, 2], True)
        await receive_event(slack, core)


async def test_too_many_connections(slack: SlackSimulator, core: RecordingCore) -> None:
    """A connection beyond Slack's limit is tried again with pauses, and says so; the old one makes room for the new."""
    async with RunningAdapter(slack, core, timing=FAST) as service:
        slack.sockets.most = 1
        await slack.sockets.disconnect()
        await slack.until(lambda: slack.sockets.connected >= 2)
        assert (slack.sockets.counts, slack.sockets.refused) == ([1, 1], 1)
        await receive_event(slack, core)
        slack.sockets.most = 0
        await slack.sockets.drop()
        await slack.until(lambda: slack.sockets.refused >= 3)
        assert "too_many_websockets" in service.adapter.health()
        slack.sockets.most = 10
        await service.listening()
        await receive_event(slack, core)


async def test_connection_that_is_cut(slack: SlackSimulator, core: RecordingCore) -> None:
    """A connection that is cut is replaced, and messages of the meantime are received."""
    async with RunningAdapter(slack, core, timing=FAST) as service:
        await slack.sockets.drop()
        slack.ada.mention("while you were away")
        await core.wait_for_events(1)
        assert slack.sockets.connected >= 2
        await service.listening()
        assert service.adapter.health() == ""


async def test_texts_that_are_hard_to_read(slack: SlackSimulator, core: RecordingCore) -> None:
    """A message that is no JSON is passed over, and half an emoji is taken; the connection stays."""
    async with RunningAdapter(slack, core):
        await slack.sockets.open[0].socket.send_str("{")
        slack.ada.mention("half \ud83d")
        await core.wait_for_events(1)
        assert core.events[0].prompt == "half \ud83d"
        assert slack.sockets.connected == 1


async def test_connection_that_answers_nothing(slack: SlackSimulator, core: RecordingCore) -> None:
    """A connection that is open but answers no pings is replaced, and the new one receives events."""
    async with RunningAdapter(slack, core, slack_stalled_after=1, timing=FAST):
        slack.sockets.answers_pings = False
        slack.sockets.stall()
        await slack.until(lambda: slack.sockets.connected >= 2)
        slack.sockets.answers_pings = True
        await receive_event(slack, core)


async def test_connection_that_answers_pings_but_is_stalled(slack: SlackSimulator, core: RecordingCore) -> None:
    """A connection on which no event came for long is replaced though it looks healthy."""
    async with RunningAdapter(slack, core, timing=replace(FAST, replace_after=1.0)):
        slack.sockets.stall()
        slack.sender.timeout, slack.sender.pauses = 0.2, (0.0, 0.5, 1.5, 3.0)
        slack.ada.mention("can you hear me?")
        await core.wait_for_events(1)
        assert slack.sockets.connected >= 2


async def test_health_while_slack_is_away(slack: SlackSimulator, core: RecordingCore) -> None:
    """While no connection can be opened health says so; when Slack is back it is empty."""
    async with RunningAdapter(slack, core, timing=FAST) as service:
        slack.faults.crash("apps.connections.open", 503)
        slack.faults.crash("apps.connections.open", 503)
        await slack.sockets.drop()
        seen = ""
        async with asyncio.timeout(120):
            while not seen:
                seen = service.adapter.health()
                await asyncio.sleep(0.01)
        assert "Slack" in seen
        await service.listening()
        slack.faults.fail("apps.connections.open", "invalid_auth")  # no reason to end a process that has worked
        await slack.sockets.drop()
        await slack.until(lambda: slack.sockets.connected >= 3)
        await service.listening()
        await receive_event(slack, core)


async def test_refused_tokens_end_the_service_with_a_sentence(slack: SlackSimulator, core: RecordingCore) -> None:
    """A bot token or an app-level token that Slack refuses is an error that says where to get a right one."""
    for name, wrong in (("slack_bot_token", "xoxb-wrong"), ("slack_app_token", "xapp-1-A0MUSE-wrong")):
        given: dict[str, Any] = {name: wrong}
        adapter = Slack(settings(slack, **given))
        async with adapter.connected(core):
            with pytest.raises(SettingsError, match=name.upper()):
                await adapter.run(core.sink, COMMANDS)


async def test_health_of_a_removed_app(slack: SlackSimulator, core: RecordingCore) -> None:
    """When the app is removed from its one workspace, health says that the token is refused."""
    async with RunningAdapter(slack, core, http=True, timing=FAST) as service:
        assert service.adapter.health() == ""
        slack.people.uninstall(slack.team)
        await slack.until_delivered()
        assert "token" in service.adapter.health()
        assert set(core.places.gone) == {slack.team.id}


async def test_calls_that_are_not_to_be_read(slack: SlackSimulator, core: RecordingCore) -> None:
    """A request without a length, or larger than any of Slack's, is rejected before it is read."""
    async with RunningAdapter(slack, core, http=True, timing=FAST) as service, aiohttp.ClientSession() as session:
        url = f"{service.url}/slack/events"

        async def endless() -> AsyncIterator[bytes]:
            yield b"{"

        async with session.post(url, data=endless()) as response:
            assert response.status == 411
        async with session.post(url, data=io.BytesIO(b"x" * (http_endpoints.MAX_REQUEST + 1))) as response:
            assert response.status == 413
        async with session.post(url, data=b"{}") as response:
            assert response.status == 401
    assert core.events == []


async def test_settings_in_the_environment(
    slack: SlackSimulator, core: RecordingCore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The library reads the same environment variables; they change nothing and cause no warning."""
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"):
        monkeypatch.setenv(name, "xoxb-of-somebody-else")
    async with RunningAdapter(slack, core, timing=FAST):
        await receive_event(slack, core)
        await slack.until_delivered()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert {call.token for call in slack.calls} == {slack.token, slack.app_token}


async def test_health_before_it_runs(slack: SlackSimulator, core: RecordingCore) -> None:
    """Before it receives events, health says so."""
    adapter = Slack(settings(slack))
    assert adapter.health()
    async with adapter.connected(core):
        assert adapter.health()
