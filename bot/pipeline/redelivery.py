"""Delivers answers once more over which something else may have been written.

No check is late enough for a process that is paused right before it writes an edit, and an edit has no condition: what
it shows may hide what another process, which has taken over, has shown meanwhile.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import structlog

from bot.errors import MediaUnavailable, OwnershipLost, StoreError
from bot.media import Spool
from bot.models import Answer
from bot.pipeline.timing import PipelineTiming
from bot.ports import Confirm, Journal, Sender

log = structlog.get_logger(__name__)


class Redelivery:
    """Puts answered events back to be delivered, by whichever process claims them."""

    def __init__(self, journal: Journal, spool: Spool, adapters: Mapping[str, Sender], timing: PipelineTiming) -> None:
        self._journal = journal
        self._spool = spool
        self._adapters = adapters
        self._timing = timing
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()  #: ends the pauses; after them there is one more try each

    def start(self, adapter: str, event_id: str, *, confirm: Confirm | None = None) -> None:
        """Deliver the answer to an event once more, in a task; an answer that is still to come is delivered anyway.

        `confirm`: nothing is done where the event turns out to be still this process's own. A private answer is left
        alone where the platform has no way to show it only once.
        """
        key = adapter, event_id
        if key not in self._tasks:
            self._tasks[key] = asyncio.create_task(self._run(*key, confirm), name=f"redelivery {event_id}")
            self._tasks[key].add_done_callback(lambda _: self._tasks.pop(key))

    async def stop(self) -> None:
        """Put back at once what has not been put back yet; what takes too long is cancelled."""
        self._stopping.set()
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=self._timing.last_redelivery)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, adapter: str, event_id: str, confirm: Confirm | None) -> None:
        if confirm is not None and await self._is_owned(confirm):
            return
        await self._put_back(adapter, event_id)  # this process may die
        await self._pause(self._timing.late_redelivery)
        await self._put_back(adapter, event_id)  # a request was perhaps still on its way

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _is_owned(self, confirm: Confirm) -> bool:
        """Confirm as soon as the database can tell. False also where it can't in time."""
        for pause in self._timing.redelivery:
            await self._pause(pause)
            try:
                await confirm()
            except OwnershipLost:
                return False
            except StoreError:
                continue
            return True
        return False

    async def _put_back(self, adapter: str, event_id: str) -> None:
        for pause in self._timing.redelivery:
            await self._pause(pause)
            try:
                job = await self._journal.job(adapter, event_id)
                if job is None or job.answer is None:
                    return
                if job.answer.private and not self._adapters[adapter].capabilities.repeats_private:
                    return
                if await self._lacks_files(job.answer):
                    return  # that the file is gone would take the place of the file
                if await self._journal.reopen(job.event, answer=job.answer, is_repeated=True):
                    log.info("delivered again", adapter=adapter, event_id=event_id)
                    return
            except (MediaUnavailable, StoreError) as exc:
                log.warning("not delivered again yet", adapter=adapter, event_id=event_id, reason=str(exc))
            if self._stopping.is_set():
                return

    async def _lacks_files(self, answer: Answer) -> bool:
        for media in answer.media:
            if media.path is not None and await self._spool.find(media) is None:
                return True
        return False
