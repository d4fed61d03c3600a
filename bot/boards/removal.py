"""Ends the requests that make parts of an answer, and removes what they have made."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Protocol

from bot.boards.showing import PAUSES
from bot.models import Answer, Job, Media
from bot.ports import Journal, RequestFilter, RequestLog

#: Ends the request of an id.
Cancel = Callable[[str], Awaitable[bool]]

_PAGE = 100  #: requests that are read at once
_PART_TRIES = 10  #: to empty the answer of a part, which may be on its way


class PartLog(Journal, RequestLog, Protocol):
    """The part of the store that removing parts needs."""


async def empty_parts(whole: Job, store: PartLog, cancel: Cancel) -> Sequence[Media]:
    """End and empty the parts of a film or duel, of which none is begun any more; return their files.

    Safe to repeat. Raises `StoreError`.
    """
    removed = list[Media]()
    async for part in _parts(whole, store):
        if part.answer is None:
            await cancel(part.event.id)
        removed += await empty_answer(part, store, tries=_PART_TRIES) or ()
    return removed


async def empty_answer(asked: Job, store: PartLog, *, tries: int) -> Sequence[Media] | None:
    """Empty the answer of an event; return its files, None: it is just being made or shown. Raises `StoreError`."""
    for seconds in (0, *PAUSES[: tries - 1]):
        await asyncio.sleep(seconds)
        job = await store.job(asked.event.adapter, asked.event.id)
        if job is None:
            break
        if job.answer is not None and await store.reopen(job.event, answer=Answer()):
            return job.answer.media
    return None


async def _parts(whole: Job, store: PartLog) -> AsyncIterator[Job]:
    """Yield the requests that make its parts, which were recorded after it, newest first."""
    event, before = whole.event, None
    while True:
        which = RequestFilter(adapter=event.adapter, actors=[event.actor.id], before=before)
        rows = await store.list_requests(which, limit=_PAGE)
        for row in rows:
            if row.seq > whole.seq and row.id.startswith(f"{event.id}/"):
                part = await store.job(event.adapter, row.id)
                if part is not None and part.event.part_of == event.id:
                    yield part
        if len(rows) < _PAGE or rows[-1].seq < whole.seq:
            return
        before = rows[-1].seq
