"""What the worker knows of a job while it has it."""

import asyncio
from dataclasses import dataclass

from bot.models import Job, Lane
from bot.ports import Draft, Store


@dataclass(slots=True, eq=False)
class RunningJob:
    """A job that has been claimed."""

    job: Job
    lane: Lane
    task: asyncio.Task[None] | None = None
    draft: Draft | None = None
    ref: str = ""  #: of the draft, as the store knows it
    is_undecided: bool = True  #: its answer is not known yet: it can be stopped
    is_generating: bool = False  #: its task is inside the command: stopping it means cancelling the task
    is_stopped: bool = False  #: by a person, not by the service

    async def keep_ref(self, store: Store) -> None:
        """Keep what finds the draft again, where that has changed: it may be several messages by now."""
        if self.draft is not None and self.draft.ref != self.ref:
            self.ref = self.draft.ref
            await store.save_draft(self.job, self.ref)

    def stop(self) -> bool:
        """Let its answer be what there is of it by now; False: its answer is decided already."""
        if self.is_undecided:
            self.is_stopped = True
            if self.is_generating and self.task is not None:
                self.task.cancel()
        return self.is_undecided
