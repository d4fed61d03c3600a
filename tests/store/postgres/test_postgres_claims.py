"""Claims on PostgreSQL: what they read, whom they wake, and databases in which events waited before."""

import asyncio
import re
import time
from itertools import takewhile

import pytest
from pydantic import SecretStr

from bot.models import Answer, Job, Lane
from bot.ports import Store
from tests.support.database.postgres import connected, empty_url, server, url
from tests.support.database.store import ADAPTERS, LANES, answer, claim, event

pytest.importorskip("asyncpg")
from bot.store.migrations.scripts import find_pending
from bot.store.postgres import schema, statements
from bot.store.postgres.connection import BY_INDEX
from bot.store.postgres.store import PostgresStore
from bot.store.shared.sql import to_numbered
from bot.store.timing import StoreTiming

__all__ = ["empty_url", "server", "url"]

#: Pages that a claim may read: those of some steps of indexes, and of the rows that it writes.
PAGES = 250
#: Waiting events of 500 people: half of them in lanes of their own, half in five lanes.
FILL = """
INSERT INTO events (
    adapter, id, conversation, lane, lane_key, command, actor, channel, replaces, received_at, event)
SELECT 'one', 'w' || n, key, 'conversation', key, '', 'person' || n % 500, '', '', 0, '{}'
FROM (SELECT n, 'k' || CASE WHEN n % 2 = 0 THEN n ELSE n % 10 END AS key FROM generate_series(1, $1) AS n) AS new
"""


async def test_a_claim_reads_some_rows_whatever_waits(url: SecretStr) -> None:
    """Of 20,000 events, in many lanes and in few, the next is found by some steps of indexes."""
    text, names = to_numbered(statements.CLAIM)
    now = time.time()
    given = {
        "owner": 1,
        "numbers": [],
        "now": now,
        "bound": now + 300,
        "lanes": list(LANES),
        "slots": [2] * len(LANES),
        "most": 1,
        "occupied": [],
    }
    given |= {"adapters": list(ADAPTERS), "channel": "other"}
    arguments = [given[name] for name in names]
    async with connected(url) as db:
        for name, value in BY_INDEX.items():
            await db.execute(f"SET {name} = {value}")
        await db.execute(FILL, 20_000)
        claims = 0
        while await db.fetchval("SELECT EXISTS (SELECT FROM arrivals)"):  # what has just come is looked at one by one
            await db.fetch(text, *arguments)
            claims += 1
        assert await db.fetchval("SELECT count(*) FROM heads") == 10_000 + 5 - claims
        plan = await db.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {text}", *arguments)
        assert await db.fetchval("SELECT count(*) FROM events WHERE owner = 1") == claims + 1
    pages = re.findall(r"shared hit=(\d+)", "\n".join(line for (line,) in plan))
    assert int(pages[0]) < PAGES


async def test_the_plans_of_an_events_life_are_kept(url: SecretStr) -> None:
    """None is made anew for the arrays of an event, whose length a plan could depend on."""
    sql = "SELECT statement FROM pg_prepared_statements WHERE custom_plans > 0"
    async with PostgresStore(url) as store:
        for n in range(3):
            await answer(store, event(f"{n}"))
        writers = (store._writer, store._recording)
        found = [*await asyncio.gather(*(writer.submit(lambda db: db.rows(sql)) for writer in writers))]
        async with store._lease.connection() as db:
            found.append(await db.rows(sql))
    assert found == [[], [], []]


async def test_the_history_of_a_new_conversation_is_not_read(url: SecretStr) -> None:
    """Once, by the event that begins it: the claim has looked whether there is any."""
    write = "INSERT INTO contexts (adapter, conversation, summary) VALUES ('one', $1, 'unheard of')"
    async with PostgresStore(url) as store, connected(url) as db:
        for name in ("new", "known"):
            await store.record(event(name, conversation=name), lane=Lane.CONVERSATION)
        await db.execute(write, "known")
        for _ in range(2):
            await claim(store)
        await db.execute(write, "new")
        found = [(await store.context("one", name, limit=9)).summary for name in ("known", "new", "new")]
    assert found == ["unheard of", "", "unheard of"]


async def test_what_waited_before_the_tables_of_claims_were_there_is_claimed(
    empty_url: SecretStr, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its order, what the process before had begun included; what waits for a time still does."""

    def find_earlier(*arguments: object) -> object:
        return list(takewhile(lambda one: "queues" not in one.script, find_pending(*arguments)))  # type: ignore[arg-type]

    monkeypatch.setattr(schema, "find_pending", find_earlier)
    async with PostgresStore(empty_url) as store, connected(empty_url) as db:
        for name, conversation in (("begun", "c"), ("next", "c"), ("later", "d"), ("elsewhere", "e")):
            await store.record(event(name, conversation=conversation), lane=Lane.CONVERSATION)
        await store.record(event("refused"), lane=Lane.OWN, answer=Answer(text="no"))
        await db.execute("UPDATE events SET owner = 999 WHERE id = 'begun'")
        await db.execute("UPDATE events SET ready_at = $1 WHERE id = 'later'", time.time() + 200)
    monkeypatch.undo()
    async with PostgresStore(empty_url) as store:
        jobs = {}
        while job := await store.claim(LANES, ADAPTERS):
            jobs[job.event.id] = job
        assert list(jobs) == ["begun", "elsewhere", "refused"]
        await store.complete(jobs["begun"])
        assert (await claim(store)).event.id == "next"
        await store.wake()
        assert (await claim(store)).event.id == "later"


async def test_another_process_is_woken_for_what_this_one_has_no_slot_for(url: SecretStr) -> None:
    """Not for what this one can take; where it has no slot left for what waits or comes, it says so once."""
    timing = StoreTiming(take_over=3600)  # nobody looks without being woken
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def next_job(store: Store) -> Job:
        job = None
        while job is None:
            await store.wait()
            job = await store.claim(LANES, ADAPTERS)
        return job

    async with (
        PostgresStore(url, timing=timing) as one,
        PostgresStore(url, timing=timing) as two,
        connected(url) as db,
        asyncio.timeout(200),
    ):
        await db.add_listener("channelmuse", lambda *told: heard.put_nowait(told[-1]))
        assert await two.claim(LANES, ADAPTERS) is None  # it looks no more by itself
        waiting = asyncio.create_task(next_job(two))
        assert await one.claim(LANES, ADAPTERS) is None
        for name in ("first", "second"):
            await one.record(event(name, conversation=name), lane=Lane.CONVERSATION)
        assert (await claim(one)).event.id == "first"
        assert not waiting.done()
        await one.claim([Lane.FREE], ADAPTERS)  # its slots are taken, and there is more
        assert (await waiting).event.id == "second"
        waiting = asyncio.create_task(next_job(two))
        third = event("third", conversation="third", prompt="long " * 100_000)
        await one.record(third, lane=Lane.CONVERSATION)
        await one.claim([Lane.FREE], ADAPTERS)
        assert (await waiting).event == third
        await db.execute("NOTIFY channelmuse, 'end'")
        told = []
        while (payload := await heard.get()) != "end":
            told.append(payload)
        assert told == ["events conversation"] * 2


async def test_what_waits_is_claimed_in_one_call(url: SecretStr) -> None:
    """As much as there are free slots for, however long; another process is woken for the rest by the same call."""
    timing = StoreTiming(take_over=3600)
    async with (
        PostgresStore(url, timing=timing) as one,
        PostgresStore(url, timing=timing) as two,
        asyncio.timeout(200),
    ):
        assert await two.claim_some({Lane.CONVERSATION: 1}, ADAPTERS) == []
        asked = [event(f"{n}", conversation=f"{n}", prompt="long " * 8_000 * (n % 2)) for n in range(6)]
        for one_asked in asked:
            await one.record(one_asked, lane=Lane.CONVERSATION)
        jobs = await one.claim_some({Lane.CONVERSATION: 5, Lane.FREE: 1}, ADAPTERS)
        assert [job.event for job in jobs] == asked[:5]
        await two.wait()
        assert [job.event for job in await two.claim_some({Lane.CONVERSATION: 1}, ADAPTERS)] == asked[5:]
