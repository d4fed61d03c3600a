"""The promises of every store about looking up and correcting recorded requests."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.models import Action, Answer, Lane, Location, Origin, Outcome, Usage
from bot.ports import RequestFilter, Store
from tests.support.database.store import ADAPTERS, LANES, StoreSuite, answer, claim, event, outcome, picture, said


class JournalContract(StoreSuite):
    async def test_a_transcript_lists_media_with_the_answer(self, store: Store) -> None:
        """Each assistant turn comes with its event's media."""
        await answer(store, event("e0"))
        origin = Origin(model="m", options={"size": "1x1"}, cost=0.5, parents=("e0#1",))
        made = replace(picture("p.png"), origin=origin)
        await answer(store, event("e1"), outcome("[image]", media=[made]))
        media = [files async for _, files in store.transcript("one", "c")]
        assert media == [(), (), (), (made,)]
        await answer(store, event("e2", replaces="e1"), outcome("[image]", media=[picture("q.png")]))
        await answer(store, event("e3", conversation="d"), outcome("[image]", media=[made]))
        jobs = await store.jobs_with_files("one", "c", limit=9)
        assert [job.event.id for job in jobs] == ["e1", "e2"]
        assert jobs[0].answer is not None
        assert jobs[0].answer.media == (made,)

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
        assert await store.last_job("one", "c", commands=["chat"], before=last.seq) is None

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
        """An event reopened with an answer goes straight to delivery and leaves nothing in the context.

        Answered again later, it waits for its turn as before.
        """
        await answer(store, event("e0"))
        await store.record(event("running"), lane=Lane.CONVERSATION)
        await claim(store)
        assert await store.reopen(event("e0"), answer=Answer())
        assert (await store.counts())["waiting_free"] == 1
        job = await claim(store, [Lane.FREE])
        assert (job.event.id, job.ref, job.answer) == ("e0", "ref", Answer())
        await store.complete(job)
        assert await said(store) == []
        assert await store.reopen(event("e0", prompt="revised"))
        assert await store.claim(LANES, ADAPTERS) is None

    async def test_an_answer_is_shown_once_more(self, store: Store) -> None:
        """It goes straight to delivery, and everything is as before; not while it is claimed."""
        asked = event("e0")
        job = await answer(store, asked)
        shown = (await store.job("one", "e0") or job).answer
        await store.record(event("running"), lane=Lane.CONVERSATION)
        await claim(store)
        assert await store.reopen(asked, answer=shown, is_repeated=True)
        again = await claim(store)
        assert (again.event.id, again.ref, again.answer, again.attempt) == ("e0", "ref", shown, 1)
        assert not await store.reopen(asked, answer=shown, is_repeated=True)
        await store.complete(again)
        assert await said(store) == ["prompt of e0", "answer to e0"]
        assert await store.reopen(event("e0", prompt="revised"))
        assert await store.claim(LANES, ADAPTERS) is None, "a new answer waits for its turn in the conversation"

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

    async def test_the_last_opinion_of_a_person_counts(self, store: Store) -> None:
        """A person's last opinion of an answer counts, in its channel; who is forgotten has none."""
        since = datetime.now(UTC) - timedelta(days=1)
        await answer(store, event("e0"))
        await answer(store, event("e1", location=Location(channel="elsewhere")))
        for actor, is_good in (("ann", True), ("bob", True), ("bob", False)):
            await store.add_feedback("e0", event("a press", actor=actor), is_good=is_good)
        await store.add_feedback("unknown", event("a press"), is_good=True)
        assert await store.feedback_totals(since=since, adapter="one", channel="room") == (1, 1)
        assert await store.feedback_totals(since=since, adapter="one", channel="elsewhere") == (0, 0)
        assert await store.feedback_counts() == {"one": (1, 1)}
        await store.forget("one", "bob")
        assert await store.feedback_totals(since=since, adapter="one", channel="room") == (1, 0)
        assert await store.feedback_counts() == {"one": (1, 0)}

    async def test_participants_have_asked_and_not_left_since(self, store: Store) -> None:
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

    async def test_recent_media(self, store: Store) -> None:
        """A person's newest files, newest first, each with its event; nobody else's."""
        await answer(store, event("e0"), outcome(media=[picture("a.png")]))
        await answer(store, event("e1"), outcome(media=[picture("b.png"), picture("c.png")]))
        await answer(store, event("e2"))
        await answer(store, event("e3", actor="bob"), outcome(media=[picture("d.png")]))
        recent = await store.recent_media("one", "ann", limit=9)
        assert [(name, media.name) for name, media in recent] == [("e1", "b.png"), ("e1", "c.png"), ("e0", "a.png")]
        assert len(await store.recent_media("one", "ann", limit=2)) == 2

    async def test_requests_are_listed(self, store: Store) -> None:
        """Newest first, with their state, by place, person, command and whether an answer is owed; no words."""
        here, there = Location(workspace="w", channel="c"), Location(workspace="other", channel="d")
        failure = Answer(text="sorry", private=True, actions=(Action(name="retry", label="l", command="retry"),))
        await answer(store, event("e1", location=here), outcome("[image]", media=[picture("p.png")]))
        await answer(store, event("e2", location=there, command="image"), Outcome(answer=failure))
        assert not await store.list_requests(RequestFilter(is_open=True), limit=9)  # from the moment that they end
        await store.record(event("e3", location=here, actor="bob"), lane=Lane.FREE)
        running = await claim(store)
        await store.record(event("e4", location=here, conversation="x"), lane=Lane.FREE)
        rows = await store.list_requests(RequestFilter(), limit=9)
        states = {"e4": "waiting", "e3": "running", "e2": "failed", "e1": "answered"}
        assert {row.id: row.state for row in rows} == states
        assert [row.id for row in rows] == list(states)
        assert "prompt of e1" not in str(rows)
        assert (rows[3].files, rows[1].actor, rows[1].attempts) == (1, "bob", 0)

        async def listed(limit: int = 9, **which: Any) -> list[str]:
            return [row.id for row in await store.list_requests(RequestFilter(**which), limit=limit)]

        assert await listed(workspaces=["w"]) == ["e4", "e3", "e1"]
        assert await listed(adapter="one", channels=["d", "e"]) == ["e2"]
        assert await listed(adapter="another") == []
        assert await listed(actors=["bob", "cid"], is_open=True) == ["e3"]
        assert await listed(has_files=True) == ["e1"]
        assert await listed(command="image", is_open=False) == ["e2"]
        assert await listed(lane=Lane.FREE) == ["e4", "e3"]
        assert await listed(before=rows[0].seq, limit=2) == ["e3", "e2"]
        await store.retry(running, 60)
        again = (await store.list_requests(RequestFilter(actors=["bob"]), limit=1))[0]
        assert again.state == "waiting"
        assert again.next_try is not None
        await store.cancel_waiting("one", event_id="e3", answer=Answer(text="Stopped.", ending="cancelled"))
        await store.withdraw("one", "e4")
        stopped = await claim(store)
        assert await listed(is_open=True) == ["e3"]
        await store.complete(stopped)
        assert [row.state for row in await store.list_requests(RequestFilter(), limit=2)] == ["dropped", "cancelled"]
        await store.forget("one", "bob")
        assert "e3" not in await listed()

    async def test_the_calls_of_a_request_are_listed(self, store: Store) -> None:
        """Each entry of the ledger with its price and how it ended."""
        await store.record(event("e1", command="image"), lane=Lane.FREE)
        job = await claim(store)
        used = Usage(kind="image", model="m", items=2)
        await store.begin_call(job, used, 30_000)
        [reserved] = await store.calls_of("one", "e1")
        assert (reserved.state, reserved.cost, reserved.model, reserved.items) == ("reserved", 0.03, "m", 2)
        await store.commit(job, Outcome(answer=Answer(text="x"), usage=(replace(used, cost=0.02),), call="used"))
        [settled] = await store.calls_of("one", "e1")
        assert (settled.state, settled.cost) == ("settled", 0.02)
        assert await store.calls_of("one", "unknown") == []
