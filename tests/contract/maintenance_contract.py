"""The promises of every store about erasing data, and about processes."""

import asyncio
import os
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.models import Lane, Location, Turn, Usage
from bot.ports import AuditEntry, Owner, Schedule, Store, within
from tests.support.database.store import (
    ADAPTERS,
    LANES,
    NOW,
    StoreSuite,
    answer,
    claim,
    event,
    outcome,
    picture,
    said,
    summarize,
)


class MaintenanceContract(StoreSuite):
    async def test_one_process_has_all_that_is_shared_out(self, store: Store) -> None:
        """It is the only one, and known by its process id."""
        async with aclosing(store.share("thing", 3)) as changes:
            async for held in changes:  # where the database is slow, none at first
                if held == {0, 1, 2}:
                    break
        [process] = await store.processes()
        assert process.name.endswith(f":{os.getpid()}")

    async def test_odd_text_is_found_and_erased(self, store: Store) -> None:
        """NUL, quotes and field names in texts keep neither files from being found nor a person from erasure."""
        odd = 'nul \0, "media":[{"a":1}], "actor":"bob", \ud800'
        for name, media in (("e0", [picture("a.png")]), ("e1", [])):
            await answer(store, event(name, prompt=odd), outcome(odd, user=odd, media=media))
        assert [media.name for _, media in await store.recent_media("one", "ann", limit=9)] == ["a.png"]
        await store.record(event("e2", prompt=odd), lane=Lane.CONVERSATION)
        asking = await claim(store)
        by_bob = Turn(role="user", content="hi", speaker="Bob", actor="bob")
        await answer(store, event("e3", conversation="d"), replace(outcome(), turns=(by_bob, *outcome(odd).turns)))
        await store.forget("one", "bob")
        assert await said(store, "d") == ["asked", odd.replace("\ud800", "\ufffd")]
        assert len(await said(store)) == 4
        assert [media.name for media in await store.forget("one", "ann")] == ["a.png"]
        await store.commit(asking, outcome(odd, media=[picture("b.png")]))
        await store.complete(asking)
        assert await said(store) == []
        assert [media.name for media in await store.erase_forgotten(asking)] == ["b.png"]
        assert list(await store.erase_forgotten(asking)) == []
        assert list(await store.prune(datetime.now(UTC) + timedelta(days=1))) == []

    async def test_what_a_process_left_of_a_forgotten_person_goes(self, store: Store) -> None:
        """A process that ends between `complete` and `erase_forgotten` leaves an answer, which a prune erases."""
        await store.record(event("e"), lane=Lane.CONVERSATION)
        asking = await claim(store)
        await store.forget("one", "ann")
        await store.commit(asking, outcome(media=[picture("a.png")]))
        await store.complete(asking)
        long_ago = datetime(2000, 1, 1, tzinfo=UTC)
        assert [media.name for media in await store.prune(long_ago)] == ["a.png"]
        assert list(await store.prune(long_ago)) == []

    async def test_forgetting_reaches_what_others_read_along(self, store: Store) -> None:
        """A person's words in another's question go, with the summary that may have them; the question stays."""
        read_along = Turn(role="user", content="secret", speaker="Ann", actor="ann")
        asked = outcome("yes", user="and you?")
        await answer(store, event("e", actor="bob"), replace(asked, turns=(read_along, *asked.turns)))
        await summarize(store, "Ann told a secret.", turns=1)
        await store.forget("one", "ann")
        context = await store.context("one", "c", limit=9)
        assert (context.summary, [turn.content for turn in context.turns]) == ("", ["and you?", "yes"])
        assert "secret" not in str([turn async for turn in store.transcript("one", "c")])

    async def test_what_is_written_meanwhile_goes_too(self, tmp_path: Path) -> None:
        """Nothing that a person's running requests store after the person's erasure is kept; that of others is."""
        here, there = Location(workspace="w", channel="room"), Location(workspace="v", channel="hall")
        async with self.open(tmp_path) as store:
            await answer(store, event("b0", actor="person-bob"), outcome("drawn"))
            await answer(store, event("a0", actor="person-ann"), outcome("yes", user="secret of ann"))
            folded = (await store.context("one", "c", limit=9)).turns
            await answer(store, event("b1", actor="person-bob", location=here, conversation="d"), outcome("done"))
            running = {}
            for name, actor, place in (("mine", "ann", here), ("elsewhere", "bob", there), ("theirs", "bob", here)):
                asked = event(name, actor=f"person-{actor}", conversation=name, location=place)
                assert await store.record(asked, lane=Lane.OWN)
                running[name] = await claim(store)
            await store.forget("one", "person-ann")
            await store.forget("one", "person-bob", workspace="w")
            values = store.namespace("visits")
            for name, job in running.items():
                asked = job.event
                await values.set(name, asked.actor.id, owner=Owner.of(asked))
                again = Schedule(id=name, event=asked, when="daily", zone="UTC", due=NOW)
                assert await store.add_schedule(again, most=9, most_here=9) == (name == "elsewhere")
                await store.add_feedback("b0", asked, is_good=name == "elsewhere")
                entry = AuditEntry(adapter="one", actor=asked.actor.id, action=name, event=name)
                await store.add_audit(entry)
            await store.save_summary("one", "c", "Ann told a secret of ann.", turns=folded, was="")
            assert await values.items() == {"elsewhere": "person-bob"}
            assert await store.feedback_counts() == {"one": (1, 0)}
            acts = {entry.action: entry.actor for entry in await store.audit("one", limit=9)}
            assert acts == {"mine": "", "elsewhere": "person-bob", "theirs": ""}
            assert (await store.context("one", "c", limit=9)).summary == ""
            for job in running.values():
                await store.commit(job, outcome("late"))
                await store.complete(job)
            assert await store.claim(LANES, ADAPTERS) is None
        left = str(await self.tables(tmp_path))
        assert "person-bob" in left
        assert "person-ann" not in left
        assert "secret of ann" not in left

    async def test_forgetting_a_person_in_one_workspace(self, store: Store) -> None:
        """What is of the workspace goes: requests, answers, films, words read along, usage; the rest and settings stay.

        Once nothing is left elsewhere, everything goes.
        """
        used = [Usage(kind="image", model="p", items=1)]
        here, there = Location(workspace="w", channel="x"), Location(workspace="v", channel="y")
        await answer(store, event("here", location=here), outcome("a", media=[picture("a.png")], usage=used))
        await answer(store, event("there", conversation="d", location=there), outcome("b", usage=used))
        await store.namespace("person").set("x", "y", owner=Owner(adapter="one", actor="ann"))
        visits = [store.namespace(within(workspace, "visits")) for workspace in ("w", "v")]
        for namespace in visits:
            await namespace.set("x", "y", owner=Owner(adapter="one", actor="ann"))
        films = store.namespace("films")
        for actor, conversation in (("ann", "c"), ("ann", "d"), ("bob", "c")):
            owner = Owner(adapter="one", actor=actor, conversation=conversation)
            await films.set(f"{actor} {conversation}", "a plan", owner=owner)
        read_along = Turn(role="user", content="secret", speaker="Ann", actor="ann")
        for name, conversation, place in (("b1", "c", here), ("b2", "d", there)):
            asked = outcome("yes", user=name)
            by_bob = event(name, actor="bob", conversation=conversation, location=place)
            await answer(store, by_bob, replace(asked, turns=(read_along, *asked.turns)))
        await store.record(event("waiting", conversation="e", location=here), lane=Lane.OWN)
        await store.record(event("stays", conversation="f", location=there), lane=Lane.OWN)
        assert await store.people("one", workspace="w") == {"ann", "bob"}
        assert await store.people("one", workspace="u") == frozenset()
        found = [job.event.id async for job in store.requests("one", "ann", workspace="w")]
        assert found == ["here", "waiting"]
        assert list(await store.forget("one", "ann", workspace="w")) == [picture("a.png")]
        assert await said(store, "c") == ["b1", "yes"]
        assert await said(store, "d") == ["asked", "b", "secret", "b2", "yes"]
        assert [job.event.id async for job in store.requests("one", "ann")] == ["there", "stays"]
        assert await store.people("one", workspace="w") == {"bob"}
        assert await store.namespace("person").items() == {"x": "y"}
        assert set(await films.items()) == {"ann d", "bob c"}
        assert [await namespace.items() for namespace in visits] == [{}, {"x": "y"}]
        since = NOW - timedelta(days=9)
        sums = await store.usage_sums(("workspace", "person"), since=since, adapter="one")
        assert [one.fields for one in sums] == [("v", "ann"), ("w", "")]
        waiting = await claim(store)
        assert waiting.event.id == "stays"
        await store.complete(waiting)
        assert await store.claim(LANES, ADAPTERS) is None
        assert list(await store.forget("one", "ann", workspace="v")) == []
        assert await store.namespace("person").items() == {}
        assert await store.people("one") == {"bob"}

    async def test_forgetting_a_person(self, tmp_path: Path) -> None:
        """Their turns, contents, summaries, settings and waiting events go, others' stay; usage names them no more."""
        usage = [Usage(kind="image", model="p", items=1)]
        async with self.open(tmp_path) as store:
            await answer(store, event("a0"), outcome("drawn", media=[picture("p.png")], usage=usage))
            await answer(store, event("b0", actor="bob"), outcome("hi bob", usage=usage))
            await summarize(store, "Ann and Bob talked", turns=1)
            await store.namespace("person").set("x", "y", owner=Owner(adapter="one", actor="ann"))
            await store.namespace("person").set("z", "y", owner=Owner(adapter="one", actor="bob"))
            await store.record(event("forget"), lane=Lane.CONVERSATION)
            asking = await claim(store)
            await store.record(event("waiting"), lane=Lane.CONVERSATION)
            assert list(await store.forget("one", "ann")) == [picture("p.png")]
            assert list(await store.forget("one", "ann")) == []
            assert await store.commit(asking, outcome("forgotten"))
            await store.complete(asking)
            assert await store.claim(LANES, ADAPTERS) is None
            assert await said(store) == ["asked", "hi bob"]
            assert (await store.context("one", "c", limit=9)).summary == ""
            assert await store.namespace("person").items() == {"z": "y"}
            since = datetime.now(UTC) - timedelta(days=1)
            assert await store.usage(since=since, actor="ann") == []
            assert [row.items for row in await store.usage(since=since, adapter="one")] == [2]
        async with self.open(tmp_path) as store:
            assert await store.claim(LANES, ADAPTERS) is None
            for name in ("a0", "forget", "waiting"):
                assert await store.job("one", name) is None
                assert not await store.record(event(name), lane=Lane.CONVERSATION)
            assert await store.job("one", "b0") is not None

    async def test_pruning_erases_older_events_with_all_that_is_theirs(self, store: Store) -> None:
        """What is older goes with its turns, contexts and media, in any number; newer and unfinished events stay.

        A conversation that is older in part keeps its summary.
        """
        old = NOW - timedelta(days=100)
        await answer(store, event("new", conversation="both"), outcome(media=[picture("new.png")]))
        await store.record(event("unfinished", received_at=old), lane=Lane.CONVERSATION)
        unfinished = await claim(store)
        asked = [event(f"old{n}", conversation=f"{n % 50}", received_at=old) for n in range(450)]
        asked.append(event("old450", conversation="both", received_at=old))
        await asyncio.gather(*(store.record(one, lane=Lane.CONVERSATION) for one in asked))

        async def work() -> None:
            while job := await store.claim(LANES, ADAPTERS):
                await store.commit(job, outcome(media=[picture(f"{job.event.id}.png")]))
                await store.complete(job)

        await asyncio.gather(*(work() for _ in range(50)))
        await summarize(store, "old times", "0")
        await summarize(store, "both times", "both", turns=1)
        media = await store.prune(NOW - timedelta(days=90))
        assert {item.name for item in media} == {f"old{n}.png" for n in range(451)}
        assert (await store.context("one", "0", limit=9)).summary == ""
        assert (await store.context("one", "both", limit=9)).summary == "both times"
        assert await store.job("one", "old7") is None
        assert await said(store, "1") == []
        assert await said(store, "both") == ["yes"]  # the turn before it is in the summary
        await store.commit(unfinished, outcome())
        assert len(await store.prune(NOW - timedelta(days=90))) == 0

    async def test_a_place_is_pruned_alone(self, store: Store) -> None:
        """Of a channel or a workspace; what names it in words only stays, and so does what is newer or unfinished."""
        old = NOW - timedelta(days=9)
        places = {"a": ("C1", 'T"1'), "b": ("C2", 'T"1'), "c": ("C3", "T2"), "d": ("C1", 'T"1')}
        for name, (channel, workspace) in places.items():
            asked = event(
                name,
                conversation=name,
                prompt='"workspace":"T\\"1"',
                location=Location(channel=channel, workspace=workspace),
                received_at=NOW if name == "d" else old,
            )
            await answer(store, asked, outcome(media=[picture(f"{name}.png")]))
        before = NOW - timedelta(days=7)
        assert [media.name for media in await store.prune_place(before, adapter="one", channel="C1")] == ["a.png"]
        assert list(await store.prune_place(before, adapter="two", workspace="T2")) == []
        assert [media.name for media in await store.prune_place(before, adapter="one", workspace='T"1')] == ["b.png"]
        assert [name for name in places if await store.job("one", name)] == ["c", "d"]
        assert await said(store, "a") == []

    async def test_nothing_stays_of_anybody(self, tmp_path: Path) -> None:
        """When everybody is forgotten and everything is pruned, only what names nobody is in any table."""
        usage = [Usage(kind="image", model="p", items=1, cost=0.5)]
        async with self.open(tmp_path) as store:
            for name, actor in (("q1", "ann"), ("q2", "bob"), ("q3", "ann")):
                asked = event(f"event-{name}", conversation=f"conversation-{name}", actor=f"actor-{actor}")
                asked = replace(asked, location=Location(channel="hall", thread=f"thread-{name}"))
                job = await answer(store, asked, outcome("drawn", media=[picture("p.png")], usage=usage))
                await store.add_usage(job, usage)
                await summarize(store, f"summary of {name}", asked.conversation, turns=1)
                await store.add_feedback(asked.id, event("press", actor="actor-ann"), is_good=True)
                person = Owner(adapter="one", actor=asked.actor.id)
                conversation = Owner(adapter="one", conversation=asked.conversation)
                await store.namespace(f"person:{asked.actor.id}").set("language", "en", owner=person)
                await store.namespace(f"conversation:{asked.conversation}").set("read", asked.id, owner=conversation)
            await store.namespace("channel").set("system_prompt", "be kind")
            reset = event("event-reset", conversation="conversation-q1", actor="actor-ann")
            assert await store.record(reset, lane=Lane.CONVERSATION)
            job = await claim(store)
            await store.reset(job)
            await store.record(event("event-waiting", actor="actor-ann"), lane=Lane.CONVERSATION)
            await store.forget("one", "actor-ann")
            await store.forget("one", "actor-bob")
            await store.commit(job, outcome("late"))
            await store.complete(job)
            await store.prune(datetime.now(UTC) + timedelta(days=1))
        left = {name: rows for name, rows in (await self.tables(tmp_path)).items() if rows}
        assert left.keys() <= {"key_values", "usage", "spent", "allowances", "carried"}
        assert [row[:3] for row in left["key_values"]] == [("channel", "system_prompt", "be kind")]
        assert not any(mark in str(left) for mark in ("actor-", "event-", "conversation-", "thread-"))
