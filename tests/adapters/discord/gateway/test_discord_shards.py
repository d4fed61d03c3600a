"""Shards come and go while the adapter runs: what each receives, what is known of servers, where the next goes on."""

import asyncio

from structlog.testing import capture_logs

from adapters.discord.inbound.missed_messages import NAMESPACE, read_position
from adapters.discord.timing import Timing
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import BOB, CHANNEL, DIRECT, GUILD, ME, snowflake, user
from tests.support.discord.stage import RecordingCore, Service

COUNT = 4
OF_SERVER = (int(GUILD) >> 22) % COUNT
#: Direct messages are told to the first shard.
OF_PEOPLE = 0


async def test_shards_come_and_go(simulator: DiscordSimulator, core: RecordingCore) -> None:
    """Each is connected while it is held; without the server's shard its members are known all the same."""
    assert OF_SERVER != OF_PEOPLE
    core.has_peers = True
    core.held = frozenset({OF_PEOPLE})
    direct = snowflake()
    simulator.channels[direct] = {"id": direct, "type": DIRECT, "recipients": [user(BOB, "Bob")]}

    def connected() -> set[int]:
        return {one.shard for one in simulator.gateway.sessions.values() if one.socket is not None}

    async with Service(simulator, core, shards=str(COUNT), timing=Timing(identify_interval=0.0)) as service:
        assert (await service.say(direct, by=BOB)).actor.id == BOB
        await core.hold({OF_PEOPLE, OF_SERVER})
        await simulator.until(lambda: connected() == {OF_PEOPLE, OF_SERVER})
        while service.adapter.health():  # noqa: ASYNC110 - the adapter tells of no change
            await asyncio.sleep(0)
        await service.say(CHANNEL, f"<@{ME}> hello")
        await core.hold({OF_SERVER})
        await simulator.until(lambda: connected() == {OF_SERVER})
        last = await simulator.say(CHANNEL, f"<@{ME}> the last")
        await core.wait_for_events(3)
        await core.hold(())
        await simulator.until(lambda: not connected())
        assert service.adapter.health() == ""  # it stands by
        saved, core.stored[NAMESPACE] = core.stored[NAMESPACE], {f"newest.0/{COUNT}": "no number"}
        with capture_logs() as logs:
            await core.hold({OF_PEOPLE})
            async with asyncio.timeout(60):
                while not (lost := [line for line in logs if line["event"] == "gateway lost"]):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        assert lost[0]["exc_info"] is True, "a defect is logged with where it is"
    assert set(saved) == {f"newest.{shard}/{COUNT}" for shard in (OF_PEOPLE, OF_SERVER)}
    assert read_position(saved, OF_SERVER, COUNT) == int(last["id"]) > read_position(saved, OF_PEOPLE, COUNT)


def test_the_position_of_a_shard() -> None:
    """Its own, or what all shards of another number together knew, whichever is newer; none where some are missing."""
    assert read_position({}, 0, 1) == 0
    assert read_position({"newest": "7"}, 0, 1) == read_position({"newest": "7"}, 1, 2) == 7
    two = {"newest.0/2": "5", "newest.1/2": "9"}
    assert (read_position(two, 0, 2), read_position(two, 1, 2), read_position(two, 0, 1)) == (5, 9, 5)
    assert read_position({"newest.0/2": "5"}, 0, 1) == 0
    assert read_position({**two, "newest": "8"}, 0, 2) == 8
