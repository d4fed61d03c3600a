"""The quota rule, which every store keeps as it records an event: over all its processes and over restarts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.errors import OverLimit
from bot.limits import Limit, Measure, NearLimit, Period, QuotaRequest, Subject
from bot.models import Answer, CommandSpec, Event, Lane, Location, Option, Usage
from bot.policy import Refusal, RefusalNotices
from bot.ports import Store
from bot.settings.core import Settings
from tests.support.database.policy import make_policy, quota_of
from tests.support.database.store import LANES, answer, claim, event, files_today, make_quota, outcome

_numbers = count()
IMAGE = CommandSpec(
    name="image", description="Draw.", kind="image", options=(Option(name="n", description="How many", kind="integer"),)
)
DRAWING = Usage(kind="image", model="m", items=1, cost=0.25)

Stores = tuple[Store, Store]  #: two processes' stores on one database; the same one twice where there is one process


async def within(store: Store, asked: Event, quota: QuotaRequest) -> OverLimit | None:
    """Record a new event; the limit that it is over."""
    try:
        assert await store.record(asked, lane=Lane.FREE, quota=quota)
    except OverLimit as over:
        return over
    return None


async def burst(stores: Stores, quota: QuotaRequest, *, number: int, people: int = 1) -> list[OverLimit]:
    """Record that many through both stores at once; what was refused."""
    asked = (
        within(stores[n % 2], event(f"burst {next(_numbers)}", actor=f"p{n % people}"), quota) for n in range(number)
    )
    return [over for over in await asyncio.gather(*asked) if over is not None]


class QuotaContract:
    """Subclasses give `connect`, which opens the stores of one database, and say how time passes for them."""

    place: Path
    stack: AsyncExitStack

    async def connect(self, stack: AsyncExitStack) -> Stores:
        """Open both stores."""
        raise NotImplementedError

    async def pass_time(self, seconds: float) -> None:
        """Let everything that was counted so far be that much older."""
        raise NotImplementedError

    async def now(self) -> datetime:
        """The time of the stores."""
        raise NotImplementedError

    async def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        raise NotImplementedError

    @pytest.fixture
    async def stores(self, tmp_path: Path) -> AsyncIterator[Stores]:
        self.place = tmp_path
        async with asyncio.timeout(200), AsyncExitStack() as self.stack:
            yield await self.connect(self.stack)

    async def restart(self) -> Stores:
        await self.stack.aclose()
        return await self.connect(self.stack)

    async def test_requests_a_minute(self, stores: Stores) -> None:
        """The limit is one person's over all processes; the refusal says when there is room, and then there is."""
        quota = make_quota(kind="chat", requests_per_minute=7)
        refused = await burst(stores, quota, number=40, people=2)
        assert len(refused) == 40 - 2 * 7
        assert all(over.limit.measure == "requests" and 0 < over.wait <= 60 for over in refused)
        await self.pass_time(30)
        over = await within(stores[0], event("soon", actor="p0"), quota)
        assert over is not None
        assert 0 < over.wait <= 30
        await self.pass_time(30)
        assert await within(stores[1], event("later", actor="p0"), quota) is None

    async def test_a_known_event_counts_once(self, stores: Stores) -> None:
        """Delivered to both processes, and again when the limit is reached, it is recorded and counted once."""
        quota = make_quota(kind="chat", requests_per_minute=2)
        delivered = (store.record(event("e"), lane=Lane.FREE, quota=quota) for store in stores * 5)
        assert sorted(await asyncio.gather(*delivered)) == [False] * 9 + [True]
        assert await within(stores[0], event("f"), quota) is None
        assert not await stores[1].record(event("e"), lane=Lane.FREE, quota=quota)
        assert await within(stores[1], event("g"), quota)

    async def test_a_known_event_that_was_not_counted(self, stores: Stores) -> None:
        """An event that was recorded without a quota, such as a refusal, is not counted when it is delivered again."""
        quota = make_quota(kind="image", items=1, requests_per_minute=1, media_per_day=1)
        assert await stores[0].record(event("e"), lane=Lane.FREE, answer=Answer(text="no"))
        for store in stores * 2:
            assert not await store.record(event("e"), lane=Lane.FREE, quota=quota)
        assert await within(stores[1], event("f"), quota) is None
        assert await within(stores[1], event("g"), quota)
        assert not await stores[0].record(event("e"), lane=Lane.FREE, quota=quota)

    async def test_what_is_refused_leaves_nothing(self, stores: Stores) -> None:
        """Who is over one limit is not counted against another, and nothing more waits to be answered."""
        quota = make_quota(kind="image", items=1, requests_per_minute=2, media_per_day=1)
        assert await within(stores[0], event("e"), quota) is None
        for n in range(5):
            assert await within(stores[1], event(f"{n}"), quota)
        assert await within(stores[1], event("chat"), make_quota(kind="chat", requests_per_minute=2)) is None
        assert (await stores[0].counts())["waiting"] == 2

    async def test_an_event_with_an_answer_uses_nothing(self, stores: Stores) -> None:
        """It counts as a request, but makes no files."""
        quota = make_quota(kind="image", items=1, requests_per_minute=2, media_per_day=2)
        assert await stores[0].record(event("e"), lane=Lane.FREE, answer=Answer(text="as before"), quota=quota)
        assert await files_today(stores[1], "ann") == 0
        assert await within(stores[1], event("f"), quota) is None
        over = await within(stores[0], event("g"), quota)
        assert over is not None
        assert over.limit.measure == "requests"

    async def test_media_a_day(self, stores: Stores) -> None:
        """What is being made counts, then what was made; what came to nothing is free again, after a restart too."""
        one, two = stores
        quota = make_quota(kind="image", items=1, media_per_day=6)
        assert len(await burst(stores, quota, number=30)) == 24
        for used in ((DRAWING,), ()):
            await one.commit(await claim(one), outcome(usage=used))
        assert [await files_today(store, "p0") for store in stores] == [5, 5]
        over = await within(two, event("pair", actor="p0"), replace(quota, uses=replace(quota.uses, items=2)))
        assert over is not None
        assert (over.limit.measure, over.left) == ("media", 1)
        assert await within(two, event("last", conversation="stopped", actor="p0"), quota) is None
        assert await within(one, event("one too many", actor="p0"), quota)
        assert await within(one, event("another's", actor="eve"), quota) is None
        assert (
            await one.cancel_waiting("one", conversation="stopped", before=2**40, answer=Answer(text="Stopped.")) == 1
        )
        one, two = await self.restart()
        assert await within(two, event("instead", actor="p0"), quota) is None
        assert await within(one, event("no more", actor="p0"), quota)

    async def test_a_reservation_does_not_lapse(self, stores: Stores) -> None:
        """What waits, runs or was posted counts for as long as it is not ended: over hours, upkeep and restarts."""
        quota = make_quota("image", 1, media_per_day=3, budget_per_day=0.9, micros=300_000)
        for name in ("waits", "runs", "posted"):
            assert await within(stores[0], event(name), quota) is None
        running = [await claim(stores[0]) for _ in range(2)]
        await stores[0].begin_call(running[1], DRAWING, 300_000)
        for restarts in (False, True, False):
            await self.pass_time(2 * 3600)
            stores = await self.restart() if restarts else stores
            now = await self.now()
            await stores[1].prune(now - timedelta(hours=24))
            assert await stores[1].lost_calls(now - timedelta(hours=1)) == []
            for store in stores:
                assert await files_today(store, "ann") == 3
                for actor, measure in (("ann", "media"), ("bob", "money")):
                    over = await within(
                        store, event("late", actor=actor), replace(quota, limits=quota.limits[measure == "money" :])
                    )
                    assert over is not None
                    assert (over.limit.measure, over.left) == (measure, 0)

    async def test_the_call_of_an_ended_event_counts_until_it_is_settled(self, stores: Stores) -> None:
        """Its process had died, and somebody cancelled it before another try: what it was billed is not known."""
        one, _ = stores
        quota = make_quota("image", 1, budget_per_day=0.9, micros=300_000)
        for name in ("lost", "given back"):
            assert await within(one, event(name), quota) is None
            job = await claim(one)
            await one.begin_call(job, DRAWING, 300_000)
            await one.retry(job, 3600)
            stopped = await one.cancel_waiting("one", event_id=name, answer=Answer(text="Stopped."))
            assert stopped == 1
            job = await claim(one)
            await one.complete(job)
            if name == "given back":
                await one.return_call(job)
        one, two = stores = await self.restart()
        assert [await store.used("one", "ann", Location(), quota.limits) for store in stores] == [[300_000]] * 2
        assert await within(two, event("fits"), replace(quota, uses=replace(quota.uses, micros=600_000))) is None
        assert await within(one, event("does not"), quota)
        await self.pass_time(3600)
        [job] = await two.lost_calls(await self.now())
        assert await two.settle_lost_calls(job)
        assert await within(one, event("does not either"), quota)
        assert await one.used("one", "ann", Location(), quota.limits) == [900_000]

    async def test_what_is_gone_is_free(self, stores: Stores) -> None:
        """An event that was withdrawn or erased while it waited, or whose answer was replaced, makes no files."""
        one, two = stores
        quota = make_quota(kind="image", items=1, media_per_day=3)
        for name in ("withdrawn", "replaced", "stays"):
            assert await within(one, event(name), quota) is None
        assert await within(two, event("e"), quota)
        assert await two.withdraw("one", "withdrawn")
        assert await two.reopen(event("replaced"), answer=Answer())
        assert await files_today(one, "ann") == 1
        assert await within(one, event("f"), quota) is None
        assert await files_today(two, "ann") == 2
        await two.forget("one", "ann")
        assert await files_today(one, "ann") == 0

    async def test_what_is_made_again_counts_again(self, stores: Stores) -> None:
        """While it is being made; a restart does not change that."""
        one, two = stores
        quota = make_quota(kind="image", items=2, media_per_day=6)
        assert await within(one, event("e"), quota) is None
        job = await claim(one)
        await one.commit(job, outcome(usage=(replace(DRAWING, items=2),)))
        await one.complete(job)
        await two.admit(event("e"), replace(quota, uses=replace(quota.uses, items=3)))
        assert await two.reopen(event("e", prompt="more"))
        assert [await files_today(store, "ann") for store in stores] == [5, 5]
        one, two = await self.restart()
        assert await files_today(one, "ann") == 5
        job = await claim(two)
        await two.commit(job, outcome(usage=(replace(DRAWING, items=1),)))
        assert await files_today(one, "ann") == 3

    async def test_what_was_given_up_counts(self, stores: Stores) -> None:
        """A request that is stopped after it was posted counts its files, at the highest price known, for good."""
        one, two = stores
        quota = make_quota(kind="image", items=1, media_per_day=3, budget_per_day=0.6)
        await answer(one, event("e"), outcome(usage=(DRAWING,)))
        assert await within(two, event("stopped"), quota) is None
        given_up = Usage(kind="image", model="m", items=1, is_estimate=True)
        await one.commit(await claim(one), outcome(usage=(given_up,)))
        assert await files_today(two, "ann") == 2
        one, two = await self.restart()
        assert await files_today(one, "ann") == 2
        over = await within(two, event("f"), quota)
        assert over is not None
        assert over.limit.measure == "money"

    async def test_a_running_request_that_is_edited_counts_twice(self, stores: Stores) -> None:
        """The request that was posted counts besides the new one, which counts until the event is answered again."""
        one, _ = stores
        quota = make_quota(kind="image", items=1, media_per_day=2)
        given_up = Usage(kind="image", model="m", items=1, is_estimate=True)
        assert await within(one, event("e"), quota) is None
        job = await claim(one)
        await one.admit(event("e"), quota)
        await one.commit(job, outcome(usage=(given_up,)))
        await one.complete(job)
        assert await one.reopen(event("e", prompt="more"))
        assert await files_today(one, "ann") == 2
        await claim(one)
        with pytest.raises(OverLimit):
            await one.admit(event("e"), quota)
        assert await files_today(one, "ann") == 2

    async def test_a_day_ends(self, stores: Stores) -> None:
        """What was made yesterday counts no more."""
        one, two = stores
        quota = make_quota(kind="image", items=1, media_per_day=1, budget_per_day=0.3)
        await answer(one, event("e"), outcome(usage=(DRAWING,)))
        assert await within(two, event("f"), quota)
        await self.pass_time(86400)
        assert await files_today(one, "ann") == 0
        assert await within(two, event("f"), quota) is None
        assert await within(one, event("g"), quota)

    async def test_who_is_forgotten_gets_no_new_day(self, stores: Stores) -> None:
        """What was made today counts after it can't be told any more whose it was, until tomorrow."""
        one, two = stores
        for n in range(2):
            await answer(one, event(f"{n}"), outcome(usage=(DRAWING,)))
            await two.forget("one", "ann")
        assert not await one.usage(since=datetime.now(UTC) - timedelta(days=1), actor="ann")
        quota = make_quota(kind="image", items=1, media_per_day=2)
        assert await within(two, event("e"), quota)
        one, two = await self.restart()
        assert await within(two, event("e"), quota)
        await self.pass_time(86400)
        assert await within(two, event("e"), quota) is None
        await self.pass_time(86400 * 32)
        await one.prune(datetime.now(UTC) - timedelta(days=1))
        assert not (await self.tables())["carried"]

    async def test_money_a_day(self, stores: Stores) -> None:
        """Everybody's, in all processes: what was spent, and at the highest price what is being made."""
        one, two = stores
        await answer(one, event("dear"), outcome(usage=(DRAWING,)))
        await answer(two, event("cheap"), outcome(usage=(replace(DRAWING, cost=0.05),)))
        quota = make_quota(kind="image", items=1, budget_per_day=1.2)
        refused = await burst(stores, quota, number=30, people=30)
        assert len(refused) == 30 - 3
        assert {over.limit.measure for over in refused} == {"money"}
        job = await claim(two)
        await two.commit(job, outcome())
        await two.add_usage(job, (Usage(kind="chat", model="m", cost=0.2),))
        one, two = await self.restart()
        assert await within(two, event("e"), quota)
        assert await within(two, event("e"), make_quota(kind="image", items=1, budget_per_day=1.26)) is None

    async def test_the_first_of_a_kind_finds_out_the_price(self, stores: Stores) -> None:
        """While no price is known one request at a time is admitted by all processes; then the price decides."""
        quota = make_quota(kind="video", items=1, budget_per_day=1.0)
        refused = await burst(stores, quota, number=20, people=20)
        assert [over.is_price_unknown for over in refused] == [True] * 19
        used = Usage(kind="video", model="m", items=1, cost=0.3)
        await stores[1].commit(await claim(stores[1]), outcome(usage=(used,)))
        assert len(await burst(stores, quota, number=20, people=20)) == 18

    async def test_an_event_that_is_revised_counts_once_more(self, stores: Stores) -> None:
        """Its new files count in place of the old ones; an edit that is over a limit changes nothing."""
        one, two = stores
        quota = make_quota(kind="image", items=3, requests_per_minute=3, media_per_day=4)
        assert await within(one, event("e"), quota) is None
        for items in (4, 2):
            await two.admit(event("e"), replace(quota, uses=replace(quota.uses, items=items)))
            assert await files_today(one, "ann") == items
        with pytest.raises(OverLimit):
            await two.admit(event("e"), replace(quota, uses=replace(quota.uses, items=1)))
        assert await files_today(one, "ann") == 2

    async def test_people_are_told_by_the_policy(self, stores: Stores) -> None:
        """Two processes' policies tell the same: what is left, and why an edit is refused; once."""
        settings = Settings(_env_file=None, bot_requests_per_minute=0, bot_media_per_day=3)  # type: ignore[call-arg]
        here, there = (make_policy(settings, store) for store in stores)
        asked = event("e", options={"n": "2"}, actor="ann")
        quota = await quota_of(here, asked, IMAGE)
        assert quota is not None
        assert (quota.uses.items, quota.limits) == (2, (Limit(Subject.PERSON, Measure.MEDIA, Period.DAY, 3),))
        assert await quota_of(here, asked, CommandSpec(name="stop", description="Stop.")) is None
        assert await quota_of(here, asked, CommandSpec(name="chat", description="Talk.", kind="chat")) is None
        assert await within(stores[0], asked, quota) is None
        assert "1 left" in " ".join(await there.describe_allowance(asked))
        edited = replace(asked, options={"n": "3"})
        assert await there.check_again(edited, IMAGE) == edited
        refusal = await here.check_again(replace(asked, options={"n": "4"}), IMAGE)
        assert isinstance(refusal, Refusal)
        assert "3 left" in refusal.text
        notices = [RefusalNotices(store) for store in stores]
        over = here.refusal(asked, OverLimit(quota.limits[0]))
        said = [await one.once(replace(asked, id=f"e{n}"), over) for n, one in enumerate((*notices, *notices))]
        assert [refusal.silent for refusal in said] == [False, True, True, True]

    async def test_a_hundred_at_once(self, stores: Stores) -> None:
        """Ten of them are let in, whoever's use is limited and whatever is measured; what came to nothing is free."""
        for limit in (
            Limit(Subject.SERVICE, Measure.REQUESTS, Period.DAY, 10),
            Limit(Subject.WORKSPACE, Measure.MONEY, Period.MONTH, 10_000_000),
            Limit(Subject.CHANNEL, Measure.PICTURES, Period.MINUTE, 20),
            Limit(Subject.MEMBER, Measure.MEDIA, Period.DAY, 20),
            Limit(Subject.SERVICE, Measure.REQUESTS, Period.MINUTE, 10),
        ):
            quota = make_quota("image", 2, micros=1_000_000, more=[limit])
            place = Location(workspace=f"w{limit.subject}", channel=f"c{limit.subject}")
            asked = [
                event(f"{limit} {n}", conversation=f"{n}", location=place, received_at=datetime.now(UTC))
                for n in range(100)
            ]
            refused = await asyncio.gather(
                *(within(stores[n % len(stores)], one, quota) for n, one in enumerate(asked))
            )
            assert [over.limit for over in refused if over is not None] == [limit] * 90
            used = (replace(DRAWING, items=2, cost=1.0),)
            for usage in ((), used, used):
                job = await claim(stores[0])
                await stores[0].commit(job, outcome(usage=usage))
                await stores[0].complete(job)
            if limit.period is not Period.MINUTE:
                assert await within(stores[1], event(f"{limit} again", location=place), quota) is None
                assert await within(stores[0], event(f"{limit} no more", location=place), quota)
            while (waiting := await stores[0].claim(LANES, ["one"])) is not None:
                await stores[0].commit(waiting, outcome())
                await stores[0].complete(waiting)

    async def test_each_measure_counts_its_own(self, stores: Stores) -> None:
        """What was used, by whom and where; others, other places and other kinds are not concerned."""
        one, two = stores
        hall = Location(workspace="w", channel="hall")
        measures = {measure: Limit(Subject.PERSON, measure, Period.MONTH, 1) for measure in Measure}
        for name, usage in (
            ("chat", Usage(kind="chat", model="m", prompt_tokens=30, completion_tokens=12, cost=0.000001)),
            ("image", Usage(kind="image", model="m", items=3, cost=0.25)),
            ("audio", Usage(kind="audio", model="m", items=1, seconds=7.5)),
            ("video", Usage(kind="video", model="m", items=1, seconds=4)),
        ):
            await answer(one, event(name, location=hall), outcome(usage=(usage,)))
        expected = {
            "requests": 4,
            "tokens": 42,
            "pictures": 3,
            "sound": 7500,
            "video": 4000,
            "media": 5,
            "money": 250_001,
        }
        used = await two.used("one", "ann", hall, list(measures.values()))
        assert dict(zip(measures, used, strict=True)) == expected
        for subject, actor, location, number in (
            (Subject.PERSON, "bob", hall, 0),
            (Subject.MEMBER, "ann", hall, 4),
            (Subject.MEMBER, "ann", Location(workspace="x"), 0),
            (Subject.CHANNEL, "bob", hall, 4),
            (Subject.CHANNEL, "ann", Location(workspace="w", channel="room"), 0),
            (Subject.WORKSPACE, "bob", Location(workspace="w"), 4),
            (Subject.WORKSPACE, "ann", Location(workspace="x"), 0),
            (Subject.SERVICE, "bob", Location(), 4),
        ):
            limit = Limit(subject, Measure.REQUESTS, Period.DAY, 1)
            assert await two.used("one", actor, location, [limit]) == [number], limit

    async def test_what_is_nearly_used_up(self, stores: Stores) -> None:
        """From 80 % on each admitted request says so: of what is made by all, the request itself included."""
        one, two = stores
        pictures = Limit(Subject.CHANNEL, Measure.PICTURES, Period.DAY, 10)
        money = Limit(Subject.SERVICE, Measure.MONEY, Period.MONTH, 1_000_000)
        a_minute = Limit(Subject.PERSON, Measure.PICTURES, Period.MINUTE, 8)
        quota = make_quota("image", 4, micros=300_000, more=[pictures, money, a_minute])
        assert await within(one, event("e", actor="bob"), quota) is None
        assert quota.near == []
        assert await within(two, event("f"), quota) is None
        assert quota.near == [NearLimit(pictures, 8)]
        chat = make_quota("chat", micros=300_000, more=[money])
        assert await within(one, event("g"), chat) is None
        assert chat.near == []  # its price is a bound
        assert await within(two, event("h"), replace(chat, uses=replace(chat.uses, micros=100_000))) is None
        assert chat.near == [NearLimit(money, 900_000)]

    async def test_who_brings_an_api_pays_for_it(self, stores: Stores) -> None:
        """Its calls count in limits of the workspace, not in the operator's, while being made and after a restart."""
        one, two = stores
        place = Location(workspace="w", channel="c")
        subjects = (Subject.SERVICE, Subject.PERSON, Subject.WORKSPACE, Subject.MEMBER, Subject.CHANNEL)
        limits = [Limit(subject, Measure.MONEY, Period.DAY, 10_000_000) for subject in subjects]

        async def spent(store: Store) -> list[int]:
            return list(await store.used("one", "ann", place, limits))

        def own(name: str) -> Event:
            return event(name, location=place, has_own_api=True)

        quota = make_quota("image", 1, micros=500_000, more=limits)
        quota = replace(quota, uses=replace(quota.uses, is_own=True))
        assert await within(one, own("made"), quota) is None
        job = await claim(two)
        await two.begin_call(job, DRAWING, 500_000)
        await two.commit(job, replace(outcome(usage=(replace(DRAWING, cost=0.25),)), call="used"))
        await two.complete(job)
        assert await within(two, own("waits"), quota) is None
        assert await spent(one) == [0, 0, 750_000, 750_000, 750_000]
        one, two = await self.restart()
        assert await spent(two) == [0, 0, 750_000, 750_000, 750_000]
        job = await claim(one)
        await one.commit(job, outcome())
        await one.complete(job)
        await answer(one, event("operator's", location=place), outcome(usage=(replace(DRAWING, cost=0.125),)))
        assert await spent(two) == [125_000, 125_000, 375_000, 375_000, 375_000]
        since = datetime.now(UTC) - timedelta(days=1)
        [total] = await one.usage_sums(["workspace"], since=since, adapter="one")
        assert (total.cost, total.own_cost) == (0.375, 0.25)
        await one.forget("one", "ann")
        assert await spent(two) == [125_000, 125_000, 375_000, 375_000, 375_000]

    async def test_a_minute_passes(self, stores: Stores) -> None:
        """What a request did use counts for sixty seconds, in place of what it might have."""
        one, two = stores
        limit = Limit(Subject.CHANNEL, Measure.PICTURES, Period.MINUTE, 4)
        quota = make_quota("image", 3, more=[limit])
        now = datetime.now(UTC)
        assert await within(one, event("e", received_at=now), quota) is None
        assert await within(two, event("f", received_at=now), quota)
        await one.commit(await claim(one), outcome(usage=(DRAWING,)))
        assert await within(two, event("f", received_at=now), quota) is None
        over = await within(one, event("g", received_at=now), quota)
        assert over is not None
        assert 0 < over.wait <= 60

    async def test_what_is_recorded_is_answered(self, stores: Stores) -> None:
        """Counted or not, in the order of recording."""
        one, two = stores
        quota = make_quota(kind="chat", requests_per_minute=100, budget_per_day=1)
        await answer(one, event("first"), outcome(usage=(Usage(kind="chat", model="m", cost=0.001),)))
        for n in range(20):
            chosen = quota if n % 2 else None
            assert await stores[n % 2].record(event(f"{n}"), lane=Lane.CONVERSATION, quota=chosen)
        names = []
        while (job := await two.claim(LANES, ["one"])) is not None:
            names.append(job.event.id)
            await two.commit(job, outcome())
            await two.complete(job)
        assert names == [f"{n}" for n in range(20)]
