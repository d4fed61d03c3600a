"""Events that the library can't parse, and a connection that does not end by itself."""

import asyncio
from typing import Any

import pytest

from adapters.discord.inbound.messages import MessageHandler
from bot.models import Answer
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import CHANNEL, DM, GUILD, ME, snowflake, user
from tests.support.discord.stage import RecordingCore, Service


def message_of_an_app() -> dict[str, Any]:
    """A message as Discord's OpenAPI description allows it: `interaction_metadata` without `user`."""
    return {
        "id": snowflake(),
        "channel_id": CHANNEL,
        "guild_id": GUILD,
        "author": user("77", "another app", bot=True),
        "content": "done",
        "timestamp": "2026-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "pinned": False,
        "type": 20,
        "interaction_metadata": {"id": "1", "type": 2, "authorizing_integration_owners": {}},
    }


@pytest.mark.parametrize(
    ("event", "data"),
    [
        ("MESSAGE_CREATE", {"id": snowflake(), "channel_id": CHANNEL, "guild_id": GUILD, "author": {}}),
        ("CHANNEL_UPDATE", {"id": CHANNEL, "guild_id": GUILD, "type": 0, "name": "general"}),
        ("INTERACTION_CREATE", {"id": "1", "application_id": "2", "type": 2, "token": "t", "version": 1}),
        ("GUILD_CREATE", {"id": GUILD, "roles": [{"id": "5"}], "name": "Lab", "unavailable": False}),
        ("MESSAGE_DELETE", {"guild_id": GUILD}),
        ("GUILD_ROLE_CREATE", {"guild_id": GUILD, "role": []}),
    ],
)
async def test_unreadable_event(
    service: Service, simulator: DiscordSimulator, core: RecordingCore, event: str, data: dict[str, Any]
) -> None:
    """An event that can't be read is counted and skipped; the connection stays and what follows is answered."""
    for _ in range(3):
        await simulator.gateway.dispatch(event, data)
    await simulator.say(DM, "still there?")
    await core.wait_for_events(1)
    assert service.adapter.client.unreadable[event] == 3
    assert len(simulator.gateway.identified) == 1
    assert not service.running.done()


async def test_unreadable_part(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A message with a part that the library can't read, or in a reply to such a one, is read without that part."""
    event = await service.say(CHANNEL, f"<@{ME}> what is done?", answers=message_of_an_app())
    assert event.prompt == "> another app: done\n\nwhat is done?"
    # https://docs.discord.com/developers/resources/poll: the expiry may be null
    poll: dict[str, Any] = {
        "question": {"text": "Tea?"},
        "answers": [],
        "expiry": None,
        "layout_type": 1,
        "allow_multiselect": False,
    }
    assert (await service.say(DM, "and this?", poll=poll)).prompt == "and this?"


async def test_own_messages_are_not_parsed(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """Of a message of the bot itself only the id is read; one without an author is read; what follows is answered."""
    preview = message_of_an_app()
    del preview["author"], preview["interaction_metadata"]
    await simulator.gateway.dispatch("MESSAGE_UPDATE", preview)
    own = {**message_of_an_app(), "author": user(ME, "Muse", bot=True)}
    for event in ("MESSAGE_CREATE", "MESSAGE_UPDATE"):
        await simulator.gateway.dispatch(event, own)
    await simulator.say(DM, "still there?")
    await core.wait_for_events(1)
    client = service.adapter.client
    assert not client.unreadable
    assert client.router is not None
    assert isinstance(client.router.messages, MessageHandler)
    assert client.router.messages.newest_id >= int(own["id"])


async def test_half_an_emoji(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """Text that no encoding can hold is read as it is, and sent so."""
    half = "half \ud83d"
    await simulator.say(DM, half)
    (event,) = await core.wait_for_events(1)
    assert event.prompt == half
    draft = await service.open_draft(event)
    await draft.finish(Answer(text=half))
    (message,) = simulator.bot_messages(DM)
    assert message["content"] == half


async def test_end_while_a_session_is_made(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """The adapter ends when it is told to, also while the gateway does not answer a new connection."""
    await simulator.say(DM, "hello")
    await core.wait_for_events(1)
    simulator.gateway.accepts.clear()
    await simulator.gateway.invalidate()
    await simulator.until(lambda: not simulator.gateway.is_connected)
    await asyncio.sleep(0.2)  # the library is in the middle of connecting
    service.running.cancel()
    async with asyncio.timeout(60):
        await asyncio.gather(service.running, return_exceptions=True)
    simulator.gateway.accepts.set()
