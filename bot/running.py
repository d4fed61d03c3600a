"""What the worker knows of a job while it has it."""

import asyncio
from dataclasses import dataclass

from bot.models import Job, Lane


@dataclass(slots=True, eq=False)
class Running:
    """A job that has been claimed."""

    job: Job
    lane: Lane
    task: asyncio.Task[None] | None = None
    is_undecided: bool = True  #: its answer is not known yet: it can be stopped
    is_generating: bool = False  #: its task is inside the command: stopping it means cancelling the task
    is_stopped: bool = False  #: by a person, not by the service

    def stop(self) -> bool:
        """Let its answer be what there is of it by now; False: its answer is decided already."""
        if self.is_undecided:
            self.is_stopped = True
            if self.is_generating and self.task is not None:
                self.task.cancel()
        return self.is_undecided
