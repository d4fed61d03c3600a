"""Messages missed between two sessions."""

import asyncio

import pytest
from structlog.testing import capture_logs

from adapters.discord.inbound import missed_messages
from adapters.discord.timing import Timing
from bot.models import Event
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import CHANNEL, DM, GUILD, ME, OTHER
from tests.support.discord.stage import RecordingCore, Service


async def test_messages_of_a_lost_session_are_read(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """After a session that could not be resumed, missed messages are read once: also a first mention in a channel."""
    question = await simulator.say(CHANNEL, f"<@{ME}> hello")
    await simulator.say(DM, "hello")
    await core.wait_for_events(2)
    await simulator.open_thread(question["id"], owner=ME)
    simulator.message(CHANNEL, "not for the bot")
    simulator.message(CHANNEL, f"<@{ME}> missed in the channel")
    simulator.message(OTHER, f"<@{ME}> where it takes no part")
    missed = simulator.message(question["id"], "missed in the thread")
    simulator.threads[question["id"]]["last_message_id"] = missed["id"]
    simulator.message(DM, "missed in private")
    await simulator.gateway.invalidate()
    await simulator.until(lambda: len(simulator.gateway.identified) == 2)
    await core.wait_for_events(6)
    assert {event.prompt for event in core.events[2:]} == {
        "missed in the channel",
        "where it takes no part",
        "missed in the thread",
        "missed in private",
    }
    await simulator.say(DM, "the end")
    assert (await core.wait_for_events(7))[6].prompt == "the end"


async def test_missed_messages_of_own_threads_are_read_at_a_start(
    simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """Messages in the bot's threads while the service was down are read at the next start.

    A defect met there is logged with where it is, and the thread is read again.
    """
    async with Service(simulator, core):
        question = await simulator.say(CHANNEL, f"<@{ME}> hello")
        await core.wait_for_events(1)
        await simulator.open_thread(question["id"], owner=ME)
    assert core.stored[missed_messages.NAMESPACE]
    missed = simulator.message(question["id"], "are you there?")
    simulator.threads[question["id"]]["last_message_id"] = missed["id"]
    missed["edited_timestamp"] = missed["timestamp"]
    revise, defects = core.revise, [ValueError("a defect")]

    async def fail_once(event: Event) -> None:
        if defects:
            raise defects.pop()
        await revise(event)

    core.revise = fail_once  # type: ignore[method-assign]
    with capture_logs() as logs:
        async with Service(simulator, core, timing=Timing(missed_retry=0.02)):
            await core.wait_for_events(2)
            async with asyncio.timeout(60), core.changed:
                await core.changed.wait_for(lambda: core.revised)
    assert core.events[1].prompt == "are you there?"
    assert [(line["log_level"], line["exc_info"]) for line in logs if line["event"] == "missed messages not read"] == [
        ("error", True)
    ]


@pytest.mark.parametrize("has_outage", [True, False])
async def test_messages_of_a_server_that_comes_late_are_read(
    simulator: DiscordSimulator, core: RecordingCore, has_outage: bool
) -> None:
    """Messages missed in a server, which had an outage at the start or came late, are read once it is there.

    So is what is missed in a later outage. Commands are answered there at once: their owner is asked for.
    """
    async with Service(simulator, core) as service:
        await service.say(CHANNEL, f"<@{ME}> hello")
    (simulator.gateway.unavailable if has_outage else simulator.gateway.unloaded).add(GUILD)
    simulator.message(CHANNEL, f"<@{ME}> while it was away")
    async with Service(simulator, core) as service:
        if not has_outage:
            await service.use_command(CHANNEL)
            await service.adapter.client.wait_for("shard_ready")
        await simulator.gateway.set_available(GUILD, is_available=True)
        assert (await core.wait_for_events(2 if has_outage else 3))[-1].prompt == "while it was away"
        await simulator.gateway.set_available(GUILD, is_available=False)
        await simulator.say(CHANNEL, f"<@{ME}> in an outage")
        await simulator.gateway.set_available(GUILD, is_available=True)
        assert (await core.wait_for_events(3 if has_outage else 4))[-1].prompt == "in an outage"


async def test_a_message_that_is_later_than_a_newer_one_is_read(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """A message older than the newest that was received, of another channel, had not arrived when a session ended."""
    simulator.message(OTHER, f"<@{ME}> on its way")
    await service.say(DM, "hello")
    await simulator.gateway.invalidate()
    assert (await core.wait_for_events(2))[1].prompt == "on its way"
