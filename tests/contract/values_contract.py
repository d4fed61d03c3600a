"""The promises of every store about values and usage."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from bot.models import Actor, Location, Usage
from bot.ports import Owner, Store, UsageField
from tests.support.database.store import NOW, StoreSuite, answer, event, outcome


class ValuesContract(StoreSuite):
    async def test_values_are_kept_by_namespace(self, tmp_path: Path) -> None:
        """Set, replaced, deleted; read at once and after a restart."""
        async with self.open(tmp_path) as store:
            a, b = store.namespace("a"), store.namespace("b")
            assert await a.items() == {}
            await a.set("model", "x")
            await a.set("model", "y")
            await a.set("gone", "z")
            await a.delete("gone")
            await a.delete("never there")
            await b.set("model", "w")
            assert await a.items() == {"model": "y"}
            assert [await b.get("model"), await b.get("gone")] == ["w", None]
            # of those who replace the same value at once, one does
            assert not await a.replace("never there", "z", was="")
            done = await asyncio.gather(*(a.replace("model", new, was="y") for new in ("1", "2")))
            assert sorted(done) == [False, True]
            assert await a.items() == {"model": "1" if done[0] else "2"}
            assert sorted(await asyncio.gather(*(a.replace("new", new, was=None) for new in "12"))) == [False, True]
            await a.delete("new")
            assert await a.replace("model", "y", was="1" if done[0] else "2", owner=Owner(adapter="one", actor="ann"))
        async with self.open(tmp_path) as store:
            assert await store.namespace("a").items() == {"model": "y"}

    async def test_values_expire(self, tmp_path: Path) -> None:
        """From then on a value is not there, whether it was read before or not; a new one has its own expiry."""
        now = datetime.now(UTC)
        async with self.open(tmp_path) as store:
            values = store.namespace("a")
            await values.set("past", "x", expires=now - timedelta(seconds=1))
            await values.set("later", "x", expires=now + timedelta(hours=1))
            await values.set("extended", "x", expires=now - timedelta(seconds=1))
            await values.set("extended", "y")
            assert not await values.replace("past", "y", was="x")
            assert not await values.replace("later", "y", was=None)
            assert await values.replace("past", "y", was=None, expires=now - timedelta(seconds=1))
            assert await values.items() == {"later": "x", "extended": "y"}
            soon = datetime.now(UTC) + timedelta(seconds=0.5)
            await values.set("soon", "x", expires=soon)
            assert await values.get("soon") == "x" or datetime.now(UTC) >= soon
            async with asyncio.timeout(120):
                while await values.get("soon") is not None:  # noqa: ASYNC110 - only the clock tells
                    await asyncio.sleep(0.02)
            assert await values.items() == {"later": "x", "extended": "y"}
        async with self.open(tmp_path) as store:
            assert await store.namespace("a").items() == {"later": "x", "extended": "y"}
            await store.prune(NOW - timedelta(days=1))
            assert await store.namespace("a").items() == {"later": "x", "extended": "y"}

    async def test_values_are_erased_with_their_owner(self, store: Store) -> None:
        """With the person who is forgotten, or the conversation of which nothing is left; others stay."""
        old = NOW - timedelta(days=100)
        await answer(store, event("e0", conversation="c", received_at=old))
        await answer(store, event("e1", conversation="d"))
        values = store.namespace("a")
        await values.set("ann", "x", owner=Owner(adapter="one", actor="ann"))
        await values.set("ann elsewhere", "x", owner=Owner(adapter="two", actor="ann"))
        await values.set("c", "x", owner=Owner(adapter="one", conversation="c"))
        await values.set("c of bob", "x", owner=Owner(adapter="one", conversation="c", actor="bob"))
        await values.set("d of ann", "x", owner=Owner(adapter="one", conversation="d", actor="ann"))
        await values.set("d", "x", owner=Owner(adapter="one", conversation="d"))
        await values.set("nobody's", "x")
        await store.prune(NOW - timedelta(days=90))
        assert set(await values.items()) == {"ann", "ann elsewhere", "d of ann", "d", "nobody's"}
        await store.forget("one", "ann")
        late = Owner(adapter="one", actor="ann", event="e1")
        assert not await values.replace("d", "y", was="x", owner=late)
        assert await values.items() == {"ann elsewhere": "x", "d": "x", "nobody's": "x"}

    async def test_usage_is_summed(self, store: Store) -> None:
        """By day, kind and model; filtered by person, adapter, channel and what channels' ids begin with."""
        chat = Usage(kind="chat", model="m", prompt_tokens=10, completion_tokens=5, cost=0.5)
        image = Usage(kind="image", model="p", items=2, cost=1)
        await answer(store, event("e0"), outcome(usage=[chat, image, chat]))
        await answer(store, event("e1", actor="bob", location=Location(channel="hall")), outcome(usage=[chat]))
        day = datetime.now(UTC).date().isoformat()
        since = datetime.now(UTC) - timedelta(hours=30)
        rows = {row.kind: row for row in await store.usage(since=since)}
        assert (rows["chat"].requests, rows["chat"].prompt_tokens, rows["chat"].cost) == (3, 30, 1.5)
        assert (rows["image"].items, rows["image"].cost) == (2, 1)
        assert day in {row.day for row in rows.values()}
        (bob,) = await store.usage(since=since, actor="bob", adapter="one")
        assert (bob.requests, bob.completion_tokens) == (1, 5)
        assert len(await store.usage(since=since, channel="room")) == 2
        assert [row.requests for row in await store.usage(since=since, adapter="one", within="ha")] == [1]
        assert await store.usage(since=since, within="h%") == []
        assert len(await store.usage(since=since, within="")) == 2
        assert await store.usage(since=since, adapter="two") == []
        assert await store.usage(since=datetime.now(UTC) + timedelta(hours=2)) == []

    async def test_usage_is_reported(self, store: Store) -> None:
        """By any fields, of a workspace, with the roles that people had; a forgotten person is nobody."""
        since = datetime.now(UTC) - timedelta(hours=30)
        chat = Usage(kind="chat", model="m \0", prompt_tokens=10, cost=0.5)
        image = Usage(kind="image", model="p", items=2, cost=1)
        ann = Actor(id="ann", name="Ann 雪", roles=("staff", "art \0"))
        here = Location(workspace="w", channel="room")
        await answer(store, replace(event("e0", location=here), actor=ann), outcome(usage=[chat, image]))
        await answer(store, event("e1", actor="bob", location=Location(workspace="v")), outcome(usage=[chat]))
        job = await answer(store, event("e2", actor="bob", location=here))
        await store.add_usage(job, [image])

        async def sums(*by: UsageField, **which: Any) -> list[tuple[Any, ...]]:
            found = await store.usage_sums(by, since=since, adapter="one", **which)
            return [(*one.fields, one.requests, one.prompt_tokens, one.items, one.cost) for one in found]

        assert await sums("person", "kind") == [
            ("ann", "chat", 1, 10, 0, 0.5),
            ("ann", "image", 1, 0, 2, 1.0),
            ("bob", "chat", 1, 10, 0, 0.5),
            ("bob", "image", 1, 0, 2, 1.0),
        ]
        assert await sums("roles", workspace="w") == [("", 1, 0, 2, 1.0), ("art \0\nstaff", 2, 10, 2, 1.5)]
        assert await sums("model", actor="ann") == [("m \0", 1, 10, 0, 0.5), ("p", 1, 0, 2, 1.0)]
        assert await sums("workspace", "channel", workspace="v") == [("v", "", 1, 10, 0, 0.5)]
        assert {day for day, *_ in await sums("day")} <= {day.isoformat() for day in _days()}
        for zone in (timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))):
            today = datetime.now(zone).date()
            found = await store.usage_sums(["day"], since=since, adapter="one", zone=zone)
            assert {one.fields[0] for one in found} <= {(today - timedelta(days=n)).isoformat() for n in range(2)}
            assert sum(one.requests for one in found) == 4
        assert await store.names("one", ["ann", "bob", "nobody"]) == {"ann": "Ann 雪", "bob": "Bob"}
        await store.forget("one", "ann")
        assert await sums("person", workspace="w") == [("", 2, 10, 2, 1.5), ("bob", 1, 0, 2, 1.0)]
        assert await store.names("one", ["ann"]) == {}


def _days() -> tuple[date, date]:
    """Return the days on which a test that ends now may have begun."""
    today = datetime.now(UTC).date()
    return today - timedelta(days=1), today
