"""What is held in memory of conversations is what the table says."""

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.models import Job, Lane, Turn
from bot.ports import ConversationContext
from bot.store.shared.queries import StoreQueries
from bot.store.sqlite.in_memory.context_cache import ContextCache
from bot.store.sqlite.store import SqliteStore
from tests.support.database.store import answer, claim, event, outcome

PLACES = ("c", "d")
LIMITS = (0, 1, 3, 1000)
STEPS = ("ask", "ask", "ask", "again", "hold", "commit", "reset", "summary", "forget", "prune", "restart")


class Life:
    """Does what is asked of a store, one step after the other."""

    def __init__(self, path: Path, turns: int, size: int) -> None:
        self.open = partial(SqliteStore, path, context_turns=turns, context_size=size)
        self.store = self.open()
        self.held: list[Job] = []
        self.asked: dict[str, list[str]] = {place: [] for place in PLACES}

    async def run(self, steps: list[tuple[str, str]]) -> None:
        """Look at every conversation while a step is done, and compare with the table when it is."""
        await self.store.__aenter__()
        try:
            for number, (step, place) in enumerate(steps):
                looks = [asyncio.create_task(self.store.context("one", each, limit=3)) for each in PLACES]
                if number % 2:
                    await asyncio.sleep(0)
                if step == "restart":  # not under the feet of those who look
                    await asyncio.gather(*looks)
                await getattr(self, step)(f"e{number}", place)
                await asyncio.gather(*looks)
                await self.compare()
        finally:
            await self.store.__aexit__(None, None, None)

    async def compare(self) -> None:
        for place in PLACES:
            for limit in LIMITS:
                table = await StoreQueries.context(self.store, "one", place, limit=limit)
                assert await self.store.context("one", place, limit=limit) == table

    async def ask(self, name: str, place: str) -> None:
        await answer(self.store, event(name, conversation=place, prompt=f"{name} \ud83d?"), lane=Lane.FREE)
        self.asked[place].append(name)

    async def again(self, name: str, place: str) -> None:
        if self.asked[place]:
            first = self.asked[place][-1]
            await answer(self.store, event(name, conversation=place, replaces=first), lane=Lane.FREE)

    async def hold(self, name: str, place: str) -> None:
        assert await self.store.record(event(name, conversation=place), lane=Lane.FREE)
        self.held.append(await claim(self.store))

    async def commit(self, _name: str, _place: str) -> None:
        while self.held:
            job = self.held.pop()
            await self.store.commit(job, outcome(f"late {job.event.id}"))
            await self.store.complete(job)

    async def reset(self, name: str, place: str) -> None:
        assert await self.store.record(event(name, conversation=place), lane=Lane.FREE)
        job = await claim(self.store)
        await self.store.reset(job)
        await self.store.complete(job)

    async def summary(self, name: str, place: str) -> None:
        memory = await self.store.context("one", place, limit=1000)
        if memory.turns:
            turns = memory.turns[: len(memory.turns) // 2 + 1]
            await self.store.save_summary("one", place, f"summary of {name}", turns=turns, was=memory.summary)

    async def forget(self, _name: str, _place: str) -> None:
        await self.store.forget("one", "ann")

    async def prune(self, _name: str, _place: str) -> None:
        await self.store.prune(datetime.now(UTC) + timedelta(days=1))

    async def restart(self, _name: str, _place: str) -> None:
        """What was held is taken on again."""
        await self.store.__aexit__(None, None, None)
        self.store = self.open()
        await self.store.__aenter__()
        self.held = [await claim(self.store) for _ in self.held]


@pytest.mark.parametrize(
    ("seed", "turns", "size"), [(1, 100, 8_000_000), (2, 100, 8_000_000), (3, 3, 3000), (4, 3, 3000)]
)
async def test_what_is_held_is_what_the_table_says(tmp_path: Path, seed: int, turns: int, size: int) -> None:
    """After any sequence of writes a conversation's memory is the same from memory and from the table."""
    chance = random.Random(seed)
    life = Life(tmp_path / "bot.db", turns, size)
    await life.run([(chance.choice(STEPS), chance.choice(PLACES)) for _ in range(120)])


async def test_a_held_conversation_is_read_once() -> None:
    """Turns that are added are known without reading the table again; a change makes it read anew."""
    read: Counter[str] = Counter()
    held = ContextCache()

    async def get() -> ConversationContext:
        async def table(_limit: int) -> ConversationContext:
            read["c"] += 1
            return ConversationContext(turns=(Turn(role="user", content="one", seq=1),), total=1)

        return await held.get(("one", "c"), 40, table)

    await get()
    held.add_turns(("one", "c"), 1, [Turn(role="assistant", content="two", seq=2)])
    assert [turn.content for turn in (await get()).turns] == ["one", "two"]
    assert read["c"] == 1
    held.drop(("one", "c"))
    assert (await get()).total == 1
    assert read["c"] == 2


async def test_a_change_while_reading_is_not_lost() -> None:
    """What was read before a change, and came after it, is not held; nor is more than there is room for."""
    held = ContextCache(size=600)
    reading, go = asyncio.Event(), asyncio.Event()

    async def slow(_limit: int) -> ConversationContext:
        reading.set()
        await go.wait()
        return ConversationContext(summary="old")

    async def fast(_limit: int) -> ConversationContext:
        return ConversationContext(summary="new")

    first = asyncio.create_task(held.get(("one", "c"), 40, slow))
    await reading.wait()
    held.drop(("one", "c"))
    go.set()
    assert (await first).summary == "old"
    assert (await held.get(("one", "c"), 40, fast)).summary == "new"
    await held.get(("one", "d"), 40, fast)
    assert (await held.get(("one", "c"), 40, slow)).summary == "old"


async def test_a_new_conversation_is_not_read(tmp_path: Path) -> None:
    """Recording says that nothing was said there yet; a conversation of an earlier run is read once."""

    class CountingStore(SqliteStore):
        reads = 0

        async def rows(self, sql: str, /, **parameters: object) -> list[Any]:
            self.reads += "turns" in sql
            return await super().rows(sql, **parameters)

    async with CountingStore(tmp_path / "bot.db") as store:
        for number, name in enumerate(("first", "second"), 1):
            await answer(store, event(name), lane=Lane.FREE)
            assert len((await store.context("one", "c", limit=9)).turns) == 2 * number
        assert store.reads == 0
    async with CountingStore(tmp_path / "bot.db") as store:
        await answer(store, event("third"), lane=Lane.FREE)
        assert len((await store.context("one", "c", limit=9)).turns) == 6
        assert store.reads == 1
