"""The SQLite store keeps the store's promises, and says what is wrong with its file."""

import asyncio
import re
import sqlite3
import subprocess
import sys
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.errors import SchemaTooNew, StoreCorrupt, StoreInUse, StoreUnavailable
from bot.models import Lane
from bot.ports import RequestFilter, Store
from bot.store.sqlite.store import SqliteStore
from bot.store.timing import StoreTiming
from tests.contract.store_contract import StoreContract
from tests.support.database.sqlite import tables
from tests.support.database.store import ADAPTERS, LANES, answer, claim, event, outcome, said


class TestSqliteStore(StoreContract):
    def open(self, place: Path) -> AbstractAsyncContextManager[Store]:
        return SqliteStore(place / "data" / "bot.db")

    async def tables(self, place: Path) -> dict[str, list[tuple[Any, ...]]]:
        return tables(place / "data" / "bot.db")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.db"


async def test_a_second_process_is_kept_out(path: Path) -> None:
    """While a process holds the database another can't open it and hears its number; when it is killed, one can."""
    script = (
        "import asyncio, sys, pathlib\n"
        "from bot.store.sqlite.store import SqliteStore\n"
        "async def main():\n"
        "    async with SqliteStore(pathlib.Path(sys.argv[1])):\n"
        "        print('open', flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:  # noqa: ASYNC220 - it starts at once
        assert other.stdout is not None
        assert await asyncio.to_thread(other.stdout.readline) == b"open\n"
        with pytest.raises(StoreInUse, match=str(other.pid)):
            async with SqliteStore(path):
                pass
        other.kill()
    async with SqliteStore(path):
        with pytest.raises(StoreInUse):
            async with SqliteStore(path):
                pass
    async with SqliteStore(path) as store:
        await store.check()


def draft_on_disk(path: Path) -> tuple[str | None, int]:
    """The reference and the tries of the newest event, as another process sees them."""
    with closing(sqlite3.connect(path)) as db:
        ref, attempts = db.execute("SELECT ref, attempts FROM events ORDER BY seq DESC").fetchone()
        return ref, attempts


async def test_what_may_be_shown_is_on_disk(path: Path) -> None:
    """Once `confirm` or `commit` has returned, the newest reference and the try are in the file, however it ends."""
    async with SqliteStore(path) as store:
        await store.record(event("quick"), lane=Lane.OWN)
        job = await claim(store)
        await store.save_draft(job, "here")
        await store.commit(job, outcome("a"))
        assert draft_on_disk(path) == ('"here"', 1)
        await store.record(event("slow"), lane=Lane.FREE)
        job = await claim(store)
        for ref in ("", "there"):
            await store.save_draft(job, ref)
        await store.confirm(job)
        assert draft_on_disk(path) == ('"there"', 1)


async def test_nothing_is_shown_that_could_not_be_found_again(path: Path) -> None:
    """While the draft can't be written `confirm` says that nobody knows; when it can, it is written after all."""
    async with SqliteStore(path, timing=StoreTiming(busy=0.01)) as store:
        await store.record(event("e"), lane=Lane.OWN)
        job = await claim(store)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await store.save_draft(job, "here")
            with pytest.raises(StoreUnavailable):
                await store.confirm(job)
            other.execute("ROLLBACK")
        await store.commit(job, outcome("a"))
        await store.confirm(job)
        assert draft_on_disk(path) == ('"here"', 1)


async def test_a_try_counts_soon_by_itself(path: Path) -> None:
    """A draft that nothing else is written with is in the file all the same."""
    async with SqliteStore(path) as store:
        await store.record(event("e"), lane=Lane.OWN)
        await store.save_draft(await claim(store), "here")
        async with asyncio.timeout(120):
            while draft_on_disk(path) != ('"here"', 1):  # noqa: ASYNC110 - only the file tells
                await asyncio.sleep(0.01)


async def test_a_newer_schema_is_refused(path: Path) -> None:
    """A database written by a newer version is left alone."""
    async with SqliteStore(path) as store:
        await store.record(event("e"), lane=Lane.FREE)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 9999")
    with pytest.raises(SchemaTooNew, match="9999"):
        async with SqliteStore(path):
            pass


@pytest.mark.parametrize("damage", ["text", "truncated", "overwritten"])
async def test_a_damaged_file_is_told_at_the_start(path: Path, damage: str) -> None:
    """Not a database, cut short, or overwritten in the middle: `StoreCorrupt` says what to do."""
    async with SqliteStore(path) as store:
        for n in range(50):
            await answer(store, event(str(n), prompt="x" * 1000))
    content = path.read_bytes()
    if damage == "text":
        path.write_text("This is a letter, not a database.\n" * 100)
    elif damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    else:
        path.write_bytes(content[:8192] + b"\xff" * 16384 + content[8192 + 16384 :])
    with pytest.raises(StoreCorrupt, match="restore a backup"):
        async with SqliteStore(path):
            pass


async def test_damage_met_while_running_is_told(path: Path) -> None:
    """A page overwritten under the running service is `StoreCorrupt`, not a wrong answer."""
    async with SqliteStore(path) as store:
        for n in range(200):
            await answer(store, event(str(n), prompt="x" * 1000))
    size = path.stat().st_size
    async with SqliteStore(path) as store:
        with path.open("r+b") as file:
            file.seek(4096 * 2)
            file.write(b"\xff" * (size - 4096 * 2))
        with pytest.raises(StoreCorrupt):  # noqa: PT012 - whichever page is met first
            for n in range(200):
                await store.job("one", str(n))
                await said(store)


async def test_looking_at_the_database_writes_once(path: Path) -> None:
    """Checks at once, and soon after each other, share one write."""
    async with SqliteStore(path) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            await asyncio.gather(*(store.check() for _ in range(5)))
            before = other.execute("PRAGMA data_version").fetchone()
            await store.check()
            assert other.execute("PRAGMA data_version").fetchone() == before


async def test_a_locked_database_is_told_and_loses_nothing(path: Path) -> None:
    """While another program holds the write lock writes fail as unavailable; afterwards the same store goes on."""
    async with SqliteStore(path, timing=StoreTiming(busy=0.05)) as store:
        await store.record(event("before"), lane=Lane.CONVERSATION)
        job = await claim(store)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailable, match="locked"):
                await store.record(event("during"), lane=Lane.CONVERSATION)
            with pytest.raises(StoreUnavailable):
                await store.commit(job, outcome())
            with pytest.raises(StoreUnavailable):
                await store.check()
            await store.retry(job, 0.0)
            job = await claim(store)
            found = await store.job("one", "before")
            assert found is not None
            assert found.answer is None
        assert await store.record(event("during"), lane=Lane.CONVERSATION)
        assert await store.commit(job, outcome())
        await store.complete(job)
        assert (await claim(store)).event.id == "during"


async def test_a_completion_waits_for_a_locked_database(path: Path) -> None:
    """What nobody waited for is written with the next write that succeeds."""
    async with SqliteStore(path, timing=StoreTiming(busy=0.01)) as store:
        await store.record(event("e"), lane=Lane.CONVERSATION)
        job = await claim(store)
        await store.commit(job, outcome())
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await store.complete(job)
            with pytest.raises(StoreUnavailable):
                await store.record(event("f"), lane=Lane.CONVERSATION)
    async with SqliteStore(path) as store:
        assert await store.claim(LANES, ADAPTERS) is None


async def test_files_that_were_replaced_take_no_writes(path: Path) -> None:
    """Nothing is acknowledged into files without a name, where it would be lost; put back, they take writes again."""
    async with SqliteStore(path) as store:
        for file in (path, path.with_name("bot.db-wal")):
            moved = file.rename(path.with_name("moved"))
            for _ in ("removed", "replaced"):
                with pytest.raises(StoreUnavailable, match="replaced"):
                    await store.record(event("during"), lane=Lane.FREE)
                with pytest.raises(StoreUnavailable, match="replaced"):
                    await store.check()
                file.write_bytes(moved.read_bytes())
            moved.replace(file)
        assert await store.record(event("during"), lane=Lane.FREE)
        await store.check()


async def limit_pages(store: SqliteStore, pages: int) -> None:
    """SQLite's own limit fails exactly as a full disk does: SQLITE_FULL."""
    await store._writer._db.execute_fetchall(f"PRAGMA max_page_count = {pages}")


async def test_a_full_disk_is_told_and_loses_nothing(path: Path) -> None:
    """With no space left a write fails as unavailable; what was acknowledged stays; with space again it goes on."""
    async with SqliteStore(path) as store:
        acknowledged = []
        await limit_pages(store, 60)
        with pytest.raises(StoreUnavailable, match="space"):  # noqa: PT012 - whichever write is the last straw
            for n in range(200):
                await store.record(event(str(n), prompt="x" * 2000), lane=Lane.FREE)
                acknowledged.append(str(n))
        assert acknowledged
        results = await asyncio.gather(
            *(store.record(event(f"more{n}", prompt="x" * 20000), lane=Lane.FREE) for n in range(5)),
            return_exceptions=True,
        )
        assert all(isinstance(result, StoreUnavailable) for result in results)
        await limit_pages(store, 100_000)
        assert await store.record(event("after"), lane=Lane.FREE)
        claimed = []
        while job := await store.claim(LANES, ADAPTERS):
            claimed.append(job.event.id)
        assert claimed == [*acknowledged, "after"]
    async with SqliteStore(path) as store:
        assert (await store.counts())["waiting"] == len(acknowledged) + 1


async def test_one_impossible_write_spares_the_others(path: Path) -> None:
    """A write that the database refuses fails alone, whatever it was grouped with."""
    async with SqliteStore(path) as store:
        results = await asyncio.gather(
            *(store.record(event(str(n)), lane="nonsense" if n == 3 else Lane.FREE) for n in range(6)),  # type: ignore[arg-type]
            return_exceptions=True,
        )
        assert [result if isinstance(result, bool) else None for result in results] == [
            True,
            True,
            True,
            None,
            True,
            True,
        ]
        assert (await store.counts())["waiting"] == 5


async def test_a_cancelled_caller_leaves_a_consistent_store(path: Path) -> None:
    """A commit whose caller is cancelled is done or not done, never half, and counts once."""
    async with SqliteStore(path) as store:
        await store.record(event("e"), lane=Lane.CONVERSATION)
        job = await claim(store)
        committing = asyncio.create_task(store.commit(job, outcome("first")))
        await asyncio.sleep(0)
        committing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await committing
        assert not await store.commit(job, outcome("second"))
        await store.complete(job)
        assert await said(store) == ["asked", "first"]


async def test_more_waiting_events_than_are_held_in_memory(path: Path) -> None:
    """Those beyond the ones held are read when claimed, in order."""
    async with SqliteStore(path) as store:
        await asyncio.gather(*(store.record(event(str(n)), lane=Lane.CONVERSATION) for n in range(1200)))
        for n in range(1200):
            job = await claim(store)
            assert job.event.id == str(n)
            await store.complete(job)


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file where the data folder should be is `StoreUnavailable`."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="file"):
        async with SqliteStore(tmp_path / "file" / "bot.db"):
            pass


class ExplainedStore(SqliteStore):
    """Notes how its queries read the events, usage and places."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.steps: list[str] = []

    async def rows(self, sql: str, /, **parameters: object) -> list[Any]:
        steps = [step[3] for step in await super().rows(f"EXPLAIN QUERY PLAN {sql}", **parameters)]
        self.steps += [step for step in steps if re.search("events|usage|places|ORDER BY", step)]
        return await super().rows(sql, **parameters)


async def test_pages_read_the_events_by_an_index(path: Path) -> None:
    """Finding open events, one person's events and people's names takes no longer for all that was answered.

    The newest requests of a workspace are read from the end, and no others are sorted for them. Usage of a time is
    read from its beginning on.
    """
    here = RequestFilter(adapter="one", workspaces=["w"])
    async with ExplainedStore(path) as store:
        for which in (RequestFilter(), here, RequestFilter(actors=["ann"])):
            await store.list_requests(replace(which, is_open=True), limit=9)
        assert store.steps == ["SCAN events USING INDEX events_unfinished"] * 3
        store.steps.clear()
        for which in (
            here,
            replace(here, before=7),
            replace(here, actors=["ann"]),
            replace(here, actors=["ann"], before=7),
        ):
            await store.list_requests(which, limit=9)
        by_number, by_actor = (
            "SEARCH events USING INTEGER PRIMARY KEY (rowid<?)",
            "SEARCH events USING INDEX events_of_actor",
        )
        found = f"{by_actor} (adapter=? AND actor=?"
        assert store.steps == ["SCAN events", by_number, f"{found})", f"{found} AND rowid<?)"]
        store.steps.clear()
        await store.names("one", ["ann", "bob"])
        assert any(step.startswith(by_actor) for step in store.steps)
        store.steps.clear()
        await store.usage_sums(["kind"], since=datetime.now(UTC), adapter="one", workspace="w")
        assert store.steps == ["SEARCH usage USING PRIMARY KEY (hour>?)"]
        store.steps.clear()
        await store.find_places([("one", "w", "room"), ("one", "w", "hall")])
        await store.places_named("room", adapter="one")
        by_key, by_name = "PRIMARY KEY (adapter=? AND workspace=? AND channel=?)", "INDEX places_of_name"
        assert store.steps == [
            f"SEARCH places USING {by_key}",
            f"SEARCH places USING {by_name} (folded=? AND adapter=?)",
        ]


async def test_a_value_is_found_however_many_namespaces_there_are(path: Path) -> None:
    """Also once there are more than are known by name, while the store is open and after a restart."""
    for start in range(3):
        async with SqliteStore(path, namespaces_cached=2, namespaces_known=3) as store:
            for number in range(start * 2):
                assert await store.namespace(f"s{number}").items() == {"n": str(number)}
            assert await store.namespace(f"s{start * 2}").items() == {}
            for number in (start * 2, start * 2 + 1):
                await store.namespace(f"s{number}").set("n", str(number))
                assert await store.namespace(f"s{number}").items() == {"n": str(number)}
