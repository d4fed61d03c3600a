"""The cockpit's rights are those that people have on Discord now."""

from pathlib import Path

from bot.ports import RequestFilter
from simulators.discord.values import ADA, BOB, GUILD
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
        [row] = await one.core.store.list_requests(RequestFilter(actor=BOB), limit=9)
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
