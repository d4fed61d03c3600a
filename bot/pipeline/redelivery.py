"""Delivers answers once more over which something else may have been written.

No check is late enough for a process that is paused right before it writes an edit, and an edit has no condition: what
it shows may hide what another process, which has taken over, has shown meanwhile.
"""

import asyncio
from contextlib import suppress

import structlog

from bot.errors import StoreError
from bot.pipeline.timing import PipelineTiming
from bot.ports import Journal

log = structlog.get_logger(__name__)


class Redelivery:
    """Puts answered events back to be delivered, by whichever process claims them."""

    def __init__(self, journal: Journal, timing: PipelineTiming) -> None:
        self._journal = journal
        self._timing = timing
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()  #: ends the pauses; after them there is one more try each

    def start(self, adapter: str, event_id: str, *, with_private: bool = False) -> None:
        """Deliver the answer to an event once more, in a task; an answer that is still to come is delivered anyway.

        `with_private`: also one that the asker alone sees, which a platform may have no way to show only once.
        """
        task = asyncio.create_task(self._run(adapter, event_id, with_private), name=f"redelivery {event_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Put back at once what has not been put back yet; what takes too long is cancelled."""
        self._stopping.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._timing.last_redelivery)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, adapter: str, event_id: str, with_private: bool) -> None:
        for pause in self._timing.redelivery:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            try:
                job = await self._journal.job(adapter, event_id)
                if job is None or job.answer is None or (job.answer.private and not with_private):
                    return
                if any(media.path is not None and not media.path.exists() for media in job.answer.media):
                    return  # that the file is gone would take the place of the file
                if await self._journal.reopen(job.event, answer=job.answer, is_repeated=True):
                    log.info("delivered again", adapter=adapter, event_id=event_id)
                    return
            except StoreError as exc:
                log.warning("not delivered again yet", adapter=adapter, event_id=event_id, reason=str(exc))
            if self._stopping.is_set():
                return
