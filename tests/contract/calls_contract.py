"""The ledger of calls, which every store keeps: what the API was asked for is in it, whenever a process dies."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.limits import Limit, Measure, Period, Subject
from bot.models import Answer, Job, Lane, Location, Outcome, Usage
from bot.ports import Store
from tests.support.database.store import LANES, answer, event, make_quota, outcome

PRICE = 30_000  #: micros
CALL = Usage(kind="image", model="m", items=1)
PAID = replace(CALL, cost=PRICE / 1_000_000)
STEPS = ("ask", "chat", "post", "refuse", "answer", "fail", "retry", "die", "time out")


class Ledger:
    """A process that answers events by random steps, and an API that bills each call that it does not refuse."""

    def __init__(self, store: Store, place: Location) -> None:
        self.store = store
        self.place = place
        self.number = 0
        self.jobs: dict[str, Job] = {}  #: claimed
        self.open: Counter[str] = Counter()  #: calls of this process that have not ended, by event
        self.orphans: set[str] = set()  #: events with a call that a dead process has left
        self.billed = 0
        self.unreserved: set[str] = set()  #: events whose first call is not reserved
        self.pending: set[str] = set()  #: those of them whose first call was posted and has no entry yet

    async def chat(self) -> None:
        """Record an event whose first call is not reserved."""
        await self.ask()
        self.unreserved.add(f"{self.place.channel}-{self.number}")

    async def ask(self) -> None:
        """Record an event and claim what is waiting."""
        self.number += 1
        asked = event(f"{self.place.channel}-{self.number}", conversation=f"{self.number}", location=self.place)
        assert await self.store.record(asked, lane=Lane.FREE, quota=make_quota("image", 1, micros=PRICE))
        await self.claim()

    async def claim(self) -> None:
        """Claim all that is waiting."""
        while (job := await self.store.claim(LANES, ["one"])) is not None:
            self.jobs[job.event.id] = job

    async def post(self, name: str) -> None:
        """Post a call; one whose end nobody knows is settled first."""
        job = self.jobs[name]
        if name in self.unreserved:
            self.pending.add(name)
            return
        if self.open[name] or name in self.orphans:
            assert await self.store.settle_lost_calls(job)
            self.orphans.discard(name)
        await self.store.begin_call(job, CALL, PRICE)
        self.open[name] = 1
        self.billed += 1

    async def refuse(self, name: str) -> None:
        """Let the API refuse the open call."""
        if name in self.pending:
            await self.store.return_call(self.jobs[name], unreserved=CALL)
            self.end_first(name)
        if self.open.pop(name, 0):
            await self.store.return_call(self.jobs[name])
            self.billed -= 1

    async def time_out(self, name: str) -> None:
        """Give a call up, and count what it may have cost."""
        if name in self.pending:
            await self.store.add_usage(self.jobs[name], (PAID,), is_reserved=False)
            self.billed += 1
            self.end_first(name)
        if self.open.pop(name, 0):
            await self.store.add_usage(self.jobs[name], (PAID,))

    async def end(self, name: str, *, is_answered: bool) -> None:
        """Commit the event: with the picture, or with an error after the open call was refused."""
        job = self.jobs.pop(name)
        if name in self.pending and is_answered:
            assert await self.store.commit(job, Outcome(answer=Answer(), usage=(PAID,), call="unreserved"))
            await self.store.complete(job)
            self.billed += 1
            self.end_first(name)
            return
        if name in self.orphans:
            await self.store.settle_lost_calls(job)
            self.orphans.discard(name)
        result = outcome(usage=())
        if self.open.pop(name, 0):
            result = Outcome(answer=result.answer, usage=(PAID,) if is_answered else (), call="used")
            if not is_answered:
                result = replace(result, call="refused")
                self.billed -= 1
        assert await self.store.commit(job, result)
        await self.store.complete(job)

    def end_first(self, name: str) -> None:
        """Note that an event has an entry: from now on its calls are reserved."""
        self.pending.discard(name)
        self.unreserved.discard(name)

    async def count_lost(self) -> None:
        """Settle the first calls whose process is gone."""
        for name in self.pending & self.jobs.keys():
            assert await self.store.settle_lost_calls(self.jobs[name], unreserved=CALL)
            assert not await self.store.settle_lost_calls(self.jobs[name], unreserved=CALL)
            self.billed += 1
            self.end_first(name)

    async def retry(self, name: str) -> None:
        """Give the job back and claim it again; an open call is left."""
        if self.open.pop(name, 0):
            self.orphans.add(name)
        await self.store.release(self.jobs.pop(name))
        await self.claim()

    def die(self, restarted: Store) -> None:
        """Go on with what a process has left that died."""
        self.store = restarted
        self.orphans |= {name for name, count in self.open.items() if count}
        self.open.clear()
        self.jobs.clear()


class CallsContract:
    """Subclasses give `restart` and `tables` of `QuotaContract`."""

    restart: Callable[[], Any]
    tables: Callable[[], Any]
    examples = 8

    async def test_the_ledger_is_what_the_api_was_asked_for(self, stores: tuple[Store, Store]) -> None:
        """Over random steps and deaths: reserved and settled are what was billed, and in the end what was used."""
        loop = asyncio.get_running_loop()
        current, number = stores[0], 0

        async def run(steps: list[tuple[str, int]]) -> None:
            nonlocal current, number
            number += 1
            ledger = Ledger(current, Location(workspace="w", channel=f"example {number}"))
            before = await self.sums()
            for step, which in steps:
                if step == "die":
                    current = (await self.restart())[0]
                    ledger.die(current)
                    await ledger.claim()
                    await ledger.count_lost()
                elif step in {"ask", "chat"}:
                    await getattr(ledger, step)()
                elif ledger.jobs:
                    await self.take(ledger, step, sorted(ledger.jobs)[which % len(ledger.jobs)])
                assert await self.sums() - before == ledger.billed * PRICE
            for name in list(ledger.jobs):
                await ledger.end(name, is_answered=True)
            assert await self.sums() - before == ledger.billed * PRICE
            spent = Limit(Subject.CHANNEL, Measure.MONEY, Period.MONTH, 1)
            assert await current.used("one", "ann", ledger.place, [spent]) == [ledger.billed * PRICE]

        first = Ledger(current, Location(workspace="w", channel="the first price"))
        await first.ask()
        await first.post(next(iter(first.jobs)))
        await first.end(next(iter(first.jobs)), is_answered=True)
        steps = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 3)), max_size=25)
        checks = settings(
            max_examples=self.examples, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        )

        @checks
        @given(steps)
        def example(chosen: list[tuple[str, int]]) -> None:
            asyncio.run_coroutine_threadsafe(run(chosen), loop).result(60)

        await asyncio.to_thread(example)

    async def test_a_try_counts_with_its_call(self, stores: tuple[Store, Store]) -> None:
        """Also where no draft of it is stored yet: the next try must know that a call may have been lost."""
        one, two = stores
        await one.record(event("e"), lane=Lane.FREE)
        job = await one.claim(LANES, ["one"])
        assert job is not None
        assert not job.is_repeated
        await one.begin_call(job, CALL, PRICE)
        next_try = await two.job("one", "e")
        assert next_try is not None
        assert next_try.is_repeated

    async def test_a_call_that_outlives_its_event(self, stores: tuple[Store, Store]) -> None:
        """Such as a summary's: when its process has died, it is found, and settled at its price."""
        one, two = stores
        job = await answer(one, event("e"), outcome(usage=()))
        await one.begin_call(job, CALL, PRICE, is_afterwards=True)
        now = datetime.now(UTC)
        assert await two.lost_calls(now - timedelta(hours=1)) == []
        [lost] = await two.lost_calls(now + timedelta(minutes=1))
        assert await two.settle_lost_calls(lost)
        assert await one.lost_calls(now + timedelta(minutes=1)) == []
        assert await self.sums() == PRICE

    async def take(self, ledger: Ledger, step: str, name: str) -> None:
        """Take a step with one event."""
        match step:
            case "post":
                await ledger.post(name)
            case "refuse":
                await ledger.refuse(name)
            case "time out":
                await ledger.time_out(name)
            case "retry":
                await ledger.retry(name)
            case _:
                await ledger.end(name, is_answered=step == "answer")

    async def sums(self) -> int:
        """Return what is reserved and settled in the ledger."""
        return sum(micros for *_, micros, state in (await self.tables())["calls"] if state != "returned")
