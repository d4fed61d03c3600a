"""The PostgreSQL store keeps the store's promises, between processes too."""

import asyncio
import contextlib
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from pydantic import SecretStr

from bot.errors import SchemaTooNew, StoreError, StoreUnavailable
from bot.models import Job, Lane
from bot.ports import Store
from tests.contract.store_contract import StoreContract
from tests.support.database.postgres import connected, name_of, server, tables, url
from tests.support.database.store import ADAPTERS, LANES, answer, claim, event, outcome, said

pytest.importorskip("asyncpg")
from bot.store.postgres.store import PostgresStore
from bot.store.timing import StoreTiming

__all__ = ["server", "url"]
CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
#: The connection that writes new events is the third of a process.
CUT_RECORDER = (
    "SELECT pg_terminate_backend((SELECT pid FROM pg_stat_activity WHERE usename = $1"
    " ORDER BY backend_start OFFSET 2 LIMIT 1), 5000)"
)


class TestPostgresStore(StoreContract):
    @pytest.fixture(autouse=True)
    def _given(self, url: SecretStr) -> None:
        self.url = url

    def open(self, place: Path) -> AbstractAsyncContextManager[Store]:
        return PostgresStore(self.url)

    async def tables(self, place: Path) -> dict[str, list[tuple[Any, ...]]]:
        return await tables(self.url)


async def test_processes_share_the_work(url: SecretStr) -> None:
    """Two stores on one database: every event once, each conversation in order, nobody waits for news."""
    order: dict[str, list[str]] = {}

    async def work(store: Store) -> None:
        while len([name for names in order.values() for name in names]) < 120:
            job = await store.claim(LANES, ADAPTERS)
            if job is None:
                await store.wait()
                continue
            await store.save_draft(job, job.event.id)
            order.setdefault(job.event.conversation, []).append(job.event.id)
            assert await store.commit(job, outcome(job.event.id, user=job.event.id))
            await store.complete(job)

    async with PostgresStore(url) as one, PostgresStore(url) as two, asyncio.timeout(200):
        workers = [asyncio.create_task(work(store)) for store in (one, two) for _ in range(3)]
        for n in range(120):
            await (one, two)[n % 2].record(event(f"{n}", conversation=f"c{n % 7}"), lane=Lane.CONVERSATION)
        await asyncio.gather(*workers)
        for conversation, names in order.items():
            assert names == [f"{n}" for n in range(120) if n % 7 == int(conversation[1:])]
            assert await said(one, conversation) == [name for name in names for _ in range(2)]


OTHER = """
import asyncio, sys
from pydantic import SecretStr
from bot.errors import StoreUnavailable
from bot.models import Answer, Lane, Outcome, Usage
from bot.store.postgres.store import PostgresStore
from bot.store.timing import StoreTiming

async def main():
    async with PostgresStore(SecretStr(sys.argv[1]), timing=StoreTiming(draft_linger=60)) as store:
        job = await store.claim(list(Lane), ["one"])
        await store.save_draft(job, "of the other")
        await store.confirm(job)
        print(job.event.id, flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        while True:
            try:
                await store.begin_call(job, Usage(kind="image", model="m", items=1), 5)
                print("begun", flush=True)
            except StoreUnavailable:
                await asyncio.sleep(0.01)
                continue
            except Exception as exc:
                print(type(exc).__name__, flush=True)
            break
        try:
            await store.commit(job, Outcome(answer=Answer(text="late")))
        except Exception as exc:
            print(type(exc).__name__, flush=True)

asyncio.run(main())
"""


@contextlib.asynccontextmanager
async def another_process(url: SecretStr) -> AsyncIterator[subprocess.Popen[bytes]]:
    """A process that has claimed an event and opened a draft.

    At a line of input it reserves a call and commits, and tells what failed.
    """
    command = [sys.executable, "-c", OTHER, url.get_secret_value()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:  # noqa: ASYNC220 - at once
        assert other.stdout is not None
        assert await asyncio.to_thread(other.stdout.readline) == b"e\n"
        try:
            yield other
        finally:
            other.kill()


async def next_job(store: Store) -> Job:
    """Claim as a worker does, however long the database is away."""
    while True:
        with contextlib.suppress(StoreUnavailable):
            if job := await store.claim(LANES, ADAPTERS):
                return job
            await store.wait()


async def test_what_a_killed_process_had_is_taken_over(url: SecretStr) -> None:
    """Its lock goes with it; the other process claims its event with the draft it had."""
    async with PostgresStore(url) as store, asyncio.timeout(200):
        await store.record(event("e"), lane=Lane.CONVERSATION)
        async with another_process(url) as other:
            assert await store.claim(LANES, ADAPTERS) is None
            other.send_signal(signal.SIGKILL)
            job = await next_job(store)
        assert (job.event.id, job.ref, job.attempt) == ("e", "of the other", 2)


async def test_who_slept_while_the_lock_went_has_lost_the_work(url: SecretStr) -> None:
    """A process that was stopped, and whose lock the server let go of meanwhile, spends and commits nothing."""
    async with PostgresStore(url) as store, asyncio.timeout(200):
        await store.record(event("e"), lane=Lane.CONVERSATION)
        async with another_process(url) as other, connected(url) as connection:
            other.send_signal(signal.SIGSTOP)
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid <> $1",
                store._lease.number,
            )
            job = await next_job(store)
            await store.commit(job, outcome("good"))
            other.send_signal(signal.SIGCONT)
            told, _ = await asyncio.to_thread(other.communicate, b"\n")
            assert told.split()[-2] == b"OwnershipLost"
            assert told.split()[-1] in (b"OwnershipLost", b"StoreUnavailable")
            assert await connection.fetchval("SELECT count(*) FROM calls") == 0
        await store.complete(job)
        assert await said(store) == ["asked", "good"]


async def test_what_runs_goes_on_when_the_lock_is_taken_anew(url: SecretStr) -> None:
    """When the connection that holds the lock breaks and nobody was quicker, nothing is done twice."""
    async with PostgresStore(url) as store, asyncio.timeout(200):
        await store.record(event("e"), lane=Lane.CONVERSATION)
        job = await claim(store)
        number = store._lease.number
        async with connected(url) as connection:
            await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        is_back = False
        while not is_back:  # as long as it takes: a connection that was just made may break, too
            with contextlib.suppress(StoreUnavailable):
                assert await store.claim(LANES, ADAPTERS) is None
                is_back = store._lease.number != number
        await store.confirm(job)
        assert await store.commit(job, outcome("good"))
        await store.complete(job)
        assert await said(store) == ["asked", "good"]


async def test_a_restart_of_the_server_takes_no_work_from_a_process(url: SecretStr) -> None:
    """When all connections broke, who is back first leaves to the others what they have begun."""
    timing = StoreTiming(beat=3600, take_over=0.0, return_of_others=3600)
    async with PostgresStore(url, timing=timing) as quick, PostgresStore(url, timing=timing) as slow:
        async with asyncio.timeout(200):
            await quick.record(event("e"), lane=Lane.CONVERSATION)
            job, number = await claim(slow), quick._lease.number
            async with connected(url) as connection:
                await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
            while quick._lease.number == number:
                with contextlib.suppress(StoreUnavailable):
                    assert await quick.claim(LANES, ADAPTERS) is None
            assert await quick.claim(LANES, ADAPTERS) is None
            with contextlib.suppress(StoreUnavailable):
                await slow.claim(LANES, ADAPTERS)
            await slow.claim(LANES, ADAPTERS)
            assert await slow.commit(job, outcome("good"))


async def test_a_busy_connection_is_not_broken_off(url: SecretStr) -> None:
    """Whoever looks for signs of life waits for a turn; while others get theirs, the lock stays as it is."""
    timing = StoreTiming(beat=0.01, beat_timeout=1.5)

    async def used(store: PostgresStore) -> None:
        async with store._lease.connection() as connection:
            await connection.rows("SELECT pg_sleep(0.1)")

    async with PostgresStore(url, timing=timing) as store, asyncio.timeout(200):
        number = store._lease.number
        await asyncio.gather(*(used(store) for _ in range(25)))
        assert store._lease.number == number


async def test_what_could_not_be_given_back_waits_again(url: SecretStr) -> None:
    """Given back while the database was away, an event is claimed when it is there again."""
    async with PostgresStore(url) as store, asyncio.timeout(200):
        await store.record(event("e"), lane=Lane.CONVERSATION)
        job = await claim(store)
        async with connected(url, "postgres") as connection:
            name = name_of(url)
            await connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            await connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
            with pytest.raises(StoreUnavailable):
                await store.release(job)
            with pytest.raises(StoreUnavailable):
                await store.claim(LANES, ADAPTERS)
            await connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        assert (await next_job(store)).event.id == "e"


async def test_what_waits_again_may_be_claimed_before_the_writer_has_its_answer(url: SecretStr) -> None:
    """The new claim stands although the answer to the transaction that gave the event back arrives after it."""
    async with slow_commits(url) as (slow, is_committed, release), PostgresStore(slow) as store, asyncio.timeout(200):
        await store.record(event("e"), lane=Lane.CONVERSATION)
        first = await next_job(store)
        await store.save_draft(first, "ref")
        await store.confirm(first)
        release.clear()
        is_committed.clear()
        given_back = asyncio.create_task(store.retry(first, 0))
        await is_committed.wait()
        second = await next_job(store)
        release.set()
        await given_back
        await store.commit(second, outcome("e"))
        await store.complete(second)
        assert (await store.counts())["running"] == 0


@contextlib.asynccontextmanager
async def slow_commits(url: SecretStr) -> AsyncIterator[tuple[SecretStr, asyncio.Event, asyncio.Event]]:
    """A connection to the server that delays the answers to COMMIT, and to an update that is a transaction itself.

    Yields its URL, an event that is set when such an answer has come, and one that lets it through.
    """
    is_committed, release = asyncio.Event(), asyncio.Event()
    release.set()
    folder = unquote(url.get_secret_value().rpartition("host=")[2])

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while read := await reader.read(65536):
                if b"COMMIT\0Z" in read or b"UPDATE 1\0Z" in read:
                    is_committed.set()
                    await release.wait()
                writer.write(read)
                await writer.drain()
        writer.close()

    async def connected_to_us(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reader_of_server, writer_of_server = await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.5432")
        await asyncio.gather(pump(reader, writer_of_server), pump(reader_of_server, writer))

    proxy = await asyncio.start_server(connected_to_us, "127.0.0.1", 0)
    async with proxy:
        port = proxy.sockets[0].getsockname()[1]
        yield SecretStr(f"postgresql://postgres@127.0.0.1:{port}/{name_of(url)}?sslmode=disable"), is_committed, release


async def test_a_value_of_another_process_is_seen(url: SecretStr) -> None:
    """What one process sets, the other knows with its next claim, though it had read it before."""
    async with PostgresStore(url) as one, PostgresStore(url) as two, asyncio.timeout(200):
        for name in ("s", "it's here", "long " * 1000):
            assert await two.namespace(name).items() == {}
            await one.namespace(name).set("n", "v")
            await two.claim(LANES, ADAPTERS)
            assert await two.namespace(name).items() == {"n": "v"}
            await one.namespace(name).delete("n")
            await two.claim(LANES, ADAPTERS)
            assert await two.namespace(name).get("n") is None


async def test_a_value_of_another_process_costs_no_other_namespace(url: SecretStr) -> None:
    """The other process reads the changed namespace anew, and what it knows of others from memory."""
    async with PostgresStore(url) as one, PostgresStore(url) as two, connected(url) as connection:
        await one.namespace("other").set("n", "v")
        await two.claim(LANES, ADAPTERS)
        assert await two.namespace("other").get("n") == "v"
        await connection.execute("UPDATE key_values SET value = 'unheard of'")
        await one.namespace("s").set("n", "v")
        await two.claim(LANES, ADAPTERS)
        assert await two.namespace("s").get("n") == "v"
        assert await two.namespace("other").get("n") == "v"


async def test_settings_of_a_namespace_without_values_are_not_read(url: SecretStr) -> None:
    """Such as those of a new thread: a process knows which have values, until notifications may have been missed."""
    add = (
        "INSERT INTO key_values (namespace, name, value, adapter, actor, conversation)"
        " VALUES ($1, 'n', 'unheard of', '', '', '')"
    )
    async with PostgresStore(url) as one, PostgresStore(url) as two, connected(url) as connection:
        assert await two.read_namespaces("other") == [{}]
        await connection.execute(add, "new")
        assert await two.read_namespaces("new", "other") == [{}, {}]
        await one.namespace("new").set("m", "v")
        await two.claim(LANES, ADAPTERS)
        assert await two.read_namespaces("new") == [{"m": "v", "n": "unheard of"}]
        await connection.execute(add, "missed")
        assert await two.read_namespaces("missed") == [{}]
        assert await two.namespace("missed").get("n") == "unheard of"  # by whom it must not be missed for an instant
        await connection.execute(add, "missed, too")
        await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        async with asyncio.timeout(200):
            while await two.read_namespaces("missed, too") == [{}]:
                with contextlib.suppress(StoreUnavailable):
                    await two.claim(LANES, ADAPTERS)


async def test_others_are_asked_to_stop(url: SecretStr) -> None:
    """Told the events of a conversation or one by its id, the process that answers them hears of it, nobody else."""
    async with PostgresStore(url) as one, PostgresStore(url) as two, asyncio.timeout(200):
        for name, lane in (("chat", Lane.CONVERSATION), ("image", Lane.OWN), ("free", Lane.FREE)):
            await one.record(event(name), lane=lane)
        await one.record(event("elsewhere", conversation="d"), lane=Lane.CONVERSATION)
        await one.record(event("answered", conversation="e"), lane=Lane.CONVERSATION)
        jobs = {job.event.id: job for job in [await claim(two) for _ in range(5)]}
        await two.commit(jobs["answered"], outcome())
        before = jobs["free"].seq + 1
        assert await one.request_cancel("one", conversation="c", before=jobs["image"].seq) == 1
        told = two.cancel_requests()
        while not told:
            await two.wait()
            told = two.cancel_requests()
        assert set(told) == {jobs["chat"].seq}
        assert not two.cancel_requests()
        assert await one.request_cancel("one", conversation="c", before=before) == 2
        assert await one.request_cancel("one", event_id="answered", patience=60) == 0
        assert await two.request_cancel("one", event_id="chat", patience=60) == 0
        halting = asyncio.create_task(one.request_cancel("one", event_id="free", patience=60))
        while jobs["free"].seq not in two.cancel_requests():
            await two.wait()
        assert not halting.done()
        await two.complete(jobs["free"])
        assert await halting == 1
        assert not one.cancel_requests()


async def test_connections_that_break_are_made_anew(url: SecretStr) -> None:
    """After all of them were cut, what was acknowledged is there and work goes on."""
    async with PostgresStore(url) as store, asyncio.timeout(200):
        await answer(store, event("before"))
        async with connected(url) as connection:
            await connection.execute(CUT)
        recorded = False
        while not recorded:
            with contextlib.suppress(StoreUnavailable):
                recorded = await store.record(event("after"), lane=Lane.CONVERSATION)
        assert (await next_job(store)).event.id == "after"
        assert await said(store) == ["prompt of before", "answer to before"]


async def test_a_process_that_can_not_record_says_so(url: SecretStr) -> None:
    """It does not start where too few connections are left; `check` fails while that of new events is gone.

    A server that refuses its user meanwhile is one that is away, whatever it is at the start.
    """
    user = name_of(url)
    limited = SecretStr(url.get_secret_value().replace("//postgres:", f"//{user}:"))
    timing = StoreTiming(write_check=0)
    async with connected(url) as db, asyncio.timeout(60):
        await db.execute(f"CREATE ROLE {user} LOGIN CONNECTION LIMIT 4 IN ROLE postgres")
        async with PostgresStore(limited, timing=timing) as store:
            await store.check()
            with pytest.raises(StoreUnavailable, match="connections"):
                async with PostgresStore(limited):
                    pass
            await db.execute(f"ALTER ROLE {user} CONNECTION LIMIT 3")
            await db.execute(CUT_RECORDER, user)
            with contextlib.suppress(StoreUnavailable):  # which finds the connection broken
                await store.check()
            with pytest.raises(StoreUnavailable, match="connections"):
                await store.check()
            await db.execute(f"ALTER ROLE {user} CONNECTION LIMIT 4 NOLOGIN")
            with pytest.raises(StoreUnavailable, match="refuses user"):
                await store.check()
            await db.execute(f"ALTER ROLE {user} LOGIN")
            await store.check()
            assert await store.record(event("e"), lane=Lane.FREE)
        while await db.fetchval("SELECT count(*) FROM pg_stat_activity WHERE usename = $1", user):  # noqa: ASYNC110 - only the server tells
            await asyncio.sleep(0.01)
        await db.execute(f"DROP ROLE {user}")


async def test_an_event_changes_its_row_three_times_and_no_table_is_read_whole(url: SecretStr) -> None:
    """What an event costs does not grow with those before it, though plans were made when the tables were empty.

    It is claimed, committed and completed: the draft of a quick answer is written with the answer.
    """
    async with PostgresStore(url, timing=StoreTiming(draft_linger=60)) as store:
        for n in range(30):
            await answer(store, event(f"{n}"))
            await said(store)
    columns = "relname, n_tup_ins, n_tup_upd, seq_tup_read"
    sql = f"SELECT {columns} FROM pg_stat_user_tables WHERE relname IN ('events', 'turns')"
    async with connected(url) as connection, asyncio.timeout(200):
        while True:  # connections tell what they did when they end
            read = {name: tuple(figures) for name, *figures in await connection.fetch(sql)}
            if read["events"][0] == 30:
                break
            await asyncio.sleep(0.05)
    assert read == {"events": (30, 90, 0), "turns": (60, 0, 0)}


async def test_the_end_of_an_event_does_not_wait_for_the_disk(url: SecretStr) -> None:
    """Of an answer and its end, one makes its connection write the server's log: the answer."""
    count = "SELECT sum(writes)::integer FROM pg_stat_get_backend_io(pg_backend_pid()) WHERE object = 'wal'"
    async with PostgresStore(url, timing=StoreTiming(draft_linger=60)) as store:

        async def writes() -> int:
            await store._writer.submit(lambda db: db.rows("SELECT pg_stat_force_next_flush()"))
            return await store._writer.submit(lambda db: db.value(count))

        before = await writes()
        for n in range(20):
            await answer(store, event(f"{n}"))
        assert 0 < await writes() - before <= 20


async def test_a_newer_schema_is_refused(url: SecretStr) -> None:
    """A database written by a newer version is left alone."""
    async with PostgresStore(url):
        pass
    async with connected(url) as connection:
        await connection.execute("INSERT INTO schema_version VALUES (999)")
    with pytest.raises(SchemaTooNew, match="999"):
        async with PostgresStore(url):
            pass


async def test_a_pooler_in_place_of_a_server_is_told() -> None:
    """It refuses settings of a connection, as PgBouncer does (SQLSTATE 08P01), which no later start mends."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)  # the request for TLS
        writer.write(b"N")
        await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big") - 4)
        fields = b"SFATAL\0C08P01\0Munsupported startup parameter: tcp_keepalives_idle\0\0"
        writer.write(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as pooler:
        port = pooler.sockets[0].getsockname()[1]
        with pytest.raises(StoreError, match="PgBouncer") as raised:
            async with PostgresStore(SecretStr(f"postgresql://ann:hunter2@127.0.0.1:{port}/db")):
                pass
        assert raised.value.exit_status == 2


async def test_a_server_that_is_not_there() -> None:
    """One sentence says what to check; the password is not in it, nor in any cause of it."""
    with pytest.raises(StoreUnavailable, match="can't be reached") as raised:
        async with PostgresStore(SecretStr("postgresql://ann:hunter2@127.0.0.1:1/db")):
            pass
    told: BaseException | None = raised.value
    while told is not None:
        assert "hunter2" not in repr(told)
        told = told.__cause__


async def test_a_database_that_is_not_there(url: SecretStr) -> None:
    """It is named."""
    missing = url.get_secret_value().replace("/test_", "/not_")
    with pytest.raises(StoreError, match="does not exist"):
        async with PostgresStore(SecretStr(missing)):
            pass
