"""Removes what the parts of a film or a duel have made, and ends those that are being made."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from bot.film.films import namespace_of
from bot.models import Answer, Job, Media
from bot.ports import Journal, KeyValues, RequestFilter, RequestLog

#: Commands whose answers are made by several requests.
_WHOLES = frozenset({"film", "duel"})
_PAGE = 100  #: requests that are read at once
_TRIES, _PAUSE = 10, 0.1  #: to empty an answer, and seconds between two: it may be on its way


async def remove_parts(
    whole: Job, *, journal: Journal, log: RequestLog, values: KeyValues, cancel: Callable[[str], Awaitable[bool]]
) -> Sequence[Media]:
    """End and empty the parts of a film or duel whose own answer is removed; return the files to delete.

    `cancel`: ends the request of that id. Safe to repeat. Raises `StoreError`.
    """
    event, removed = whole.event, list[Media]()
    if event.command not in _WHOLES:
        return removed
    async with journal.revising(event.adapter, event.id):  # no part is begun any more
        await values.namespace(namespace_of(event)).delete(event.id)
    async for part in _parts(whole, journal, log):
        if part.answer is None:
            await cancel(part.event.id)
        removed += await _empty(part, journal)
    return removed


async def _empty(part: Job, journal: Journal) -> Sequence[Media]:
    """Empty the answer of a part; return its files."""
    for _ in range(_TRIES):
        job = await journal.job(part.event.adapter, part.event.id)
        if job is not None and job.answer is not None and await journal.reopen(job.event, answer=Answer()):
            return job.answer.media
        await asyncio.sleep(_PAUSE)
    return ()


async def _parts(whole: Job, journal: Journal, log: RequestLog) -> AsyncIterator[Job]:
    """Yield the requests that make its parts, which were recorded after it, newest first."""
    event, before = whole.event, None
    while True:
        which = RequestFilter(adapter=event.adapter, actor=event.actor.id, before=before)
        rows = await log.list_requests(which, limit=_PAGE)
        for row in rows:
            if row.seq > whole.seq and row.id.startswith(f"{event.id}/"):
                part = await journal.job(event.adapter, row.id)
                if part is not None and part.event.part_of == event.id:
                    yield part
        if len(rows) < _PAGE or rows[-1].seq < whole.seq:
            return
        before = rows[-1].seq
