"""The promises of every store about the history of a conversation."""

from bot.models import Answer, Lane, Outcome
from bot.ports import Store
from tests.support.database.store import StoreSuite, answer, claim, event, outcome, said


class ContextContract(StoreSuite):
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
        await store.save_summary("one", "c", "short", turns=turns[:4], was="")
        await store.save_summary("one", "c", "older", turns=turns[:2], was="")
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
        folded = (await store.context("one", "c", limit=10)).turns
        assert await store.reset(reset) == 2
        assert await store.reset(reset) == 2
        await store.commit(slow, outcome("late picture"))
        await store.complete(slow)
        await store.commit(reset, Outcome(answer=Answer(text="ok")))
        await store.complete(reset)
        await store.save_summary("one", "c", "of what was left behind", turns=folded, was="")
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

    async def test_earlier_repetitions_are_left_out_too(self, store: Store) -> None:
        """What is asked a third time is told neither of the first answer nor of the second."""
        await answer(store, event("e0"))
        await answer(store, event("e1"))
        await answer(store, event("e2", replaces="e1"))
        assert await said(store, exclude_event="e1") == ["prompt of e0", "answer to e0"]
        assert (await store.context("one", "c", limit=9, exclude_event="e1")).total == 2
