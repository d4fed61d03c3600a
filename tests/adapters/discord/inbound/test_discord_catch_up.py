"""Messages missed between two sessions."""

from adapters.discord.inbound import catch_up
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import CHANNEL, DM, ME, OTHER
from tests.support.discord.stage import Core, Service


async def test_lost_session_is_caught_up(service: Service, wire: DiscordSimulator, core: Core) -> None:
    """After a session that could not be resumed, messages missed where the bot takes part are read once."""
    question = await wire.say(CHANNEL, f"<@{ME}> hello")
    await wire.say(DM, "hello")
    await core.count(2)
    await wire.open_thread(question["id"], owner=ME)
    wire.message(CHANNEL, "not for the bot")
    wire.message(CHANNEL, f"<@{ME}> missed in the channel")
    wire.message(OTHER, f"<@{ME}> where it takes no part")
    missed = wire.message(question["id"], "missed in the thread")
    wire.threads[question["id"]]["last_message_id"] = missed["id"]
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


async def test_restart_catches_up_in_own_threads(wire: DiscordSimulator, core: Core) -> None:
    """What was said in the bot's threads while the service was down is read at the next start."""
    async with Service(wire, core):
        question = await wire.say(CHANNEL, f"<@{ME}> hello")
        await core.count(1)
        await wire.open_thread(question["id"], owner=ME)
    assert core.stored[catch_up.NAMESPACE]
    missed = wire.message(question["id"], "are you there?")
    wire.threads[question["id"]]["last_message_id"] = missed["id"]
    async with Service(wire, core):
        await core.count(2)
    assert core.events[1].prompt == "are you there?"
