"""The promises of every store about schedules."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.models import Location
from bot.ports import Schedule, Store
from tests.support.database.store import NOW, StoreSuite, answer, event

AT = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)


def schedule(name: str, *, actor: str = "ann", workspace: str = "w", due: datetime | None = AT) -> Schedule:
    asked = event(f"asked {name}", actor=actor, location=Location(workspace=workspace, channel="room"))
    return Schedule(id=name, event=asked, when="every day 9:00", cron="0 9 * * *", zone="Asia/Taipei", due=due)


class SchedulesContract(StoreSuite):
    async def test_schedules_are_kept_until_they_are_due(self, tmp_path: Path) -> None:
        """As they are, also odd ones; due ones the earliest first; read by person and workspace, after a restart."""
        later, odd = schedule("later", due=AT + timedelta(hours=1)), schedule("odd 雪\0", actor="odd\0雪")
        paused = schedule("paused", workspace="v", due=None)
        async with self.open(tmp_path) as store:
            store.schedules_changed.clear()
            for one in (later, odd, paused, replace(paused, event=replace(paused.event, adapter="two"))):
                assert await store.add_schedule(one, most=9, most_here=9)
            assert store.schedules_changed.is_set()
        async with self.open(tmp_path) as store:
            assert await store.schedules("one", actor="odd\0雪") == [odd]
            assert await store.schedules("one", workspace="w") == [odd, later]
            assert len(await store.schedules("one")) == 3
            assert await store.find_schedule("one", "paused") == paused
            assert await store.due_schedules(["one"], AT - timedelta(seconds=1), limit=9) == []
            assert await store.due_schedules(["one", "two"], AT + timedelta(hours=1), limit=9) == [odd, later]
            assert await store.due_schedules(["two"], AT + timedelta(hours=1), limit=9) == []
            assert await store.next_due(["one"], AT) == later.due
            assert await store.next_due(["two"], AT) is None

    async def test_a_schedule_changes_once(self, store: Store) -> None:
        """Of two changes of what was due at the same time the second does nothing; nor does one of what is gone."""
        one = schedule("a")
        moved = replace(one, due=AT + timedelta(days=1), last="e", failures=1)
        paused = replace(one, due=None, pause="asked")
        assert await store.add_schedule(one, most=1, most_here=1)
        assert await store.change_schedule(moved, was=one)
        assert not await store.change_schedule(paused, was=one)
        assert await store.find_schedule("one", "a") == moved
        assert await store.change_schedule(paused, was=moved)
        assert await store.change_schedule(moved, was=paused)
        assert await store.delete_schedule(moved)
        assert not await store.delete_schedule(moved)
        assert not await store.change_schedule(paused, was=moved)

    async def test_schedules_have_limits(self, store: Store) -> None:
        """Of a person and of a workspace; one that is there already is not added anew, whatever the limit."""
        assert await store.add_schedule(schedule("a"), most=1, most_here=2)
        assert await store.add_schedule(schedule("a", due=None), most=1, most_here=2)
        assert not await store.add_schedule(schedule("b"), most=1, most_here=2)
        assert await store.add_schedule(schedule("b", actor="bob"), most=1, most_here=2)
        assert not await store.add_schedule(schedule("c", actor="cid"), most=1, most_here=2)
        assert await store.schedules("one") == [schedule("a"), schedule("b", actor="bob")]

    async def test_schedules_are_erased_with_their_author(self, store: Store) -> None:
        """Everywhere, or those of one workspace; others' stay, and age does not erase any.

        What was scheduled elsewhere stays also where no request of the person is stored there.
        """
        for number, (actor, workspace) in enumerate((("ann", "w"), ("ann", "v"), ("bob", "w"), ("ann", ""))):
            assert await store.add_schedule(
                schedule(f"{number}", actor=actor, workspace=workspace), most=9, most_here=9
            )
        await answer(store, event("e", location=Location(workspace="v", channel="room")))
        await store.prune(NOW + timedelta(days=1))
        await store.forget("one", "ann", workspace="w")
        assert {one.id for one in await store.schedules("one")} == {"1", "2", "3"}
        await store.forget("one", "ann")
        assert [one.id for one in await store.schedules("one")] == ["2"]
