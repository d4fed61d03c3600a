"""On PostgreSQL the limits hold over all processes, and after a restart."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from pydantic import SecretStr

from bot.errors import OverLimit
from bot.models import Actor, Answer, CommandSpec, Event, Lane, Option, QuotaRequest, Usage
from bot.policy import Policy
from bot.settings.core import Settings
from bot.store.shared.migrations import migrations
from tests.contract.store_contract import answer, claim, event, outcome
from tests.support.postgres import connected, server, url

pytest.importorskip("asyncpg")
from bot.store.postgres.store import PostgresStore

__all__ = ["server", "url"]
_numbers = count()
IMAGE = CommandSpec(
    name="image", description="Draw.", kind="image", options=(Option(name="n", description="How many", kind="integer"),)
)
DRAWING = Usage(kind="image", model="m", items=1, cost=0.25)


@pytest.fixture
async def stores(url: SecretStr) -> AsyncIterator[tuple[PostgresStore, PostgresStore]]:
    """Two processes' stores."""
    async with PostgresStore(url) as one, PostgresStore(url) as two, asyncio.timeout(60):
        yield one, two


Stores = tuple[PostgresStore, PostgresStore]


async def within(store: PostgresStore, asked: Event, demand: QuotaRequest) -> OverLimit | None:
    """Record a new event; the limit that it is over."""
    try:
        assert await store.record_within(asked, lane=Lane.FREE, demand=demand)
    except OverLimit as over:
        return over
    return None


async def burst(stores: Stores, demand: QuotaRequest, *, number: int, people: int = 1) -> list[OverLimit]:
    """Record that many through both stores at once; what was refused."""
    asked = (
        within(stores[n % 2], event(f"burst {next(_numbers)}", actor=f"p{n % people}"), demand) for n in range(number)
    )
    return [over for over in await asyncio.gather(*asked) if over is not None]


async def test_requests_a_minute(stores: Stores, url: SecretStr) -> None:
    """The limit is one person's over all processes; the refusal says when there is room, and then there is."""
    demand = QuotaRequest(kind="chat", requests_per_minute=7)
    refused = await burst(stores, demand, number=40, people=2)
    assert len(refused) == 40 - 2 * 7
    assert all(over.limit == "rate" and 0 < over.wait <= 60 for over in refused)
    async with connected(url) as connection:
        ago = "UPDATE allowances SET recent = ARRAY(SELECT extract(epoch FROM now()) - $1::integer FROM unnest(recent))"
        await connection.execute(ago, 30)
        over = await within(stores[0], event("soon", actor="p0"), demand)
        assert over is not None
        assert 0 < over.wait <= 30
        await connection.execute(ago, 60)
    assert await within(stores[1], event("later", actor="p0"), demand) is None


async def test_a_known_event_counts_once(stores: Stores) -> None:
    """Delivered to both processes, and again when the limit is reached, it is recorded and counted once."""
    demand = QuotaRequest(kind="chat", requests_per_minute=2)
    delivered = (store.record_within(event("e"), lane=Lane.FREE, demand=demand) for store in stores * 5)
    assert sorted(await asyncio.gather(*delivered)) == [False] * 9 + [True]
    assert await within(stores[0], event("f"), demand) is None
    assert not await stores[1].record_within(event("e"), lane=Lane.FREE, demand=demand)
    assert await within(stores[1], event("g"), demand)


async def test_what_is_refused_leaves_nothing(stores: Stores) -> None:
    """Who is over one limit is not counted against another, and nothing more waits to be answered."""
    demand = QuotaRequest(kind="image", items=1, requests_per_minute=2, media_per_day=1)
    assert await within(stores[0], event("e"), demand) is None
    for n in range(5):
        assert await within(stores[1], event(f"{n}"), demand)
    assert await within(stores[1], event("chat"), QuotaRequest(kind="chat", requests_per_minute=2)) is None
    assert (await stores[0].counts())["waiting"] == 2


async def test_media_a_day(stores: Stores, url: SecretStr) -> None:
    """What is being made counts, then what was made; what came to nothing is free again, after a restart too."""
    one, two = stores
    demand = QuotaRequest(kind="image", items=1, media_per_day=6)
    assert len(await burst(stores, demand, number=30)) == 24
    for used in ((DRAWING,), ()):
        await one.commit(await claim(one), outcome(usage=used))
    assert [await store.media_today("one", "p0") for store in stores] == [5, 5]
    over = await within(two, event("pair", actor="p0"), replace(demand, items=2))
    assert over is not None
    assert (over.limit, over.left) == ("media", 1)
    assert await within(two, event("last", conversation="stopped", actor="p0"), demand) is None
    assert await within(one, event("one too many", actor="p0"), demand)
    assert await within(one, event("another's", actor="eve"), demand) is None
    assert await one.cancel_waiting("one", "stopped", before=2**40, answer=Answer(text="Stopped.")) == 1
    async with PostgresStore(url) as restarted:
        assert await within(restarted, event("instead", actor="p0"), demand) is None
        assert await within(restarted, event("no more", actor="p0"), demand)


async def test_who_is_forgotten_gets_no_new_day(stores: Stores, url: SecretStr) -> None:
    """What was made today counts after it can't be told any more whose it was, until tomorrow."""
    one, two = stores
    for n in range(2):
        await answer(one, event(f"{n}"), outcome(usage=(DRAWING,)))
        await two.forget("one", "ann")
    assert not await one.usage(since=datetime.now(UTC), actor="ann")
    demand = QuotaRequest(kind="image", items=1, media_per_day=2)
    assert await within(two, event("e"), demand)
    async with connected(url) as connection:
        await connection.execute("UPDATE allowances SET day = day - 1")
        assert await within(two, event("e"), demand) is None
        await one.prune(datetime.now(UTC) - timedelta(days=1))
        assert not await connection.fetchval("SELECT count(*) FROM allowances")


async def test_money_a_day(stores: Stores, url: SecretStr) -> None:
    """Everybody's, in all processes: what was spent, and at the dearest price what is being made."""
    one, two = stores
    await answer(one, event("dear"), outcome(usage=(DRAWING,)))
    await answer(two, event("cheap"), outcome(usage=(replace(DRAWING, cost=0.05),)))
    demand = QuotaRequest(kind="image", items=1, budget_per_day=1.2)
    refused = await burst(stores, demand, number=30, people=30)
    assert len(refused) == 30 - 3
    assert {over.limit for over in refused} == {"money"}
    job = await claim(two)
    await two.commit(job, outcome())
    await two.add_usage(job, (Usage(kind="chat", model="m", cost=0.2),))
    async with PostgresStore(url) as restarted:
        assert await within(restarted, event("e"), demand)
        assert await within(restarted, event("e"), replace(demand, budget_per_day=1.26)) is None


async def test_the_first_of_a_kind_finds_out_the_price(stores: Stores) -> None:
    """While no price is known one request at a time is admitted by all processes; then the price decides."""
    demand = QuotaRequest(kind="video", items=1, budget_per_day=1.0)
    refused = await burst(stores, demand, number=20, people=20)
    assert [over.limit for over in refused] == ["price"] * 19
    await stores[1].commit(await claim(stores[1]), outcome(usage=(Usage(kind="video", model="m", items=1, cost=0.3),)))
    assert len(await burst(stores, demand, number=20, people=20)) == 18


async def test_an_event_that_is_revised_counts_once_more(stores: Stores) -> None:
    """Its new files count in place of the old ones; an edit that is over a limit changes nothing."""
    one, two = stores
    demand = QuotaRequest(kind="image", items=3, requests_per_minute=3, media_per_day=4)
    assert await within(one, event("e"), demand) is None
    for items in (4, 2):
        await two.admit(event("e"), replace(demand, items=items))
        assert await one.media_today("one", "ann") == items
    with pytest.raises(OverLimit):
        await two.admit(event("e"), replace(demand, items=1))
    assert await one.media_today("one", "ann") == 2


async def test_the_policy_asks_the_store(stores: Stores) -> None:
    """Two processes' policies tell the same: what is left, and why an edit or a stranger's request is refused."""
    settings = Settings(_env_file=None, bot_requests_per_minute=0, bot_media_per_day=3)  # type: ignore[call-arg]
    here, there = (Policy(settings, store) for store in stores)
    asked = event("e", options={"n": "2"}, actor="ann")
    demand = here.demand(asked, IMAGE)
    assert demand == QuotaRequest(kind="image", items=2, media_per_day=3)
    assert here.demand(asked, CommandSpec(name="stop", description="Stop.", kind="image")) is None
    assert here.demand(asked, CommandSpec(name="chat", description="Talk.", kind="chat")) is None
    assert await within(stores[0], asked, demand) is None
    assert "1 left" in " ".join(await there.allowance("one", "ann", "en"))
    assert await there.check_again(replace(asked, options={"n": "3"}), IMAGE) is None
    refusal = await here.check_again(replace(asked, options={"n": "4"}), IMAGE)
    assert refusal is not None
    assert "3 left" in refusal.text
    stranger = replace(asked, actor=Actor(id="eve", is_stranger=True))
    assert [here.refusal(stranger, OverLimit("media")).silent for _ in range(2)] == [False, True]


async def test_an_older_database_knows_what_was_spent(url: SecretStr) -> None:
    """What was used before limits were counted in the database counts, and so do its prices."""
    async with connected(url) as connection:
        await connection.execute(migrations("postgres")[0].script)
        await connection.execute("CREATE TABLE schema_version (version integer); INSERT INTO schema_version VALUES (1)")
        hour = int(datetime.now(UTC).timestamp() // 3600)
        row = "INSERT INTO usage VALUES ($1, 'one', 'ann', 'room', 'image', 'm', 2, 0, 0, 4, 1.0)"
        await connection.execute(row, hour)
    async with PostgresStore(url) as store:
        demand = QuotaRequest(kind="image", items=1, budget_per_day=1.2)
        over = await within(store, event("e"), demand)
        assert over is not None
        assert over.limit == "money"
        assert await within(store, event("e"), replace(demand, budget_per_day=1.25)) is None
        assert await store.media_today("one", "ann") == 5
