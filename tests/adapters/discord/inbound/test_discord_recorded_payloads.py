"""Payloads recorded from Discord, where they are installed."""

import json
import re

import pytest

from simulators.discord.server import DiscordSimulator
from simulators.discord.values import Json, snowflake
from tests.support.discord.interactions import button_id
from tests.support.discord.stage import RecordingCore, Service
from tests.support.payloads import recorded

RECORDED: dict[str, Json] = recorded("discord")


PRESSES = [name for name, told in RECORDED.items() if told.get("data", {}).get("component_type")]


EVERYTHING = str((1 << 53) - 1)


PLACEHOLDER = re.compile(r'"[A-Z_]+\d+"')  # stands for an id in the recordings


@pytest.mark.optional
@pytest.mark.skipif(not RECORDED, reason="no recorded payloads here: see PLATFORM_PAYLOADS")
async def test_recorded_messages(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """Messages as Discord sent them become events, in the order in which they were written."""
    thread = RECORDED["metadata"]["threadId"]
    told = [v for v in RECORDED.values() if isinstance(v, dict) and str(v.get("type", "")).startswith("GATEWAY_")]
    told.sort(key=lambda item: item["timestamp"])
    for number, item in enumerate(told):
        await simulator.gateway.dispatch(item["type"].removeprefix("GATEWAY_"), item["data"])
        if not number:
            await core.wait_for_events(1)  # what is said in a thread follows what it was opened for
    people = {m["data"]["id"]: m["data"] for m in told if m["type"].endswith("MESSAGE_CREATE")}
    expected = [m for m in people.values() if not m["author"].get("bot")]
    await core.wait_for_events(len(expected))
    assert sorted(event.id for event in core.events) == sorted(m["id"] for m in expected)
    assert {event.prompt for event in core.events} >= {"Hey", "AI What is love", "AI Still there?", "Nice", "1"}
    assert sum(event.conversation == f"t{thread}" for event in core.events) >= 4
    assert {event.actor.name for event in core.events} == {"Test User"}


@pytest.mark.optional
@pytest.mark.skipif(not RECORDED, reason="no recorded payloads here: see PLATFORM_PAYLOADS")
@pytest.mark.parametrize("name", PRESSES)
async def test_recorded_press(service: Service, simulator: DiscordSimulator, core: RecordingCore, name: str) -> None:
    """A button's interaction as Discord sent it, with an id of ours, is recorded and acknowledged."""
    button = RECORDED[name]["data"]["custom_id"]
    text = json.dumps(RECORDED[name])
    for placeholder in {*PLACEHOLDER.findall(text)}:
        text = text.replace(placeholder, f'"{snowflake()}"')
    told = json.loads(text) | {"id": snowflake(), "token": "t"}
    custom_id = button_id(core, "again", "17", "t17", channel=told["channel_id"])
    told = json.loads(json.dumps(told).replace(f'"{button}"', f'"{custom_id}"'))
    member = told.get("member") or told
    who, nick = member["user"], member.get("nick")
    await simulator.gateway.dispatch("INTERACTION_CREATE", told)
    (event,) = await core.wait_for_events(1)
    assert event.options == {"event": "17", "action": "again"}
    assert (event.actor.id, event.actor.name) == (who["id"], nick or who["global_name"])
    assert event.location.workspace == told.get("guild_id", "")
    assert (event.location.thread or event.location.channel) == told["channel_id"]
    assert event.location.is_private == ("guild_id" not in told)
    assert event.actor.is_admin == (member.get("permissions") == EVERYTHING)
    await simulator.until(lambda: simulator.called("POST", "callback"))
