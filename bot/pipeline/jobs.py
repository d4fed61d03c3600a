"""State of a job while the worker runs it."""

import asyncio
from dataclasses import dataclass

from bot.models import Job, Lane
from bot.ports import Draft, EventQueue


@dataclass(slots=True, eq=False)
class RunningJob:
    """A claimed job."""

    job: Job
    lane: Lane
    task: asyncio.Task[None] | None = None
    draft: Draft | None = None  #: of an earlier try, until it is opened again
    ref: str = ""  #: reference of the draft, as stored
    is_undecided: bool = True  #: its answer is not final yet: it can be cancelled
    is_generating: bool = False  #: its task runs the command: to cancel the job, cancel the task
    is_cancelled: bool = False  #: by a person; a shutdown of the service does not set it
    is_retracted: bool = False  #: cancelled because its question was deleted: nothing of it is shown

    async def save_ref(self, queue: EventQueue) -> None:
        """Store the draft's reference if it has changed: a draft may grow to several messages."""
        if self.draft is not None and self.draft.ref != self.ref:
            self.ref = self.draft.ref
            await queue.save_draft(self.job, self.ref)

    def cancel(self, *, retract: bool = False) -> bool:
        """End the answer with the text generated so far, or without any; return False if it is final already."""
        if self.is_undecided:
            self.is_cancelled = True
            self.is_retracted = self.is_retracted or retract
            if self.is_generating and self.task is not None:
                self.task.cancel()
        return self.is_undecided
