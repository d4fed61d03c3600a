"""What processes share out: each number has one holder, all are spread evenly, and a lost holder is replaced."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from bot.store.postgres.connection import Connections
from bot.store.postgres.shares import Share
from bot.store.postgres.store import PostgresStore
from bot.store.timing import StoreTiming
from tests.support.database.postgres import connected, name_of, server, url
from tests.support.service import quiet_logs

__all__ = ["server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

QUICK = StoreTiming(share_look=0.02, share_alone=0.02, share_move=0.02, share_free=0.3, share_return=1.0)
#: A machine that is gone is noticed soon.
IMPATIENT = replace(QUICK, share_timeout=0.5, share_trust=1.0, share_lost=3.0)


#: How many processes take part.
_MEMBERS = """SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database
WHERE locktype = 'advisory' AND objid = 4294967295 AND datname = current_database()"""


@dataclass
class Member:
    """A process that takes part."""

    changes: AsyncGenerator[frozenset[int], None]
    held: frozenset[int] = frozenset()
    uses: dict[int, "Member"] = field(default_factory=dict)  #: who uses each number, of all members
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def run(self) -> None:
        """Use what is held. Raises `AssertionError` where another member uses it at the same time."""
        async with aclosing(self.changes):
            try:
                async for held in self.changes:
                    await self._use(held)
            finally:  # and only then the rest is given back
                await self._use(frozenset())

    async def _use(self, held: frozenset[int]) -> None:
        for number in self.held - held:
            del self.uses[number]
        for number in held - self.held:
            assert number not in self.uses
            self.uses[number] = self
        self.held = held
        async with self.changed:
            self.changed.notify_all()


@dataclass
class Group:
    """Processes that share out some numbers."""

    url: SecretStr
    count: int
    timing: StoreTiming = QUICK
    tasks: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    members: list[Member] = field(default_factory=list)
    uses: dict[int, Member] = field(default_factory=dict)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def join(self, url: SecretStr | None = None) -> Member:
        """Have one more process take part."""
        share = Share(Connections(url or self.url, timeout=10), self.timing, name="thing", count=self.count)
        one = Member(share.changes(), uses=self.uses, changed=self.changed)
        self.members.append(one)
        self.tasks[id(one)] = asyncio.create_task(one.run())
        return one

    async def leave(self, one: Member) -> None:
        """End a process."""
        self.tasks[id(one)].cancel()
        await asyncio.gather(self.tasks[id(one)], return_exceptions=True)

    async def until(self, *sizes: int) -> None:
        """Wait until the members hold so many numbers each, in this order."""
        async with asyncio.timeout(120), self.changed:
            await self.changed.wait_for(lambda: tuple(len(one.held) for one in self.members) == sizes)
        failed = [task.exception() for task in self.tasks.values() if task.done() and not task.cancelled()]
        assert not failed


@asynccontextmanager
async def group(url: SecretStr, count: int, timing: StoreTiming = QUICK) -> AsyncIterator[Group]:
    one = Group(url, count, timing)
    try:
        yield one
    finally:
        for member in one.members:
            await one.leave(member)


async def test_numbers_are_spread_and_taken_over(url: SecretStr) -> None:
    """One process has all; more get their part; what one leaves goes to the others. No number has two holders."""
    async with group(url, 3) as all_:
        one = all_.join()
        await all_.until(3)
        two = all_.join()
        await all_.until(2, 1)
        all_.join()
        await all_.until(1, 1, 1)
        all_.join()  # stands by
        await all_.leave(one)
        await all_.until(0, 1, 1, 1)
        await all_.leave(two)
        async with asyncio.timeout(60), all_.changed:
            await all_.changed.wait_for(lambda: sorted(all_.uses) == [0, 1, 2])


async def test_a_broken_connection_loses_nothing(url: SecretStr) -> None:
    """All connections break, as when the server restarts: who held a number has it again, without letting go of it."""
    async with asyncio.timeout(60), group(url, 2) as all_:
        one, two = all_.join(), all_.join()
        await all_.until(1, 1)
        before = one.held, two.held
        async with PostgresStore(url, roles=["receive"]) as store:
            [process] = await store.processes()
            assert (process.roles, process.holds) == (("receive",), ("thing: 0", "thing: 1"))
            await store.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'muse-share%'"
            )
            for _ in range(3):  # looks of both
                await asyncio.sleep(QUICK.share_look)
            while [one.holds for one in await store.processes()] != [("thing: 0", "thing: 1")]:  # noqa: ASYNC110
                await asyncio.sleep(QUICK.share_look)
        assert (one.held, two.held) == before


async def test_a_lost_machine(url: SecretStr) -> None:
    """The network of a holder is silent, both ends stay open: it lets go, and only then another takes over."""
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(Proxy(url).serve())
        all_ = await stack.enter_async_context(group(url, 1, IMPATIENT))
        lost = all_.join(proxy.url)
        await all_.until(1)
        all_.join()
        await proxy.until_known(2)
        proxy.is_silent = True
        await all_.until(0, 1)  # `Member.run` has seen that nobody else used it
        assert lost.held == frozenset()
        assert all_.uses[0] is all_.members[1]


async def test_an_outage_of_the_database_of_one_process(url: SecretStr) -> None:
    """Nobody else takes part: it keeps what it has, also while the database is away for long."""
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(Proxy(url).serve())
        all_ = await stack.enter_async_context(group(url, 1, replace(IMPATIENT, share_timeout=0.1, share_trust=0.0)))
        one = all_.join(proxy.url)
        await all_.until(1)
        proxy.is_silent = True
        await proxy.until_connected(3)  # it has tried again
        assert one.held == {0}


class Proxy:
    """Passes connections on to the server, and nothing while it is silent."""

    def __init__(self, url: SecretStr) -> None:
        self._target = url
        self.is_silent = False
        self.connections = 0
        self.pieces = 0  #: passed on
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []

    @asynccontextmanager
    async def serve(self) -> AsyncIterator["Proxy"]:
        listening = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        parts = urlsplit(self._target.get_secret_value())
        port = listening.sockets[0].getsockname()[1]
        user = parts.username or "postgres"
        self.url = SecretStr(f"postgresql://{user}:{parts.password or ''}@127.0.0.1:{port}/{name_of(self._target)}")
        async with listening:
            yield self
            for task in self._tasks:
                task.cancel()
            for writer in self._writers:
                writer.transport.abort()

    async def until_known(self, members: int) -> None:
        """Wait until so many processes take part, and the one that is connected here has looked since."""
        async with asyncio.timeout(120), connected(self._target) as connection:
            while await connection.fetchval(_MEMBERS) != members:  # noqa: ASYNC110 - only the database knows
                await asyncio.sleep(0.02)
        seen = self.pieces
        await self._until(lambda: self.pieces >= seen + 4)  # two questions and their answers

    async def until_connected(self, times: int) -> None:
        """Wait for the end of that many attempts to connect."""
        await self._until(lambda: self.connections >= times)

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(120):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._changed.set()
        parts = urlsplit(self._target.get_secret_value())
        folder = parse_qs(parts.query).get("host")
        if folder:
            there: Any = await asyncio.open_unix_connection(f"{folder[0]}/.s.PGSQL.{parts.port or 5432}")
        else:
            there = await asyncio.open_connection(parts.hostname, parts.port)
        self._writers += [writer, there[1]]
        for source, target in ((reader, there[1]), (there[0], writer)):
            self._tasks.add(asyncio.create_task(self._pass_on(source, target)))

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while piece := await source.read(1 << 16):
            if self.is_silent:
                await asyncio.Event().wait()
            target.write(piece)
            self.pieces += 1
            self._changed.set()
        target.close()
