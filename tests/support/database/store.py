"""Events and their answers for tests of stores, and the base of the suites that every store passes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.limits import Amounts, Limit, Measure, Period, QuotaRequest, Subject
from bot.models import Actor, Answer, Event, Job, Lane, Location, Media, Outcome, Turn, Usage
from bot.ports import Store

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


def make_quota(
    kind: str,
    items: int = 0,
    *,
    requests_per_minute: int = 0,
    media_per_day: int = 0,
    budget_per_day: float = 0,
    micros: int | None = None,
    more: Sequence[Limit] = (),
) -> QuotaRequest:
    """Make the quota of a request with these limits of the environment, and others; `micros`: its price."""
    limits = (
        Limit(Subject.PERSON, Measure.REQUESTS, Period.MINUTE, requests_per_minute),
        Limit(Subject.PERSON, Measure.MEDIA, Period.DAY, media_per_day),
        Limit(Subject.SERVICE, Measure.MONEY, Period.DAY, round(budget_per_day * 1_000_000)),
    )
    uses = Amounts(kind=kind, requests=1, items=items, micros=micros)
    return QuotaRequest(uses=uses, limits=(*(limit for limit in limits if limit.amount), *more))


async def files_today(store: Store, actor: str) -> int:
    """Return the number of files made today and being made for a person."""
    limit = Limit(Subject.PERSON, Measure.MEDIA, Period.DAY, 0)
    [used] = await store.used("one", actor, Location(channel="room"), [limit])
    return used


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


async def summarize(store: Store, text: str, conversation: str = "c", *, turns: int | None = None) -> None:
    """Replace the oldest turns, all without a number, by a summary."""
    context = await store.context("one", conversation, limit=10**6)
    await store.save_summary("one", conversation, text, turns=context.turns[:turns], was=context.summary)


async def said(store: Store, conversation: str = "c", *, limit: int = 100, exclude_event: str = "") -> list[str]:
    memory = await store.context("one", conversation, limit=limit, exclude_event=exclude_event)
    return [turn.content for turn in memory.turns]


class StoreSuite:
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
