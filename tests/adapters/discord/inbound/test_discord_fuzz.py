"""Gateway messages and interactions with fields that are missing, empty or of another type."""

import asyncio
from typing import Any

import pytest
import structlog

from simulators.discord.server import DiscordSimulator
from simulators.discord.values import BOB, CHANNEL, DM, ME, Json, snowflake
from tests.support.discord.interactions import (
    PRESSED,
    SLASH,
    SUBMITTED,
    button_id,
    button_press,
    message_command,
    select_value,
    slash_command,
)
from tests.support.discord.stage import RecordingCore, Service
from tests.support.payloads import mutated

MESSAGES = 150  #: in all; interactions as many
#: Fields without which nothing can be told apart: Discord never leaves them out.
IDS = frozenset({"id", "channel_id", "guild_id", "custom_id", "component_type"})
FILE: Json = {"id": "9", "filename": "a.png", "size": 10, "url": "http://127.0.0.1:1/a.png", "proxy_url": "http://a"}
ANSWER: Json = {"answer_id": 1, "poll_media": {"text": "red"}}
POLL: Json = {"question": {"text": "which?"}, "answers": [ANSWER], "allow_multiselect": False, "layout_type": 1}
POLL |= {"expiry": "2030-01-01T00:00:00+00:00"}
ROW: Json = {"type": 1, "id": 1, "components": [{"type": 2, "style": 2, "label": "x", "custom_id": "y", "id": 2}]}
GALLERY: Json = {"type": 12, "id": 3, "items": [{"media": {"url": "http://127.0.0.1:1/b.png"}, "spoiler": True}]}
TEXT: Json = {"type": 17, "id": 4, "components": [{"type": 10, "id": 5, "content": "hello"}, GALLERY]}
STICKER: Json = {"id": "7", "name": "wave", "format_type": 1}


def messages(simulator: DiscordSimulator) -> list[Json]:
    """A message of every kind that is read."""
    asked = simulator.message(CHANNEL, "the question", by=BOB)
    shot = {"message": {**asked, "content": "forwarded", "attachments": [FILE]}}
    forward: Json = {"message_reference": {"type": 1, "message_id": asked["id"], "channel_id": CHANNEL}}
    mention = f"<@{ME}> look <@!{BOB}> <#{CHANNEL}> <:a:1>"
    return [
        simulator.message(DM, "image a fox --size 5x5"),
        simulator.message(CHANNEL, mention, attachments=[FILE], sticker_items=[STICKER]),
        simulator.message(CHANNEL, mention, answers=asked),
        simulator.message(CHANNEL, mention, poll=POLL, flags=0),
        simulator.message(DM, "", flags=1 << 15) | {"components": [ROW, TEXT]},
        simulator.message(DM, "", message_snapshots=[shot], **forward),
    ]


def interactions(simulator: DiscordSimulator, core: RecordingCore) -> list[tuple[int, Json]]:
    """The data of an interaction of every kind."""
    asked = simulator.message(CHANNEL, "the question", by=BOB, attachments=[FILE])
    button = button_id(core, "again", "17", "t17")
    fields = {"custom_id": button.replace("cm:", "cf:", 1), "components": [select_value("size", "512x512")]}
    return [
        (SLASH, slash_command("chat", prompt="hello")),
        (SLASH, slash_command("image", prompt="a fox", size="512x512")),
        (SLASH, message_command("Explain", asked)),
        (
            4,
            slash_command("image", size="5")
            | {"options": [{"name": "size", "type": 3, "value": "5", "focused": True}]},
        ),
        (PRESSED, {"component_type": 2, "custom_id": button, "id": 2}),
        (PRESSED, {"component_type": 2, "custom_id": "another-app", "id": 2}),
        (SUBMITTED, fields),
    ]


async def assert_alive(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """Everything before was handled, the connection is the same, and a question is taken."""
    asked = await simulator.say(DM, "still there?")
    async with asyncio.timeout(120):
        while asked["id"] not in {event.id for event in core.events}:
            await core.wait_for_events(len(core.events) + 1)
    assert len(simulator.gateway.identified) == 1
    assert not service.running.done()


async def test_any_message_is_read_or_skipped(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """Nothing ends the connection, and what follows is answered."""
    known = messages(simulator)
    simulator.gateway.is_raw = True
    with structlog.testing.capture_logs():  # tracebacks are slow to write
        for seed in range(MESSAGES):
            told = {**mutated(known[seed % len(known)], seed, keep=IDS), "id": snowflake()}
            await simulator.gateway.dispatch(("MESSAGE_CREATE", "MESSAGE_UPDATE")[seed % 7 == 0], told)
        await assert_alive(service, simulator, core)
    assert len(core.events) > MESSAGES / 4


async def test_any_interaction_is_acknowledged_or_skipped(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """Each that the library can read gets one answer, if only a sentence; nothing ends the connection."""
    known = interactions(simulator, core)
    simulator.gateway.is_raw = True
    with structlog.testing.capture_logs():
        for seed in range(MESSAGES):
            kind, data = known[seed % len(known)]
            told = mutated(data, seed, keep=IDS)
            message: dict[str, Any] = (
                {"message": button_press(simulator, told["custom_id"])[1]} if kind == PRESSED else {}
            )
            await simulator.interact(kind, told, **message)
        await assert_alive(service, simulator, core)
        expected = MESSAGES - service.adapter.client.unreadable["INTERACTION_CREATE"]
        calls = simulator.rest.calls
        await simulator.until(lambda: sum(c.status == 200 for c in calls if "callback" in c.path) >= expected)
    assert expected > MESSAGES / 2


@pytest.mark.parametrize(("flags", "custom_id"), [(0, "old"), (64, "cm:1:again"), (0, "cm:again:17:t17:forged")])
async def test_an_unknown_button_is_acknowledged(
    service: Service, simulator: DiscordSimulator, core: RecordingCore, flags: int, custom_id: str
) -> None:
    """A forged or outdated id makes no event, and the person gets a sentence instead of a failed interaction."""
    data, message = button_press(simulator, custom_id, flags=flags)
    await simulator.interact(PRESSED, data, message=message)
    [body] = await simulator.until(lambda: simulator.called("POST", "callback"))
    assert (body["type"], body["data"]["flags"] & 64) == (4, 64)
    assert body["data"]["content"] or body["data"]["components"]
    assert core.events == []
