"""What every store promises. A test module of a store subclasses `StoreContract` and says how to open one."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.errors import OwnershipLost
from bot.models import Action, Actor, Answer, Attachment, Event, Job, Lane, Location, Media, Outcome, Turn, Usage
from bot.ports import Owner, Store

LANES = tuple(Lane)
ADAPTERS = ("one",)
NOW = datetime.now(UTC)


def event(name: str, *, conversation: str = "c", actor: str = "ann", **more: Any) -> Event:
    return Event(
        **{
            "id": name,
            "adapter": "one",
            "conversation": conversation,
            "actor": Actor(id=actor, name=actor.title()),
            "location": Location(channel="room"),
            "prompt": f"prompt of {name}",
            "received_at": NOW,
            **more,
        }
    )


def outcome(
    text: str = "yes", *, user: str = "asked", media: Sequence[Media] = (), usage: Sequence[Usage] = ()
) -> Outcome:
    return Outcome(
        answer=Answer(text=text, media=tuple(media)),
        turns=(Turn(role="user", content=user, speaker="Ann"), Turn(role="assistant", content=text)),
        usage=tuple(usage),
    )


def picture(name: str) -> Media:
    return Media(name=name, content_type="image/png", size=3, path=Path("/spool") / name)


async def claim(store: Store, lanes: Sequence[Lane] = LANES) -> Job:
    job = await store.claim(lanes, ADAPTERS)
    assert job is not None
    return job


async def answer(store: Store, asked: Event, result: Outcome | None = None, *, lane: Lane = Lane.CONVERSATION) -> Job:
    """Take an event through its whole life; nothing else may be waiting."""
    assert await store.record(asked, lane=lane)
    job = await claim(store)
    assert job.event.id == asked.id
    await store.save_draft(job, "ref")
    assert await store.commit(job, result or outcome(f"answer to {asked.id}", user=asked.prompt))
    await store.complete(job)
    return job


async def said(store: Store, conversation: str = "c", *, limit: int = 100, exclude_event: str = "") -> list[str]:
    memory = await store.context("one", conversation, limit=limit, exclude_event=exclude_event)
    return [turn.content for turn in memory.turns]


class StoreContract:
    """Subclasses give `open`, which opens the store of a place, again and again, and `tables`, which reads its file."""

    def open(self, place: Path) -> AbstractAsyncContextManager[Store]:
        raise NotImplementedError

    async def tables(self, place: Path) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, but for those of the schema's own bookkeeping."""
        raise NotImplementedError

    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[Store]:
        async with self.open(tmp_path) as store:
            yield store

    # -- the life of an event

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
        assert [media.name for media in await store.prune(datetime.now(UTC) + timedelta(days=1))] == ["b.png"]

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
            async with asyncio.timeout(20):
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
        await store.retry(second, datetime.now(UTC) + timedelta(seconds=0.05))
        assert (await waiting).event.id == "2"

    async def test_a_retry_keeps_its_place(self, store: Store) -> None:
        """Until its time neither it nor what follows in its lane key is claimed; then it comes first."""
        await store.record(event("1"), lane=Lane.CONVERSATION)
        await store.record(event("2"), lane=Lane.CONVERSATION)
        job = await claim(store)
        await store.save_draft(job, "there")
        await store.retry(job, datetime.now(UTC) + timedelta(hours=1))
        assert await store.claim(LANES, ADAPTERS) is None
        await store.record(event("3", conversation="d"), lane=Lane.CONVERSATION)
        assert (await claim(store)).event.id == "3"
        assert await store.claim(LANES, ADAPTERS) is None

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
            await store.retry(later, datetime.now(UTC) + timedelta(hours=1))
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
            await store.retry(job, NOW)
        job = await claim(store)
        assert job.ref == "ref 3++"

    async def test_the_last_reference_stays(self, store: Store) -> None:
        """What was saved of a draft just before its job was completed is kept: a reopened event has it."""
        await store.record(event("e"), lane=Lane.CONVERSATION)
        job = await claim(store)
        await store.save_draft(job, "begun")
        await store.commit(job, outcome("done"))
        await store.save_draft(job, "ended")
        await store.complete(job)
        assert await store.reopen(job.event)
        assert (await claim(store)).ref == "ended"

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
        for step in (store.complete(job), store.release(job), store.retry(job, NOW)):
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
        await store.retry(old, NOW)
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
        assert await store.cancel_waiting("one", "c", before=late.seq, answer=stopped) == 1
        assert await store.cancel_waiting("one", "c", before=late.seq, answer=stopped) == 0
        jobs = {}
        while job := await store.claim(LANES, ADAPTERS):
            jobs[job.event.id] = job.answer
        assert jobs == {"waiting": stopped, "elsewhere": None, "refused": Answer(text="no")}
        await store.complete(running)
        assert (await claim(store)).event.id == "late"

    # -- looking back

    async def test_memory_is_the_newest_turns(self, store: Store) -> None:
        """Oldest first, at most `limit`, of this conversation, filled in; `exclude_event` leaves one event out."""
        for n in range(4):
            await answer(store, event(f"e{n}"), outcome(f"a{n}", user=f"q{n}"))
        await answer(store, event("x", conversation="d"))
        memory = await store.context("one", "c", limit=3)
        assert [turn.content for turn in memory.turns] == ["a2", "q3", "a3"]
        assert memory.total == 8
        assert [(turn.event, turn.actor, turn.at is not None) for turn in memory.turns] == [
            ("e2", "ann", True),
            ("e3", "ann", True),
            ("e3", "ann", True),
        ]
        assert sorted(turn.seq for turn in memory.turns) == [turn.seq for turn in memory.turns]
        assert await said(store, limit=3, exclude_event="e3") == ["a1", "q2", "a2"]
        assert (await store.context("one", "c", limit=3, exclude_event="e3")).total == 6
        assert (await store.context("one", "c", limit=3, exclude_event="x")).total == 8
        assert (await store.context("one", "unknown", limit=3)).turns == ()

    async def test_a_summary_replaces_turns(self, store: Store) -> None:
        """Turns up to it are folded; an older one arriving late is ignored."""
        for n in range(3):
            await answer(store, event(f"e{n}"), outcome(f"a{n}", user=f"q{n}"))
        turns = (await store.context("one", "c", limit=10)).turns
        await store.save_summary("one", "c", "short", through_seq=turns[3].seq)
        await store.save_summary("one", "c", "older", through_seq=turns[1].seq)
        memory = await store.context("one", "c", limit=10)
        assert (memory.summary, memory.total) == ("short", 2)
        assert [turn.content for turn in memory.turns] == ["q2", "a2"]

    async def test_a_reset_starts_anew(self, store: Store) -> None:
        """Everything asked before is left behind, also what is answered later; repeating it tells the same number."""
        await answer(store, event("e0"))
        await store.record(event("slow", command="image"), lane=Lane.OWN)
        slow = await claim(store)
        await store.record(event("reset"), lane=Lane.CONVERSATION)
        reset = await claim(store)
        folded = (await store.context("one", "c", limit=10)).turns[-1].seq
        assert await store.reset(reset) == 2
        assert await store.reset(reset) == 2
        await store.commit(slow, outcome("late picture"))
        await store.complete(slow)
        await store.commit(reset, Outcome(answer=Answer(text="ok")))
        await store.complete(reset)
        await store.save_summary("one", "c", "of what was left behind", through_seq=folded)
        memory = await store.context("one", "c", limit=10)
        assert (memory.summary, memory.turns, memory.total) == ("", (), 0)
        await answer(store, event("new"), outcome("b", user="a"))
        assert await said(store) == ["a", "b"]
        everything = [turn.content async for turn, _ in store.transcript("one", "c")]
        assert everything == ["prompt of e0", "answer to e0", "asked", "late picture", "a", "b"]

    async def test_a_replacement_takes_the_place_of_its_event(self, store: Store) -> None:
        """The replaced turns are neither history nor transcript, retry after retry; a failed retry replaces nothing."""
        await answer(store, event("e0"), outcome("first", user="q"))
        await answer(store, event("e1", replaces="e0"), outcome("second", user="q"))
        await answer(store, event("e2", replaces="e0"), outcome("third", user="q"))
        await answer(store, event("e3", replaces="e2"), Outcome(answer=Answer(text="sorry")))
        assert await said(store) == ["q", "third"]
        assert (await store.context("one", "c", limit=9)).total == 2
        assert [turn.content async for turn, _ in store.transcript("one", "c")] == ["q", "third"]

    async def test_a_transcript_lists_media_with_the_answer(self, store: Store) -> None:
        """Each assistant turn comes with its event's media."""
        await answer(store, event("e0"))
        await answer(store, event("e1"), outcome("[image]", media=[picture("p.png")]))
        media = [files async for _, files in store.transcript("one", "c")]
        assert media == [(), (), (), (picture("p.png"),)]

    async def test_events_can_be_looked_up(self, store: Store) -> None:
        """By id whatever their state, and the newest of some commands."""
        await answer(
            store, event("e0"), Outcome(answer=Answer(text="x", actions=(Action(name="n", label="l", command="c"),)))
        )
        await answer(store, event("e1", command="image"))
        await store.record(event("e2", conversation="d"), lane=Lane.CONVERSATION)
        job = await store.job("one", "e0")
        assert job is not None
        assert job.answer is not None
        assert job.answer.actions[0].label == "l"
        waiting = await store.job("one", "e2")
        assert waiting is not None
        assert waiting.answer is None
        assert await store.job("two", "e0") is None
        last = await store.last_job("one", "c", commands=["chat", "image"])
        assert last is not None
        assert last.event.id == "e1"
        last = await store.last_job("one", "c", commands=["chat"])
        assert last is not None
        assert last.event.id == "e0"
        assert await store.last_job("one", "c", commands=[]) is None

    # -- values and usage

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
            assert await values.items() == {"later": "x", "extended": "y"}
            soon = datetime.now(UTC) + timedelta(seconds=0.5)
            await values.set("soon", "x", expires=soon)
            assert await values.get("soon") == "x" or datetime.now(UTC) >= soon
            async with asyncio.timeout(20):
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
        assert set(await values.items()) == {"ann elsewhere", "d", "nobody's"}

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

    # -- housekeeping

    async def test_forgetting_reaches_what_others_read_along(self, store: Store) -> None:
        """A person's words in another's question go, with the summary that may have them; the question stays."""
        read_along = Turn(role="user", content="secret", speaker="Ann", actor="ann")
        asked = outcome("yes", user="and you?")
        await answer(store, event("e", actor="bob"), replace(asked, turns=(read_along, *asked.turns)))
        turns = (await store.context("one", "c", limit=9)).turns
        await store.save_summary("one", "c", "Ann told a secret.", through_seq=turns[0].seq)
        await store.forget("one", "ann")
        context = await store.context("one", "c", limit=9)
        assert (context.summary, [turn.content for turn in context.turns]) == ("", ["and you?", "yes"])
        assert "secret" not in str([turn async for turn in store.transcript("one", "c")])

    async def test_forgetting_a_person(self, tmp_path: Path) -> None:
        """Their turns, contents, summaries, settings and waiting events go, others' stay; usage names them no more."""
        usage = [Usage(kind="image", model="p", items=1)]
        async with self.open(tmp_path) as store:
            await answer(store, event("a0"), outcome("drawn", media=[picture("p.png")], usage=usage))
            await answer(store, event("b0", actor="bob"), outcome("hi bob", usage=usage))
            await store.save_summary("one", "c", "Ann and Bob talked", through_seq=1)
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

    async def test_pruning(self, store: Store) -> None:
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
        await store.save_summary("one", "0", "old times", through_seq=10**6)
        await store.save_summary("one", "both", "both times", through_seq=1)
        media = await store.prune(NOW - timedelta(days=90))
        assert {item.name for item in media} == {f"old{n}.png" for n in range(451)}
        assert (await store.context("one", "0", limit=9)).summary == ""
        assert (await store.context("one", "both", limit=9)).summary == "both times"
        assert await store.job("one", "old7") is None
        assert await said(store, "1") == []
        assert await said(store, "both") == ["yes"]  # the turn before it is in the summary
        await store.commit(unfinished, outcome())
        assert len(await store.prune(NOW - timedelta(days=90))) == 0

    async def test_nothing_stays_of_anybody(self, tmp_path: Path) -> None:
        """When everybody is forgotten and everything is pruned, only what names nobody is in any table."""
        usage = [Usage(kind="image", model="p", items=1, cost=0.5)]
        async with self.open(tmp_path) as store:
            for name, actor in (("q1", "ann"), ("q2", "bob"), ("q3", "ann")):
                asked = event(f"event-{name}", conversation=f"conversation-{name}", actor=f"actor-{actor}")
                asked = replace(asked, location=Location(channel="hall", thread=f"thread-{name}"))
                job = await answer(store, asked, outcome("drawn", media=[picture("p.png")], usage=usage))
                await store.add_usage(job, usage)
                await store.save_summary("one", asked.conversation, f"summary of {name}", through_seq=1)
                await store.add_feedback("one", asked.id, "actor-ann", is_good=True)
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
        assert left.keys() <= {"key_values", "usage", "spent", "allowances"}
        assert [row[:3] for row in left["key_values"]] == [("channel", "system_prompt", "be kind")]
        assert not any(mark in str(left) for mark in ("actor-", "event-", "conversation-", "thread-"))

    async def test_gauges(self, store: Store) -> None:
        """Waiting and running events are counted, and how long the oldest has waited."""
        assert await store.counts() == {"waiting": 0, "running": 0, "oldest": 0}
        await store.record(event("e0", received_at=NOW - timedelta(hours=1)), lane=Lane.CONVERSATION)
        await store.record(event("e1"), lane=Lane.CONVERSATION)
        assert (await store.counts())["oldest"] >= 3600
        await claim(store)
        counts = await store.counts()
        assert (counts["waiting"], counts["running"]) == (1, 1)
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

    # -- second thoughts

    async def test_a_completed_event_is_answered_again(self, tmp_path: Path) -> None:
        """Reopened, it has its new content, its draft and no answer; its turns are replaced; also over a restart."""
        async with self.open(tmp_path) as store:
            await answer(store, event("e0"))
            await answer(store, event("e1"))
            assert await store.reopen(event("e1", prompt="revised"))
            assert await said(store) == ["prompt of e0", "answer to e0"]
        async with self.open(tmp_path) as store:
            job = await claim(store)
            assert (job.event.prompt, job.ref, job.answer, job.attempt) == ("revised", "ref", None, 1)
            assert not await store.reopen(event("e1", prompt="too late"))
            assert await store.commit(job, outcome("new answer", user="revised"))
            await store.complete(job)
            assert await said(store) == ["prompt of e0", "answer to e0", "revised", "new answer"]
            assert await store.claim(LANES, ADAPTERS) is None
            assert not await store.reopen(event("unknown"))

    async def test_a_reopened_event_waits_for_what_runs(self, store: Store) -> None:
        """Though it is older: of one lane key one event runs at a time."""
        await answer(store, event("e0"))
        await store.record(event("e1"), lane=Lane.CONVERSATION)
        running = await claim(store)
        assert await store.reopen(event("e0", prompt="revised"))
        assert await store.claim(LANES, ADAPTERS) is None
        await store.complete(running)
        assert (await claim(store)).event.id == "e0"

    async def test_an_unclaimed_event_gets_new_content(self, store: Store) -> None:
        """It is answered once, as it is now."""
        await store.record(event("e0"), lane=Lane.CONVERSATION)
        assert await store.reopen(event("e0", prompt="revised"))
        assert (await claim(store)).event.prompt == "revised"
        assert await store.claim(LANES, ADAPTERS) is None

    async def test_another_answer_is_only_shown(self, store: Store) -> None:
        """An event reopened with an answer goes straight to delivery and leaves nothing in the context."""
        await answer(store, event("e0"))
        await store.record(event("running"), lane=Lane.CONVERSATION)
        await claim(store)
        assert await store.reopen(event("e0"), answer=Answer())
        job = await claim(store)
        assert (job.event.id, job.ref, job.answer) == ("e0", "ref", Answer())
        await store.complete(job)
        assert await said(store) == []

    async def test_a_withdrawn_event_leaves_the_context(self, store: Store) -> None:
        """Answered, running or waiting: its turns do not count, nothing else changes, and it may be told again."""
        await answer(store, event("e0"))
        await answer(store, event("e1"))
        assert await store.withdraw("one", "e0")
        assert await store.withdraw("one", "e0")
        assert await said(store) == ["prompt of e1", "answer to e1"]
        await store.record(event("running"), lane=Lane.CONVERSATION)
        running = await claim(store)
        await store.record(event("waiting"), lane=Lane.CONVERSATION)
        assert await store.withdraw("one", "running")
        assert await store.withdraw("one", "waiting")
        assert await store.commit(running, outcome("unasked"))
        await store.complete(running)
        assert await store.claim(LANES, ADAPTERS) is None
        assert await said(store) == ["prompt of e1", "answer to e1"]
        assert (await store.context("one", "c", limit=9)).total == 2
        assert not await store.withdraw("one", "unknown")

    async def test_earlier_repetitions_are_left_out_too(self, store: Store) -> None:
        """What is asked a third time is told neither of the first answer nor of the second."""
        await answer(store, event("e0"))
        await answer(store, event("e1"))
        await answer(store, event("e2", replaces="e1"))
        assert await said(store, exclude_event="e1") == ["prompt of e0", "answer to e0"]
        assert (await store.context("one", "c", limit=9, exclude_event="e1")).total == 2

    async def test_opinions(self, store: Store) -> None:
        """A person's last opinion of an answer counts, in its channel; who is forgotten has none."""
        since = datetime.now(UTC) - timedelta(days=1)
        await answer(store, event("e0"))
        await answer(store, event("e1", location=Location(channel="elsewhere")))
        for actor, is_good in (("ann", True), ("bob", True), ("bob", False)):
            await store.add_feedback("one", "e0", actor, is_good=is_good)
        await store.add_feedback("one", "unknown", "ann", is_good=True)
        assert await store.feedback_totals(since=since, adapter="one", channel="room") == (1, 1)
        assert await store.feedback_totals(since=since, adapter="one", channel="elsewhere") == (0, 0)
        await store.forget("one", "bob")
        assert await store.feedback_totals(since=since, adapter="one", channel="room") == (1, 0)

    async def test_people(self, store: Store) -> None:
        """Those who asked in a conversation and have not left since; a stop or an opinion is neither."""
        await store.record(event("e0"), lane=Lane.CONVERSATION)
        await store.record(event("e1", actor="bob"), lane=Lane.CONVERSATION)
        await store.record(event("e2", actor="cid", conversation="other"), lane=Lane.CONVERSATION)
        assert set(await store.participants("one", "c")) == {"ann", "bob"}
        await store.record(event("e3", actor="bob", command="stop"), lane=Lane.FREE)
        assert set(await store.participants("one", "c")) == {"ann", "bob"}
        await store.record(event("e4", actor="bob", command="leave"), lane=Lane.FREE)
        await store.record(event("e5", actor="bob", command="cancel"), lane=Lane.FREE)
        await store.record(event("e6", actor='"d\0'), lane=Lane.CONVERSATION)
        assert set(await store.participants("one", "c")) == {"ann", '"d\0'}
        assert set(await store.departed("one", "c")) == {"bob"}
        await store.record(event("e7", actor="bob"), lane=Lane.CONVERSATION)
        assert set(await store.participants("one", "c")) == {"ann", "bob", '"d\0'}
        assert not await store.departed("one", "c")

    async def test_stop_reaches_one_person(self, store: Store) -> None:
        """With `actor` only that person's waiting events are answered."""
        for name, actor in (("hers", "ann"), ("his", "bob")):
            await store.record(event(name, actor=actor, conversation="c"), lane=Lane.CONVERSATION)
        stopped = Answer(text="stopped")
        assert await store.cancel_waiting("one", "c", before=10**6, answer=stopped, actor="bob") == 1
        his, hers = await store.job("one", "his"), await store.job("one", "hers")
        assert his is not None
        assert hers is not None
        assert (his.answer, hers.answer) == (stopped, None)

    async def test_recent_media(self, store: Store) -> None:
        """A person's newest files, newest first, each with its event; nobody else's."""
        await answer(store, event("e0"), outcome(media=[picture("a.png")]))
        await answer(store, event("e1"), outcome(media=[picture("b.png"), picture("c.png")]))
        await answer(store, event("e2"))
        await answer(store, event("e3", actor="bob"), outcome(media=[picture("d.png")]))
        recent = await store.recent_media("one", "ann", limit=9)
        assert [(name, media.name) for name, media in recent] == [("e1", "b.png"), ("e1", "c.png"), ("e0", "a.png")]
        assert len(await store.recent_media("one", "ann", limit=2)) == 2
