import asyncio
import json
import re
from typing import Any
from unittest.mock import Mock

import pytest
from discord.http import Ratelimit
from pydantic import SecretStr

from adapters.discord.adapter import Discord
from adapters.discord.gateway.client import DiscordClient
from adapters.discord.inbound import catch_up
from adapters.discord.setup.check import PERMISSIONS
from adapters.discord.timing import Timing
from bot.errors import SettingsError
from simulators.discord.server import Wire
from simulators.discord.values import ALL_PERMISSIONS, CHANNEL, DM, ME, OTHER, TOKEN, Json, snowflake
from tests.support.discord.stage import Core, Service
from tests.support.payloads import recorded

RECORDED: dict[str, Json] = recorded("discord")
PRESSES = [name for name, told in RECORDED.items() if told.get("data", {}).get("component_type")]
EVERYTHING = str((1 << 53) - 1)
PLACEHOLDER = re.compile(r'"[A-Z_]+\d+"')  # stands for an id in the recordings


# ------------------------------------------------------------------ what Discord tells more than once, or not at all


async def test_message_told_twice(service: Service, wire: Wire, core: Core) -> None:
    """A message that is told twice has the same id both times."""
    seen: list[str] = []
    take = core.sink

    async def sink(event: Any) -> None:
        seen.append(event.id)
        await take(event)

    service.core.sink = sink  # type: ignore[method-assign]
    said = await wire.say(DM, "hello")
    await wire.gateway.replay()
    await wire.say(DM, "the end")
    await core.count(2)
    assert core.events[0].id == said["id"]


async def test_resume_that_repeats_fifty_events(service: Service, wire: Wire, core: Core) -> None:
    """What was said while the connection was lost comes with the resumed session, in order and once."""
    await wire.say(DM, "first")
    await core.count(1)
    await wire.gateway.drop()
    for number in range(50):
        await wire.say(DM, f"message {number}")
    await wire.until(lambda: wire.gateway.resumed)
    await core.count(51)
    assert [event.prompt for event in core.events[1:]] == [f"message {number}" for number in range(50)]
    assert len(wire.gateway.identified) == 1


async def test_lost_session_is_caught_up(service: Service, wire: Wire, core: Core) -> None:
    """After a session that could not be resumed, messages missed where the bot takes part are read once."""
    asked = await wire.say(CHANNEL, f"<@{ME}> hello")
    await wire.say(DM, "hello")
    await core.count(2)
    await wire.open_thread(asked["id"], owner=ME)
    wire.message(CHANNEL, "not for the bot")
    wire.message(CHANNEL, f"<@{ME}> missed in the channel")
    wire.message(OTHER, f"<@{ME}> where it takes no part")
    missed = wire.message(asked["id"], "missed in the thread")
    wire.threads[asked["id"]]["last_message_id"] = missed["id"]
    wire.message(DM, "missed in private")
    await wire.gateway.invalidate()
    await wire.until(lambda: len(wire.gateway.identified) == 2)
    await core.count(5)
    assert {event.prompt for event in core.events[2:]} == {
        "missed in the channel",
        "missed in the thread",
        "missed in private",
    }
    await wire.say(DM, "the end")
    assert (await core.count(6))[5].prompt == "the end"


async def test_restart_catches_up_in_own_threads(wire: Wire, core: Core) -> None:
    """What was said in the bot's threads while the service was down is read at the next start."""
    async with Service(wire, core):
        asked = await wire.say(CHANNEL, f"<@{ME}> hello")
        await core.count(1)
        await wire.open_thread(asked["id"], owner=ME)
    assert core.stored[catch_up.NAMESPACE]
    missed = wire.message(asked["id"], "are you there?")
    wire.threads[asked["id"]]["last_message_id"] = missed["id"]
    async with Service(wire, core):
        await core.count(2)
    assert core.events[1].prompt == "are you there?"


async def test_stalled_gateway_is_reconnected(wire: Wire, core: Core) -> None:
    """A gateway that answers heartbeats and sends no events is left; the events that it held back arrive then."""
    async with Service(wire, core, stalled_after=1.0, timing=Timing(probe_timeout=1.0)) as service:
        await wire.say(DM, "hello")
        await core.count(1)
        wire.gateway.is_deaf = True
        await wire.say(DM, "can you hear me?")
        socket = wire.gateway.sockets[0]
        await wire.until(lambda: socket not in wire.gateway.sockets, 60)
        assert service.adapter.health()
        wire.gateway.is_deaf = False
        await wire.gateway.drop()
        assert (await core.count(2))[1].prompt == "can you hear me?"


async def test_quiet_gateway_is_left_alone(wire: Wire, core: Core) -> None:
    """A gateway that has nothing to tell, but answers when asked, is kept."""
    async with Service(wire, core, stalled_after=1.0) as service:
        await wire.until(lambda: wire.gateway.looked_up >= 2, 60)
        assert len(wire.gateway.identified) == 1
        assert not wire.gateway.resumed
        assert service.adapter.health() == ""


# ------------------------------------------------------------------ what an operator is told


async def test_commands_are_told_when_they_change(wire: Wire, core: Core) -> None:
    """Discord is told of the commands at the first start and not again while they are the same."""
    async with Service(wire, core):
        await wire.until(lambda: wire.called("PUT", "commands"))
    async with Service(wire, core):
        await wire.say(DM, "hello")
        await core.count(1)
    assert len(wire.called("PUT", "commands")) == 1
    core.stored["discord.commands"][ME] = "others"
    async with Service(wire, core):
        await wire.until(lambda: len(wire.called("PUT", "commands")) == 2)


async def test_check_of_what_is_right(wire: Wire) -> None:
    """Where nothing is missing every finding is good, and the invite link is among them."""
    findings = await Discord(token=SecretStr(TOKEN), api_url=wire.api).check()
    assert all(finding.is_ok for finding in findings)
    assert any(f"permissions={PERMISSIONS.value}" in finding.text for finding in findings)
    assert PERMISSIONS.value == ALL_PERMISSIONS


async def test_check_names_what_is_missing(wire: Wire) -> None:
    """A missing intent and missing permissions are named, with what to click."""
    wire.flags, wire.permissions = 0, ALL_PERMISSIONS & ~(1 << 35)
    findings = await Discord(token=SecretStr(TOKEN), api_url=wire.api).check()
    wrong = [finding.text for finding in findings if not finding.is_ok]
    assert len(wrong) == 2
    assert "Message Content Intent" in wrong[0]
    assert "lacks Create Public Threads" in wrong[1]


async def test_invalid_token(wire: Wire, core: Core) -> None:
    """A refused token is said in plain words, by check and at the start, without being repeated."""
    adapter = Discord(token=SecretStr("wrong"), api_url=wire.api)
    (finding,) = await adapter.check()
    assert not finding.is_ok
    assert "Reset Token" in finding.text
    with pytest.raises(SettingsError, match="Reset Token") as raised:
        async with adapter.connected(core):
            pass
    assert "wrong" not in str(raised.value)


async def test_required_intent_that_is_refused(wire: Wire, core: Core) -> None:
    """Where reading everything is demanded and Discord refuses it, the service ends and says what to click."""
    wire.gateway.refuses_intents = True
    service = Service(wire, core, message_content="on")
    async with service:
        with pytest.raises(SettingsError, match="Message Content Intent"):
            await asyncio.wait_for(service.running, 20)


@pytest.mark.parametrize(("seconds", "is_forgotten"), [(-1.0, True), (30.0, False)])
async def test_rate_limits_are_looked_through_seldom(
    monkeypatch: pytest.MonkeyPatch, seconds: float, is_forgotten: bool
) -> None:
    """The rate limits of quiet channels are forgotten, but not looked for at each new channel."""
    looked = Mock(return_value=True)
    monkeypatch.setattr(Ratelimit, "is_inactive", looked)
    http = DiscordClient(message_content=False, timing=Timing(rate_limit_cleanup=seconds)).http
    for number in range(1000):
        http.get_ratelimit(f"channel {number}")
    assert (len(http._buckets) < 300) == is_forgotten
    assert looked.called == is_forgotten


# ------------------------------------------------------------------ recorded payloads


@pytest.mark.optional
@pytest.mark.skipif(not RECORDED, reason="no recorded payloads here: see PLATFORM_PAYLOADS")
async def test_recorded_messages(service: Service, wire: Wire, core: Core) -> None:
    """Messages as Discord really told them become events, in the order in which they were said."""
    thread = RECORDED["metadata"]["threadId"]
    told = [v for v in RECORDED.values() if isinstance(v, dict) and str(v.get("type", "")).startswith("GATEWAY_")]
    told.sort(key=lambda item: item["timestamp"])
    for number, item in enumerate(told):
        await wire.gateway.dispatch(item["type"].removeprefix("GATEWAY_"), item["data"])
        if not number:
            await core.count(1)  # what is said in a thread follows what it was opened for
    people = {m["data"]["id"]: m["data"] for m in told if m["type"].endswith("MESSAGE_CREATE")}
    expected = [m for m in people.values() if not m["author"].get("bot")]
    await core.count(len(expected))
    assert sorted(event.id for event in core.events) == sorted(m["id"] for m in expected)
    assert {event.prompt for event in core.events} >= {"Hey", "AI What is love", "AI Still there?", "Nice", "1"}
    assert sum(event.conversation == f"t{thread}" for event in core.events) >= 4
    assert {event.actor.name for event in core.events} == {"Test User"}


@pytest.mark.optional
@pytest.mark.skipif(not RECORDED, reason="no recorded payloads here: see PLATFORM_PAYLOADS")
@pytest.mark.parametrize("name", PRESSES)
async def test_recorded_press(service: Service, wire: Wire, core: Core, name: str) -> None:
    """A press as Discord really told it, of a button with an id of ours, is taken and acknowledged."""
    button = RECORDED[name]["data"]["custom_id"]
    text = json.dumps(RECORDED[name]).replace(f'"{button}"', '"cm:again:17:t17"')
    for placeholder in {*PLACEHOLDER.findall(text)}:
        text = text.replace(placeholder, f'"{snowflake()}"')
    told = json.loads(text) | {"id": snowflake(), "token": "t"}
    member = told.get("member") or told
    who, nick = member["user"], member.get("nick")
    await wire.gateway.dispatch("INTERACTION_CREATE", told)
    (event,) = await core.count(1)
    assert event.options == {"event": "17", "action": "again"}
    assert (event.actor.id, event.actor.name) == (who["id"], nick or who["global_name"])
    assert event.location.workspace == told.get("guild_id", "")
    assert (event.location.thread or event.location.channel) == told["channel_id"]
    assert event.location.is_private == ("guild_id" not in told)
    assert event.actor.is_admin == (member.get("permissions") == EVERYTHING)
    await wire.until(lambda: wire.called("POST", "callback"))
