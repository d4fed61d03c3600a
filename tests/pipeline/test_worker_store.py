"""The worker during failures of the database: no generated answer is lost, none is generated twice."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.errors import StoreCorrupt, StoreUnavailable
from bot.models import Attachment, Job
from bot.store.sqlite.store import SqliteStore
from tests.support.database.failures import watch_failure
from tests.support.database.sqlite import tables
from tests.support.service import FAST, Service, quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def pragma(one: Service, text: str) -> Any:
    assert isinstance(one.core.store, SqliteStore)
    return next(iter(await one.core.store._writer._db.execute_fetchall(f"PRAGMA {text}")))[0]


def another_program(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / "bot.db", isolation_level=None, check_same_thread=False)


async def lock(other: sqlite3.Connection) -> None:
    """Lock the database for another program, in a thread: what the service is writing needs the event loop."""
    await asyncio.to_thread(other.execute, "BEGIN EXCLUSIVE")


async def test_a_locked_database_costs_no_answer(tmp_path: Path) -> None:
    """While another program locks the database the commit waits; the answer is generated once."""
    async with service(tmp_path) as one:
        await pragma(one, "busy_timeout = 10")
        release = one.echo.hold("slow")
        event = await one.start_asking("slow")
        failed = watch_failure(one.core.store, "commit")
        with contextlib.closing(another_program(tmp_path)) as other:
            await lock(other)
            release.set()
            await failed.wait()
            assert not one.answer(event).final
            other.execute("ROLLBACK")
        await one.channel.wait_for_answers(event)
        assert (await one.ask("next")).text == "re: next"
        assert one.echo.prompts == ["slow", "next"]
        assert [m["content"] for m in one.echo.bodies[-1]["messages"][1:]] == ["slow", "re: slow", "next"]


async def test_a_locked_database_costs_no_picture(tmp_path: Path) -> None:
    """The API is asked once the call is in the ledger, which waits."""
    async with service(tmp_path) as one:
        await pragma(one, "busy_timeout = 10")
        failed = watch_failure(one.core.store, "begin_call")
        with contextlib.closing(another_program(tmp_path)) as other:
            drafted = asyncio.Event()
            save_draft = one.core.store.save_draft

            async def lock_after(job: Job, ref: str) -> None:
                await save_draft(job, ref)
                await one.core.store.confirm(job)
                if not drafted.is_set():
                    drafted.set()
                    await lock(other)

            one.core.store.save_draft = lock_after  # type: ignore[method-assign]
            event = await one.channel.ask("a fox", command="image")
            await failed.wait()
            assert not one.echo.prompts
            other.execute("ROLLBACK")
        await one.channel.wait_for_answers(event)
        assert one.answer(event).files
        assert one.echo.prompts == ["a fox"]


async def test_a_call_in_doubt_is_one_entry(tmp_path: Path) -> None:
    """Where it is unknown whether the entry of a call was stored, it is given back, and the call has another."""
    async with service(tmp_path, bot_prices="seeddream-4.0=picture:0.5") as one:
        begin_call, doubts = one.core.store.begin_call, [StoreUnavailable("restarts")]

        async def doubtful(*args: Any, **kwargs: Any) -> None:
            await begin_call(*args, **kwargs)
            if doubts:
                raise doubts.pop()

        one.core.store.begin_call = doubtful  # type: ignore[method-assign]
        event = await one.channel.ask("a fox", command="image")
        await one.channel.wait_for_answers(event)
        assert one.echo.prompts == ["a fox"]
        await one.core.worker.drain()
    assert [state for *_, state in tables(tmp_path / "bot.db")["calls"]] == ["returned", "settled"]


async def test_a_full_disk_costs_no_answer(tmp_path: Path) -> None:
    """While the disk is full commits wait and new events are not acknowledged; then all goes on."""
    async with service(tmp_path) as one:
        long = "long " * 20_000
        release = one.echo.hold("long")
        event = await one.channel.ask(long)
        await one.echo.until(lambda: bool(one.echo.prompts))
        pages = await pragma(one, "page_count")
        await pragma(one, f"max_page_count = {pages}")
        failed, unrecorded = watch_failure(one.core.store, "commit"), watch_failure(one.core.store, "record")
        release.set()
        await failed.wait()
        after = await one.channel.ask("after " * 20_000, conversation="elsewhere")
        await unrecorded.wait()
        assert after not in one.channel.acknowledged
        await pragma(one, "max_page_count = 1000000")
        await one.channel.wait_for_answers(event, after)
        assert one.answer(event).text == f"re: {long.strip()}"
        assert len(one.echo.prompts) == 2


async def test_a_database_that_fails_an_event_holds_it_up_for_a_moment(tmp_path: Path) -> None:
    """Also one that fails its command; the pause does not grow with its tries, which crashes have counted up."""
    timing = replace(FAST.pipeline, shortest_pause=3600, longest_pause=3600, store_pause=0.01)
    async with service(tmp_path, timing=timing) as one:
        for method in ("save_draft", "context"):
            call, troubles = getattr(one.core.store, method), [StoreUnavailable("away")]

            async def troubled(
                *args: Any, call: Any = call, troubles: list[StoreUnavailable] = troubles, **more: Any
            ) -> Any:
                if troubles:
                    raise troubles.pop()
                return await call(*args, **more)

            setattr(one.core.store, method, troubled)
            assert (await one.ask("hello")).text == "re: hello"
            assert not troubles


async def test_a_database_that_recovers_does_not_end_the_service(tmp_path: Path) -> None:
    """Events that can't be read for a while are answered later."""
    async with service(tmp_path, bot_shutdown_timeout=0) as one:
        event, reads = await left_behind(one)
        read, troubles = reads.job_of_seq, [StoreUnavailable("locked")] * 3

        async def troubled(seq: int) -> Any:
            if troubles:
                raise troubles.pop()
            return await read(seq)

        reads.job_of_seq = troubled
        await one.channel.wait_for_answers(event)
        assert not troubles


async def test_a_damaged_database_ends_the_service_with_its_error(tmp_path: Path) -> None:
    """Events that can never be read end the service with an instruction."""
    async with service(tmp_path, bot_shutdown_timeout=0) as one:
        _, reads = await left_behind(one)

        async def troubled(seq: int) -> Any:
            raise StoreCorrupt("it is damaged")

        reads.job_of_seq = troubled
        await asyncio.wait({one.running})
        with pytest.raises(StoreCorrupt, match="it is damaged"):
            await one.stop()


async def left_behind(one: Service) -> tuple[str, Any]:
    """Start a service that must read a waiting event from its table; return it with the store's reader."""
    release = one.echo.hold("hello")
    event = await one.start_asking("hello")
    await one.stop()
    release.set()
    await one.start()
    assert isinstance(one.core.store, SqliteStore)
    return event, one.core.store._reader


async def test_a_try_counts_before_a_file_is_read(tmp_path: Path) -> None:
    """A file that kills its reader is not read endlessly, as the try is stored first."""
    async with service(tmp_path) as one:
        seen: list[int] = []
        read = one.adapter.open

        def watched(attachment: Attachment) -> AsyncIterator[bytes]:
            with contextlib.closing(sqlite3.connect(tmp_path / "bot.db")) as other:
                seen.extend(attempts for (attempts,) in other.execute("SELECT attempts FROM events"))
            return read(attachment)

        one.adapter.open = watched  # type: ignore[method-assign]
        await one.ask("what does it say?", files={"a.txt": "hello"})
        assert seen == [1]
