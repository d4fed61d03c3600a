"""The promises of every store about the life of an event."""

import asyncio
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import OwnershipLost
from bot.models import Answer, Attachment, Job, Lane, Usage
from bot.ports import QueuePlace, Store
from bot.store.sqlite.store import SqliteStore
from tests.support.database.store import ADAPTERS, LANES, NOW, StoreSuite, answer, claim, event, outcome, said


class EventQueueContract(StoreSuite):
    async def test_an_event_comes_back_as_it_was_recorded(self, tmp_path: Path) -> None:
        """What is claimed equals what was recorded, also after a restart."""
        asked = event(
            "e\0\u96ea",
            conversation='"c\\',
            prompt='nul \0 quote " 雪 \U0001f98a',
            options={"size": "512x512", "": ""},
            attachments=(Attachment(name="a.txt", size=4, source={"url": "x"}),),
            reply_to={"thread": "1.2"},
            replaces="e0",
            rejection="no",
        )
        async with self.open(tmp_path) as store:
            assert await store.record(asked, lane=Lane.CONVERSATION)
            assert (await claim(store)).event == asked
        async with self.open(tmp_path) as store:
            assert (await claim(store)).event == asked

    async def test_an_event_is_recorded_once(self, tmp_path: Path) -> None:
        """A known (adapter, id) changes nothing: at once, when finished, after a restart, or twice at a time."""
        async with self.open(tmp_path) as store:
            first = await asyncio.gather(*(store.record(event("e"), lane=Lane.CONVERSATION) for _ in range(5)))
            assert sorted(first) == [False] * 4 + [True]
            assert [await store.is_recorded("one", name) for name in ("e", "f")] == [True, False]
            job = await claim(store)
            assert not await store.record(event("e", prompt="other"), lane=Lane.FREE)
            await store.commit(job, outcome())
            await store.complete(job)
            assert not await store.record(event("e"), lane=Lane.CONVERSATION)
            assert await store.record(event("e", adapter="two"), lane=Lane.CONVERSATION)
        async with self.open(tmp_path) as store:
            assert not await store.record(event("e"), lane=Lane.CONVERSATION)
            assert await store.claim(LANES, ADAPTERS) is None

    async def test_odd_text_never_breaks_the_store(self, store: Store) -> None:
        """A lone surrogate becomes U+FFFD and NUL stays, whichever field they are in."""
        job = await answer(
            store,
            event("\ud800", conversation="\udc00c", actor="\0a", prompt="x\ud800y", command="\0"),
            outcome("\ud83d\0", usage=[Usage(kind="chat", model="m\ud800")]),
        )
        assert job.event.id == "\ud800"
        found = await store.job("one", "\ud800")
        assert found is not None
        assert found.event.prompt == "x\ufffdy"
        assert found.answer == Answer(text="\ufffd\0")
        memory = await store.context("one", "\udc00c", limit=5)
        assert [turn.content for turn in memory.turns] == ["asked", "\ufffd\0"]
        assert not await store.record(event("\ud800"), lane=Lane.FREE)
        assert await store.record(event("\ud801"), lane=Lane.FREE)
        await store.namespace("\ud800").set("\0", "\ud800\0")
        assert await store.namespace("\ud800").items() == {"\0": "\ufffd\0"}

    async def test_events_of_a_conversation_run_in_the_order_of_recording(self, store: Store) -> None:
        """One at a time, oldest first, whoever asks; another conversation does not wait."""
        for n, actor in enumerate(["ann", "bob", "ann"]):
            await store.record(event(str(n), actor=actor), lane=Lane.CONVERSATION)
        await store.record(event("other", conversation="d"), lane=Lane.CONVERSATION)
        order = []
        first = await claim(store)
        second = await claim(store)
        assert {first.event.id, second.event.id} == {"0", "other"}
        assert await store.claim(LANES, ADAPTERS) is None
        await store.complete(second if first.event.id == "0" else first)
        job: Job | None = first if first.event.id == "0" else second
        while job is not None:
            order.append(job.event.id)
            assert await store.claim(LANES, ADAPTERS) is None
            await store.complete(job)
            job = await store.claim(LANES, ADAPTERS)
        assert order == ["0", "1", "2"]

    async def test_lanes_of_their_own(self, store: Store) -> None:
        """OWN waits for the same person's same command in a conversation only; FREE for nothing."""
        await store.record(event("chat"), lane=Lane.CONVERSATION)
        await store.record(event("image", command="image"), lane=Lane.OWN)
        await store.record(event("image again", command="image"), lane=Lane.OWN)
        await store.record(event("video", command="video"), lane=Lane.OWN)
        await store.record(event("bob's", command="image", actor="bob"), lane=Lane.OWN)
        await store.record(event("stop"), lane=Lane.FREE)
        await store.record(event("stop again"), lane=Lane.FREE)
        taken = set()
        while job := await store.claim(LANES, ADAPTERS):
            taken.add(job.event.id)
        assert taken == {"chat", "image", "video", "bob's", "stop", "stop again"}

    async def test_only_what_is_asked_for_is_claimed(self, store: Store) -> None:
        """Events of other kinds of lane, or of adapters that can't deliver, stay."""
        await store.record(event("slow"), lane=Lane.OWN)
        await store.record(event("away", adapter="two"), lane=Lane.CONVERSATION)
        assert await store.claim([Lane.CONVERSATION, Lane.FREE], ADAPTERS) is None
        assert await store.claim([], ADAPTERS) is None
        assert (await claim(store, [Lane.OWN])).event.id == "slow"
        job = await store.claim(LANES, ["one", "two"])
        assert job is not None
        assert job.event.id == "away"

    async def test_several_are_claimed_for_free_slots(self, store: Store) -> None:
        """No more than there are slots of a kind, each of them as if claimed alone; the others can be claimed later."""
        for name, actor in (("a1", "a"), ("a2", "a"), ("b1", "b"), ("a3", "a")):
            await store.record(event(name, conversation=name, actor=actor), lane=Lane.CONVERSATION)
        await store.record(event("a1 next", conversation="a1", actor="c"), lane=Lane.CONVERSATION)
        await store.record(event("image", command="image", actor="d"), lane=Lane.OWN)
        free, taken = Counter({Lane.CONVERSATION: 3, Lane.OWN: 2}), list[Job]()
        while jobs := await store.claim_some(+free, ADAPTERS):
            free.subtract(Lane.OWN if job.event.command == "image" else Lane.CONVERSATION for job in jobs)
            taken += jobs
        assert [job.event.id for job in taken if job.event.command != "image"] == ["a1", "b1", "a2"]
        assert len(taken) == 4
        for job in taken:
            await store.complete(job)
        assert {(await claim(store)).event.id for _ in range(2)} == {"a3", "a1 next"}

    async def test_people_take_turns(self, store: Store) -> None:
        """One person's queue delays another's first request by what already runs, no more."""
        for n in range(20):
            await store.record(event(f"a{n}", conversation=f"a{n}"), lane=Lane.CONVERSATION)
        await store.complete(await claim(store))
        for n in range(3):
            await store.record(event(f"b{n}", conversation=f"b{n}", actor="bob"), lane=Lane.CONVERSATION)
        order = []
        for _ in range(7):
            job = await claim(store)
            order.append(job.event.id)
            await store.complete(job)
        assert order == ["b0", "a1", "b1", "a2", "b2", "a3", "a4"]

    async def test_places_in_the_queue(self, store: Store) -> None:
        """They are those in which events are claimed, between people in turn, as long as all slots are taken.

        In a conversation whose earlier request runs, only its own count. What is done, runs or is delayed has none.
        """
        for name, actor in (("a0", "ada"), ("a1", "ada"), ("b0", "bob"), ("b1", "bob"), ("c0", "cleo"), ("a2", "ada")):
            await store.record(event(name, conversation=name, actor=actor, command="image"), lane=Lane.OWN)
        for name in ("first", "chat", "joined"):
            await store.record(event(name, conversation="talk", actor="dan"), lane=Lane.CONVERSATION)
        running = await claim(store, [Lane.OWN])
        await claim(store, [Lane.CONVERSATION])
        names = ("a0", "a1", "a2", "b0", "b1", "c0", "first", "chat", "joined")
        places = dict(await store.places([("one", name) for name in (*names, "unknown")]))
        talk = {name: places.pop(("one", name)) for name in ("chat", "joined")}
        assert talk == {
            "chat": QueuePlace(number=1, running=1, follows=True),
            "joined": QueuePlace(number=2, running=1, follows=True),
        }
        order = [(await claim(store, [Lane.OWN])).event.id for _ in range(5)]
        assert sorted(places, key=lambda key: places[key].number) == [("one", name) for name in order]
        assert order == ["b0", "c0", "a1", "b1", "a2"]
        assert sorted(place.number for place in places.values()) == [1, 2, 3, 4, 5]
        assert {(place.running, place.follows) for place in places.values()} == {(1, False)}
        assert running.event.id == "a0"
        await store.retry(running, 60)
        assert await store.places([("one", name) for name in names[:6]]) == {}

    async def test_what_is_posted_for_a_waiting_event_is_known_to_who_claims_it(self, store: Store) -> None:
        """Its job has a reference, of its place alone; a try's own stays. Nothing is posted for what does not wait."""
        for name in ("first", "second"):
            await store.record(event(name), lane=Lane.CONVERSATION)
        running = await claim(store)
        await store.confirm_waiting("one", "second")
        await store.confirm_waiting("one", "second", is_posted=True)
        with pytest.raises(OwnershipLost):
            await store.confirm_waiting("one", "first", is_posted=True)
        with pytest.raises(OwnershipLost):
            await store.confirm_waiting("one", "unknown")
        await store.complete(running)
        job = await claim(store)
        assert (running.ref, job.event.id, job.ref, job.is_repeated) == (None, "second", "", False)
        await store.release(job)
        job = await claim(store)
        assert (job.ref, job.is_repeated) == ("", False)
        await store.save_draft(job, "")
        await store.release(job)
        job = await claim(store)
        assert (job.ref, job.attempt, job.is_repeated) == ("", 1, True)
        await store.save_draft(job, "m1")
        await store.release(job)
        await store.confirm_waiting("one", "second", is_posted=True)
        job = await claim(store)
        assert (job.ref, job.is_repeated) == ("m1", True)

    async def test_an_event_with_an_answer_only_needs_delivery(self, store: Store) -> None:
        """It is FREE whatever it was recorded with, and comes with its answer."""
        await store.record(event("slow"), lane=Lane.CONVERSATION)
        await store.record(event("refused"), lane=Lane.CONVERSATION, answer=Answer(text="no"))
        job = await claim(store, [Lane.FREE])
        assert job.event.id == "refused"
        assert job.answer == Answer(text="no")
        assert not await store.commit(job, outcome())
        await store.complete(job)
        assert await said(store) == []

    async def test_wait_returns_for_every_reason(self, store: Store) -> None:
        """A new event, a lane that has become idle, an event given back, a time that has come."""

        async def next_job() -> Job:
            async with asyncio.timeout(120):
                while (job := await store.claim(LANES, ADAPTERS)) is None:
                    await store.wait()
            return job

        waiting = asyncio.create_task(next_job())
        await store.record(event("1"), lane=Lane.CONVERSATION)
        first = await waiting
        await store.record(event("2"), lane=Lane.CONVERSATION)
        waiting = asyncio.create_task(next_job())
        await store.complete(first)
        second = await waiting
        waiting = asyncio.create_task(next_job())
        await store.release(second)
        second = await waiting
        waiting = asyncio.create_task(next_job())
        await store.retry(second, 0.05)
        assert (await waiting).event.id == "2"

    async def test_a_retry_keeps_its_place(self, store: Store) -> None:
        """Until its time neither it nor what follows in its lane key is claimed; then it comes first."""
        await store.record(event("1"), lane=Lane.CONVERSATION)
        await store.record(event("2"), lane=Lane.CONVERSATION)
        job = await claim(store)
        await store.save_draft(job, "there")
        await store.retry(job, 200.0)
        assert await store.claim(LANES, ADAPTERS) is None
        await store.record(event("3", conversation="d"), lane=Lane.CONVERSATION)
        assert (await claim(store)).event.id == "3"
        assert await store.claim(LANES, ADAPTERS) is None

    async def test_a_draft_may_have_grown_when_it_is_completed(self, store: Store) -> None:
        """Its newest reference is kept, else the one that was saved."""
        for name, ref in (("same", None), ("grown", "r1,r2")):
            await store.record(event(name), lane=Lane.CONVERSATION)
            job = await claim(store)
            await store.save_draft(job, "r1")
            await store.complete(job, ref=ref)
        await store.record(event("next"), lane=Lane.CONVERSATION)  # durable after what was asked for before
        found = [await store.job("one", name) for name in ("same", "grown")]
        assert [job.ref for job in found if job is not None] == ["r1", "r1,r2"]

    async def test_a_restart_brings_back_everything_unfinished(self, tmp_path: Path) -> None:
        """In order, with draft, attempts and answer; what waits for a time still does; finished stays finished."""
        async with self.open(tmp_path) as store:
            await answer(store, event("finished"))
            for name in ("drafted", "committed", "later", "waiting"):
                await store.record(event(name, conversation=name), lane=Lane.CONVERSATION)
            drafted, committed, later = [await claim(store) for _ in range(3)]
            await store.save_draft(drafted, "r1")
            await store.save_draft(committed, "r2")
            await store.commit(committed, outcome("done"))
            await store.retry(later, 200.0)
        async with self.open(tmp_path) as store:
            jobs = []
            while job := await store.claim(LANES, ADAPTERS):
                jobs.append((job.event.id, job.attempt, job.ref, job.answer))
            assert jobs == [
                ("drafted", 2, "r1", None),
                ("committed", 2, "r2", Answer(text="done")),
                ("waiting", 1, None, None),
            ]
            assert (await store.counts())["waiting"] == 1

    async def test_each_try_that_opened_a_draft_counts(self, store: Store) -> None:
        """`Job.attempt` is one more than the tries that called `save_draft`; what was released counts as none."""
        await store.record(event("e"), lane=Lane.CONVERSATION)
        for attempt in (1, 2, 3):
            job = await claim(store)
            assert job.attempt == attempt
            await store.release(job)
            job = await claim(store)
            assert job.attempt == attempt
            await store.save_draft(job, f"released {attempt}")
            await store.release(job)
            job = await claim(store)
            assert (job.attempt, job.ref) == (attempt, f"released {attempt}")
            for more in ("", "+", "++"):
                await store.save_draft(job, f"ref {attempt}{more}")
            await store.retry(job, 0.0)
        job = await claim(store)
        assert job.ref == "ref 3++"

    async def test_a_try_in_an_outage_does_not_count(self, tmp_path: Path) -> None:
        """The outage's beginning is kept over further tries and restarts, until the event is reopened."""
        async with self.open(tmp_path) as store:
            await store.record(event("e"), lane=Lane.CONVERSATION)
            job = await claim(store)
            await store.save_draft(job, "r")
            await store.retry(job, 0.0, failing_since=NOW)
            job = await claim(store)
            assert (job.attempt, job.ref, job.failing_since) == (1, "r", NOW)
            await store.retry(job, 0.0, failing_since=NOW)
        async with self.open(tmp_path) as store:
            job = await claim(store)
            assert (job.attempt, job.failing_since) == (1, NOW)
            await store.save_draft(job, "r")
            await store.retry(job, 0.0)
            job = await claim(store)
            assert (job.attempt, job.failing_since) == (2, NOW)
            await store.commit(job, outcome())
            await store.complete(job)
            assert await store.reopen(job.event)
            assert (await claim(store)).failing_since is None

    async def test_events_are_woken_from_their_wait(self, store: Store) -> None:
        """At once and in their order; a try that is not counted stays the first. What runs or is answered is not."""
        for name in ("e0", "e1"):
            await store.record(event(name), lane=Lane.CONVERSATION)
        await store.record(event("done"), lane=Lane.FREE, answer=Answer(text="no"))
        job, answered = await claim(store), await claim(store)
        await store.save_draft(job, "r")
        await store.retry(job, 200.0, is_counted=False)
        await store.retry(answered, 200.0)
        assert await store.claim(LANES, ADAPTERS) is None
        await store.wake()
        job = await claim(store)
        assert (job.event.id, job.attempt, job.ref) == ("e0", 1, "r")
        assert await store.claim(LANES, ADAPTERS) is None
        await store.wake()
        assert await store.claim(LANES, ADAPTERS) is None

    async def test_a_clock_that_is_set_back_delays_no_retry(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What waits for its time is claimed when that has passed, whatever the clock says."""
        await store.record(event("e"), lane=Lane.CONVERSATION)
        await store.retry(await claim(store), 0.05)
        now = time.time
        monkeypatch.setattr(time, "time", lambda: now() - 3600)
        if isinstance(store, SqliteStore):
            monkeypatch.setattr(store, "_now", time.time)
        async with asyncio.timeout(120):
            while await store.claim(LANES, ADAPTERS) is None:
                await store.wait()

    async def test_the_last_reference_stays(self, store: Store) -> None:
        """What was saved of a draft just before its job was completed, or with that: a reopened event has it."""
        await store.record(event("e"), lane=Lane.CONVERSATION)
        job = await claim(store)
        await store.save_draft(job, "begun")
        await store.commit(job, outcome("done"))
        await store.save_draft(job, "ended")
        await store.complete(job)
        assert await store.reopen(job.event)
        again = await claim(store)
        assert again.ref == "ended"
        await store.complete(again, ref="ended anew")
        assert await store.reopen(job.event)
        assert (await claim(store)).ref == "ended anew"

    async def test_only_the_owner_may_go_on(self, store: Store) -> None:
        """Every step on a job that is finished or was given back raises `OwnershipLost` and changes nothing."""
        await store.record(event("e"), lane=Lane.CONVERSATION)
        old = await claim(store)
        await store.save_draft(old, "r")
        await store.release(old)
        with pytest.raises(OwnershipLost):
            await store.commit(old, outcome("stale"))
        job = await claim(store)
        for step in (store.commit(old, outcome("stale")), store.save_draft(old, "x"), store.complete(old)):
            with pytest.raises(OwnershipLost):
                await step
        await store.commit(job, outcome("good"))
        await store.complete(job)
        for step in (store.complete(job), store.release(job), store.retry(job, 0.0)):
            with pytest.raises(OwnershipLost):
                await step
        found = await store.job("one", "e")
        assert found is not None
        assert found.answer == Answer(text="good")

    async def test_whose_an_event_is_can_be_asked(self, store: Store) -> None:
        """`confirm` returns while a job is this process's, and raises `OwnershipLost` afterwards."""
        await store.record(event("e"), lane=Lane.CONVERSATION)
        old = await claim(store)
        await store.confirm(old)
        await store.save_draft(old, "r")
        await store.confirm(old)
        await store.retry(old, 0.0)
        with pytest.raises(OwnershipLost):
            await store.confirm(old)
        job = await claim(store)
        await store.confirm(job)
        await store.complete(job)
        with pytest.raises(OwnershipLost):
            await store.confirm(job)

    async def test_nobody_else_is_asked_to_stop_what_runs_here(self, store: Store) -> None:
        """What this process has is its own to stop."""
        await store.record(event("e"), lane=Lane.CONVERSATION)
        await claim(store)
        assert await store.request_cancel("one", conversation="c", before=10**6) == 0
        assert await store.request_cancel("one", event_id="e") == 0
        assert not store.cancel_requests()

    async def test_an_answer_is_committed_once(self, tmp_path: Path) -> None:
        """A second commit says False and changes nothing, even at the same time or after a restart."""
        usage = [Usage(kind="chat", model="m", prompt_tokens=2)]
        async with self.open(tmp_path) as store:
            await store.record(event("e"), lane=Lane.CONVERSATION)
            job = await claim(store)
            results = await asyncio.gather(*(store.commit(job, outcome(f"{n}", usage=usage)) for n in range(3)))
            assert results == [True, False, False]
        async with self.open(tmp_path) as store:
            job = await claim(store)
            assert job.answer == Answer(text="0")
            assert not await store.commit(job, outcome("late", usage=usage))
            assert await said(store) == ["asked", "0"]
            (row,) = await store.usage(since=NOW - timedelta(days=1))
            assert (row.requests, row.prompt_tokens) == (1, 2)

    async def test_stop_answers_what_waits(self, store: Store) -> None:
        """Unclaimed, unanswered events recorded before in the conversation get the answer; only delivery is left."""
        for name in ("running", "waiting", "late"):
            await store.record(event(name), lane=Lane.CONVERSATION)
        await store.record(event("elsewhere", conversation="d"), lane=Lane.CONVERSATION)
        await store.record(event("refused"), lane=Lane.CONVERSATION, answer=Answer(text="no"))
        running = await claim(store)
        late = await store.job("one", "late")
        assert late is not None
        stopped = Answer(text="stopped")
        assert await store.cancel_waiting("one", conversation="c", before=late.seq, answer=stopped) == 1
        assert await store.cancel_waiting("one", conversation="c", before=late.seq, answer=stopped) == 0
        jobs = {}
        while job := await store.claim(LANES, ADAPTERS):
            jobs[job.event.id] = job.answer
        assert jobs == {"waiting": stopped, "elsewhere": None, "refused": Answer(text="no")}
        await store.complete(running)
        assert (await claim(store)).event.id == "late"

    async def test_messages_are_joined_as_they_were_seen(self, store: Store) -> None:
        """A claimed event takes the place of those that wait behind it; one that has changed leaves all as it is."""
        for name in ("e0", "e1", "e2"):
            await store.record(event(name), lane=Lane.CONVERSATION)
        job = await claim(store)
        first, *others = await store.waiting_messages("one", "c")
        assert [one.id for one in (first, *others)] == ["e0", "e1", "e2"]
        merged = replace(job.event, prompt="all", joined={"e0": "0", "e1": "1", "e2": "2"})
        assert not await store.join(job, merged, [replace(others[0], prompt="another"), others[1]])
        assert [one.id for one in await store.waiting_messages("one", "c")] == ["e0", "e1", "e2"]
        assert await store.join(job, merged, others)
        assert not await store.join(job, merged, others)
        kept = [await store.job("one", name) for name in ("e0", "e1")]
        assert [one and (one.event.prompt, one.event.joined_to) for one in kept] == [
            ("all", ""),
            ("prompt of e1", "e0"),
        ]
        await store.release(job)
        job = await claim(store)
        assert job.event == merged
        await store.commit(job, outcome())
        await store.complete(job)
        assert await store.claim(LANES, ADAPTERS) is None
        with pytest.raises(OwnershipLost):
            await store.join(job, merged, [])

    async def test_gauges_count_waiting_and_running_events(self, store: Store) -> None:
        """Waiting and running events are counted, and how long the oldest has waited."""
        lanes = {f"waiting_{lane}": 0 for lane in Lane}
        assert await store.counts() == {**lanes, "waiting": 0, "running": 0, "oldest": 0}
        await store.record(event("e0", received_at=NOW - timedelta(hours=1)), lane=Lane.CONVERSATION)
        await store.record(event("e1"), lane=Lane.CONVERSATION)
        assert (await store.counts())["oldest"] >= 3600
        await claim(store)
        counts = await store.counts()
        assert (counts["waiting"], counts["waiting_conversation"], counts["running"]) == (1, 1, 1)
        assert counts["oldest"] < 3600
        await store.check()

    async def test_many_at_once(self, store: Store) -> None:
        """Hundreds of concurrent lives end in one answer and one exchange each, in order."""

        async def work() -> None:
            while job := await store.claim(LANES, ADAPTERS):
                await store.save_draft(job, job.event.id)
                await store.commit(job, outcome(job.event.id, user=job.event.id))
                await store.complete(job)

        names = [f"{n}" for n in range(300)]
        asked = [event(name, conversation=f"c{int(name) % 20}") for name in names]
        assert all(await asyncio.gather(*(store.record(one, lane=Lane.CONVERSATION) for one in asked)))
        await asyncio.gather(*(work() for _ in range(30)))
        await work()
        for conversation in range(20):
            expected = [name for name in names if int(name) % 20 == conversation for _ in range(2)]
            assert await said(store, f"c{conversation}") == expected

    async def test_stop_reaches_one_person(self, store: Store) -> None:
        """With `actor` only that person's waiting events are answered, with `event_id` only that one."""
        for name, actor in (("hers", "ann"), ("his", "bob")):
            await store.record(event(name, actor=actor, conversation="c"), lane=Lane.CONVERSATION)
        stopped = Answer(text="stopped")
        assert await store.cancel_waiting("one", conversation="c", before=10**6, answer=stopped, actor="bob") == 1
        his, hers = await store.job("one", "his"), await store.job("one", "hers")
        assert his is not None
        assert hers is not None
        assert (his.answer, hers.answer) == (stopped, None)
        assert await store.cancel_waiting("one", event_id="unknown", answer=stopped) == 0
        assert await store.cancel_waiting("two", event_id="hers", answer=stopped) == 0
        assert await store.cancel_waiting("one", event_id="hers", answer=stopped) == 1
