"""Messages missed between two sessions."""

from adapters.discord.inbound import catch_up
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import CHANNEL, DM, ME, OTHER
from tests.support.discord.stage import RecordingCore, Service


async def test_lost_session_is_caught_up(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """After a session that could not be resumed, messages missed where the bot takes part are read once."""
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
    await core.wait_for_events(5)
    assert {event.prompt for event in core.events[2:]} == {
        "missed in the channel",
        "missed in the thread",
        "missed in private",
    }
    await simulator.say(DM, "the end")
    assert (await core.wait_for_events(6))[5].prompt == "the end"


async def test_restart_catches_up_in_own_threads(simulator: DiscordSimulator, core: RecordingCore) -> None:
    """Messages in the bot's threads while the service was down are read at the next start."""
    async with Service(simulator, core):
        question = await simulator.say(CHANNEL, f"<@{ME}> hello")
        await core.wait_for_events(1)
        await simulator.open_thread(question["id"], owner=ME)
    assert core.stored[catch_up.NAMESPACE]
    missed = simulator.message(question["id"], "are you there?")
    simulator.threads[question["id"]]["last_message_id"] = missed["id"]
    async with Service(simulator, core):
        await core.wait_for_events(2)
    assert core.events[1].prompt == "are you there?"
