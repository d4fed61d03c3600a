"""Cancels answers on a person's request, in this process or in another one of the same database."""

import asyncio
import time
from collections.abc import Set as AbstractSet
from functools import partial

from bot.commands import RequestControls
from bot.i18n import translate
from bot.models import Actor, Answer, Lane
from bot.pipeline.dispatcher import Dispatcher
from bot.pipeline.jobs import RunningJob
from bot.pipeline.timing import PipelineTiming
from bot.ports import EventQueue, Journal

_PAUSE = 0.1  #: seconds between two looks for an event that is to be stopped


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

    def controls_of(self, running: RunningJob) -> RequestControls:
        """Return what the command of a running job can do about other requests, on behalf of its author."""
        event = running.job.event
        return RequestControls(
            stop=lambda: self.cancel_conversation(running),
            cancel=partial(self.cancel_event, event.adapter, by=event.actor),
            wake=self._queue.wake,
        )

    async def cancel_event(
        self, adapter: str, event_id: str, *, retract: bool = False, by: Actor | None = None
    ) -> bool:
        """Cancel one running event, and wait up to `PipelineTiming.cancel` until its partial answer is delivered.

        `retract`: its answer is empty instead, unless another process runs it. `by`: who stops it, also while it waits
        for its next try. A process that ends before it has stopped the event leaves it to others, which are asked next.
        Returns False if it does not run, its answer is final already, or another process has not stopped it by then.
        """
        until, is_asked = time.monotonic() + self._timing.cancel, False
        while (left := until - time.monotonic()) > 0:
            running = self._find(adapter, event_id)
            if running is not None and running.task is not None:
                is_asked = running.cancel(retract=retract)
                await asyncio.wait({running.task}, timeout=left)
                if not (is_asked and running.task.done()):
                    return is_asked
            elif by is not None and await self._cancel_waiting(adapter, event_id, by):
                return True
            elif await self._queue.request_cancel(adapter, event_id=event_id, patience=left):
                is_asked = True
            elif not (is_asked or by is not None):
                return False
            else:
                await asyncio.sleep(_PAUSE)  # it may begin or end a try between one look and the next
            job = await self._journal.job(adapter, event_id)
            if job is None:
                return is_asked
            if job.answer is not None:
                return is_asked and job.answer.ending == "cancelled"
        return False

    async def _cancel_waiting(self, adapter: str, event_id: str, by: Actor) -> bool:
        answer = Answer(text=translate("status.stopped", by.locale), ending="cancelled")
        if not await self._queue.cancel_waiting(adapter, event_id=event_id, answer=answer):
            return False
        await self._settle(adapter, event_id, answer)
        return True

    def _find(self, adapter: str, event_id: str) -> RunningJob | None:
        for running in self._running:
            if (running.job.event.adapter, running.job.event.id) == (adapter, event_id):
                return running
        return None

    async def cancel_conversation(self, stop: RunningJob) -> int:
        """Cancel the running and waiting events of a conversation recorded before the command `stop`; count them.

        Only events of the person who asked for it are cancelled; for an administrator, events of everybody. Waits up to
        `PipelineTiming.cancel` for other processes, and asks again: one that ends leaves its events to others.
        """
        until = time.monotonic() + self._timing.cancel
        event = stop.job.event
        actor = None if self._dispatcher.policy.administers(event) else event.actor.id
        of_stop = partial(
            self._queue.request_cancel,
            event.adapter,
            conversation=event.conversation,
            before=stop.job.seq,
            actor=actor,
        )
        cancelled = await self._cancel_here(stop, actor)
        asked = left = await of_stop()
        while left and time.monotonic() < until:
            await asyncio.sleep(_PAUSE)
            # What was given back is cancelled here, unless another process has claimed it by then.
            left = await of_stop() + await self._cancel_here(stop, actor) or await of_stop()
        return cancelled + asked - left

    async def _cancel_here(self, stop: RunningJob, actor: str | None) -> int:
        """Cancel the events of `cancel_conversation` that this process runs, and those that wait; count them."""
        event = stop.job.event
        cancelled = 0
        for running in tuple(self._running):
            job = running.job
            is_here = (job.event.adapter, job.event.conversation) == (event.adapter, event.conversation)
            is_theirs = actor is None or job.event.actor.id == actor
            if is_here and is_theirs and job.seq < stop.job.seq and running.lane is not Lane.FREE:
                cancelled += running.cancel()
        answer = Answer(text=translate("status.stopped", event.actor.locale), private=True, ending="cancelled")
        asked = await self._dispatcher.accounting.unanswered_api_jobs(event.adapter, event.conversation)
        cancelled += await self._queue.cancel_waiting(
            event.adapter, conversation=event.conversation, before=stop.job.seq, answer=answer, actor=actor
        )
        for job in asked:
            await self._settle(event.adapter, job.event.id, answer)
        return cancelled

    async def _settle(self, adapter: str, event_id: str, answer: Answer) -> None:
        """Count and end the API's job of an event that this `answer` ended while it waited for its next try."""
        job = await self._journal.job(adapter, event_id)
        if job is not None and job.answer == answer:
            await self._dispatcher.accounting.settle_api_job(job)

    def apply_requests(self) -> None:
        """Cancel the running events whose cancellation other processes requested."""
        requested = self._queue.cancel_requests()
        for running in tuple(self._running) if requested else ():
            if running.job.seq in requested:
                running.cancel()
