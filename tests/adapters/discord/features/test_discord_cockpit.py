"""The cockpit's rights and names are those of Discord now."""

from pathlib import Path

from bot.ports import RequestFilter
from simulators.discord.values import ADA, BOB, CHANNEL, DM, GUILD, VIEW
from tests.support.discord.whole import whole

MODERATORS, MANAGE_GUILD = "1457473602180878777", 1 << 5


async def test_an_administrator_is_told_from_one_who_was(tmp_path: Path) -> None:
    """Asked anew each time: a role that was taken away counts no more; of who has left nothing is known."""
    async with whole(tmp_path) as one:
        simulator = one.simulator
        simulator.powers[MODERATORS] = MANAGE_GUILD
        await simulator.add_role(MODERATORS, "Moderators")
        simulator.held[BOB] = [MODERATORS]
        asked = await one.mention("hello", by=BOB)
        await one.see(asked, "re: hello")
        await one.core.worker.drain()
        [row] = await one.core.store.list_requests(RequestFilter(actors=[BOB]), limit=9)
        job = await one.core.store.job(row.adapter, row.id)
        assert job is not None

        async def is_admin(person: str) -> bool | None:
            found = await one.core.adapters["discord"].find_actor(job.event.reply_to, person)
            return None if found is None else found.is_admin

        assert [await is_admin(person) for person in (ADA, BOB)] == [True, True]
        simulator.held[BOB] = []
        assert [await is_admin(person) for person in (ADA, BOB)] == [True, False]
        simulator.outsiders.add((GUILD, BOB))
        assert await is_admin(BOB) is None


async def test_servers_and_channels_have_their_names(tmp_path: Path) -> None:
    """Where the bot is asked, threads are their channel; new names at once, none of others, none after it has left."""
    async with whole(tmp_path) as one:
        simulator, store, places = one.simulator, one.core.store, one.core.inbox.places
        [server, room] = [("discord", GUILD, channel) for channel in ("", CHANNEL)]

        async def names() -> dict[str, tuple[str, bool]]:
            await one.core.inbox.background.drain()
            found = await store.find_places([server, room, ("discord", "", DM)])
            return {place.channel: (place.name, place.is_private) for place in found.values()}

        simulator.private.add(CHANNEL)
        await simulator.rename_channel(CHANNEL, "雪 board")
        assert await names() == {}
        asked = await one.mention("hello")
        await one.see(asked, "re: hello")
        await simulator.say(DM, "hello")
        await simulator.say(asked, "and in the thread?")
        await one.see(asked, "re: and in the thread?")
        assert await names() == {"": ("Lab", False), CHANNEL: ("雪 board", True)}
        simulator.private.clear()
        await simulator.rename_channel(CHANNEL, "board")
        await one.see(await one.mention("once more"), "re: once more")  # the new name has come before it
        assert await names() == {"": ("Lab", False), CHANNEL: ("board", False)}
        await simulator.deny_everybody(VIEW)
        await one.see(await one.mention("among us"), "re: among us")
        assert await names() == {"": ("Lab", False), CHANNEL: ("board", True)}
        places.seen.clear()  # as every day, or by a start
        await simulator.deny_everybody(0)
        await one.see(await one.mention("the last one"), "re: the last one")
        assert await names() == {"": ("Lab", False), CHANNEL: ("board", False)}
        assert room in places.seen
        await simulator.remove_app()
        await simulator.say(DM, "still there?")
        await one.see(DM, "re: still there?")
        assert room not in places.seen
        assert await names() == {}
