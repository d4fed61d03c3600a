"""Messages missed between two sessions."""

import asyncio

from structlog.testing import capture_logs

from adapters.discord.inbound import missed_messages
from adapters.discord.timing import Timing
from bot.models import Event
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import CHANNEL, DM, ME, OTHER
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
