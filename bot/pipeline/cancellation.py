"""Ends what is being answered because a person asks for it, in this process or in another one of the same database."""

import asyncio
from collections.abc import Set as AbstractSet

from bot.i18n import translate
from bot.models import Answer, Lane
from bot.pipeline.jobs import RunningJob
from bot.ports import Store

#: Seconds that a stopped event gets to show what there is of its answer.
HALT = 10.0


class Canceller:
    """Works on what the worker runs."""

    def __init__(self, store: Store, running: AbstractSet[RunningJob]) -> None:
        self._store = store
        self._running = running

    async def event(self, adapter: str, event_id: str) -> bool:
        """Stop one running event and wait, not for ever, until what there is of its answer is shown.

        False: it does not run, or its answer was decided already.
        """
        for running in tuple(self._running):
            if (running.job.event.adapter, running.job.event.id) == (adapter, event_id) and running.task is not None:
                is_stopped = running.stop()
                await asyncio.wait({running.task}, timeout=HALT)
                return is_stopped
        return bool(await self._store.request_cancel(adapter, event_id=event_id, patience=HALT))

    async def conversation(self, asking: RunningJob) -> int:
        """Cancel what runs, and answer what waits, in the conversation of a stop command; returns how many."""
        event = asking.job.event
        stopped = 0
        for running in tuple(self._running):
            job = running.job
            is_here = (job.event.adapter, job.event.conversation) == (event.adapter, event.conversation)
            if is_here and job.seq < asking.job.seq and running.lane is not Lane.FREE:
                stopped += running.stop()
        answer = Answer(text=translate("status.stopped", event.actor.locale), private=True)
        before = asking.job.seq
        stopped += await self._store.cancel_waiting(event.adapter, event.conversation, before=before, answer=answer)
        return stopped + await self._store.request_cancel(event.adapter, conversation=event.conversation, before=before)

    def obey(self) -> None:
        """Stop what other processes were asked to stop and this one runs."""
        told = self._store.cancel_requests()
        for running in tuple(self._running) if told else ():
            if running.job.seq in told:
                running.stop()
