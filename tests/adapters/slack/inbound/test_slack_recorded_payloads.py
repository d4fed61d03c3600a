"""Recorded payloads of real workspaces, replayed through the real HTTP endpoint."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulators.slack import Channel, Message, SlackSimulator, User
from tests.support.payloads import HAS_PAYLOADS, recorded
from tests.support.service import quiet_logs
from tests.support.slack.service import service

FILES = (
    "slack",
    "dm_slack",
    "channel-mention_slack",
    "streaming_slack",
    "actions-reactions_slack",
    "slash-commands_slack",
)
KINDS = {"event_callback": "events_api", "": "slash_commands"}
Json = dict[str, Any]

pytestmark = [
    pytest.mark.usefixtures(quiet_logs.__name__),
    pytest.mark.optional,
    pytest.mark.skipif(not HAS_PAYLOADS, reason="no recorded payloads here: see PLATFORM_PAYLOADS"),
]


def every() -> list[Any]:
    """Every payload, with its file and name."""
    return [
        pytest.param(payload, id=f"{file}.{name}")
        for file in FILES
        for name, payload in recorded(file).items()
        if isinstance(payload, dict) and ("api_app_id" in payload or "team_id" in payload)
    ]


def furnish(slack: SlackSimulator, payload: Json) -> Json:
    """Give the simulator the workspace, people and channel of a payload, and return the event in it."""
    event = payload.get("event") or payload
    team = slack.team
    team.id = payload.get("team_id") or payload["team"]["id"]
    slack.teams = {team.id: team}
    me = (payload.get("authorizations") or [{"user_id": "U00FAKEBOT01"}])[0]["user_id"]
    team.users = {me: team.bot}
    team.bot.id, team.bot.team = me, team.id
    slack.grants[slack.token].team, slack.grants[slack.token].user = team.id, me
    user: Any = event.get("user") or event.get("user_id")
    user = user["id"] if isinstance(user, dict) else user
    if user != me:
        team.users[user] = User(id=user, name="Someone", team=team.id)
    channel = event.get("channel") or event.get("channel_id") or (event.get("item") or {}).get("channel") or "C1"
    channel = channel["id"] if isinstance(channel, dict) else channel
    is_im = channel.startswith("D")
    team.channels = {channel: Channel(id=channel, name="recorded", members=list(team.users), is_im=is_im)}
    known: list[Any] = [event.get("ts"), event.get("thread_ts"), (event.get("message") or {}).get("ts")]
    for ts in dict.fromkeys(ts for ts in known if ts):
        team.channels[channel].messages.append(
            Message(ts=ts, channel=channel, team=team.id, user=user, text="recorded")
        )
    return dict(event)


@pytest.mark.parametrize("payload", every())
async def test_recorded_payloads_are_acknowledged(slack: SlackSimulator, tmp_path: Path, payload: Json) -> None:
    """Every recorded payload is accepted, and one that is for the bot becomes one event."""
    payload = json.loads(json.dumps(payload).replace("https://files.slack.com", slack.url))
    event = furnish(slack, payload)
    async with service(slack, tmp_path, http=True) as running:
        delivery = slack.sender.send(KINDS.get(payload.get("type", ""), "interactive"), payload)
        await slack.until_delivered()
        assert delivery.statuses == [200]
        await running.idle()
        me, [channel] = slack.team.bot.id, slack.team.channels.values()
        is_asked = f"<@{me}>" in event.get("text", "") or (channel.is_im and event.get("type") == "message")
        asked = is_asked and event.get("user") != me
        answers = slack.from_bot(channel)
        assert len(answers) == asked
        if asked:
            assert answers[0].thread_ts == event.get("thread_ts", event["ts"])
            assert running.echo.prompts
