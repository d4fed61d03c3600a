"""Cancels answers on a person's request, in this process or in another one of the same database."""

import asyncio
from collections.abc import Set as AbstractSet

from bot.i18n import translate
from bot.models import Actor, Answer, Lane
from bot.pipeline.dispatcher import Dispatcher
from bot.pipeline.jobs import RunningJob
from bot.pipeline.timing import PipelineTiming
from bot.ports import EventQueue, Journal

#: Looks for an event that is to be stopped, at most: it may begin or end a try between one look and the next.
#: Chosen: far more than tries can follow each other meanwhile; it only bounds the loop.
_PASSES = 100


class Canceller:
    """Cancels the running jobs of the worker."""

    def __init__(
        self,
        queue: EventQueue,
        journal: Journal,
        dispatcher: Dispatcher,
        running: AbstractSet[RunningJob],
        timing: PipelineTiming,
    ) -> None:
        """`running`: the worker's set, which the worker changes."""
        self._queue = queue
        self._journal = journal
        self._dispatcher = dispatcher
        self._running = running
        self._timing = timing

    @property
    def running(self) -> AbstractSet[RunningJob]:
        """The jobs that this process answers now."""
        return self._running

    async def cancel_event(
        self, adapter: str, event_id: str, *, retract: bool = False, by: Actor | None = None
    ) -> bool:
        """Cancel one running event, and wait up to `PipelineTiming.cancel` until its partial answer is delivered.

        `retract`: its answer is empty instead, unless another process runs it. `by`: who stops it, also while it waits
        for its next try. Returns False if it does not run, or its answer is final already.
        """
        for _ in range(1 if by is None else _PASSES):
            running = self._find(adapter, event_id)
            if running is not None and running.task is not None:
                is_cancelled = running.cancel(retract=retract)
                await asyncio.wait({running.task}, timeout=self._timing.cancel)
                return is_cancelled
            if by is not None:
                answer = Answer(text=translate("status.stopped", by.locale), ending="cancelled")
                if await self._queue.cancel_waiting(adapter, event_id=event_id, answer=answer):
                    await self._settle(adapter, event_id, answer)
                    return True
            if await self._queue.request_cancel(adapter, event_id=event_id, patience=self._timing.cancel):
                return True
            job = None if by is None else await self._journal.job(adapter, event_id)
            if job is None or job.answer is not None:
                break
        return False

    def _find(self, adapter: str, event_id: str) -> RunningJob | None:
        for running in self._running:
            if (running.job.event.adapter, running.job.event.id) == (adapter, event_id):
                return running
        return None

    async def cancel_conversation(self, stop: RunningJob) -> int:
        """Cancel the running and waiting events of a conversation recorded before the command `stop`; count them.

        Only events of the person who asked for it are cancelled; for an administrator, events of everybody.
        """
        event = stop.job.event
        actor = None if self._dispatcher.policy.administers(event) else event.actor.id
        cancelled = 0
        for running in tuple(self._running):
            job = running.job
            is_here = (job.event.adapter, job.event.conversation) == (event.adapter, event.conversation)
            is_theirs = actor is None or job.event.actor.id == actor
            if is_here and is_theirs and job.seq < stop.job.seq and running.lane is not Lane.FREE:
                cancelled += running.cancel()
        answer = Answer(text=translate("status.stopped", event.actor.locale), private=True, ending="cancelled")
        before = stop.job.seq
        asked = await self._dispatcher.unanswered_api_jobs(event.adapter, event.conversation)
        cancelled += await self._queue.cancel_waiting(
            event.adapter, conversation=event.conversation, before=before, answer=answer, actor=actor
        )
        for job in asked:
            await self._settle(event.adapter, job.event.id, answer)
        return cancelled + await self._queue.request_cancel(
            event.adapter, conversation=event.conversation, before=before, actor=actor
        )

    async def _settle(self, adapter: str, event_id: str, answer: Answer) -> None:
        """Count and end the API's job of an event that this `answer` ended while it waited for its next try."""
        job = await self._journal.job(adapter, event_id)
        if job is not None and job.answer == answer:
            await self._dispatcher.settle_api_job(job)

    def apply_requests(self) -> None:
        """Cancel the running events whose cancellation other processes requested."""
        requested = self._queue.cancel_requests()
        for running in tuple(self._running) if requested else ():
            if running.job.seq in requested:
                running.cancel()
