"""Background jobs for long renders, polled by their id."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.worker import TaskFailed, WorkerDied

MAX_KEPT = 200  #: finished jobs; chosen: more than a client polls at once
#: Poll intervals without a poll, besides `stopped_after`, after which a job makes room; chosen: one may be late.
_INTERVALS = 2.0
_FIRST = 5.0  #: seconds in which the first poll comes; chosen: clients wait a second or two

Status = Literal["queued", "processing", "succeeded", "failed"]


@dataclass(slots=True, kw_only=True)
class Job:
    """One long render."""

    id: str
    kind: str  #: "audio" or "video"
    created: int  #: Unix seconds
    model: str
    status: Status = "queued"
    progress: float = 0.0  #: 0 to 1
    result: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    polled_at: float = field(default_factory=time.monotonic)  #: time of the last poll, monotonic clock
    poll_interval: float | None = None  #: longest so far, in seconds; None: it was not polled yet
    polled: asyncio.Event = field(default_factory=asyncio.Event)

    def note_poll(self) -> None:
        """Note that a client polls it."""
        now = time.monotonic()
        self.poll_interval = max(self.poll_interval or 0.0, now - self.polled_at)
        self.polled_at = now
        self.polled.set()

    def advance(self, share: float) -> None:
        """Set the progress (0 to 1) of a running job; it never decreases."""
        self.status = "processing"
        self.progress = round(min(max(share, self.progress), 1.0), 3)

    def view(self) -> dict[str, Any]:
        """The `data` of an answer about the job."""
        data = {
            "id": self.id,
            "object": f"{self.kind}.generation",
            "created": self.created,
            "model": self.model,
            "status": self.status,
            "progress": self.progress,
            **self.result,
        }
        if self.error:
            data["error"] = {"code": "generation_failed", "message": self.error, "type": "server_error"}
        return data


class Jobs:
    """The jobs of one sandbox; the oldest finished ones are removed."""

    def __init__(self, abandoned_after: float, stopped_after: float) -> None:
        """`abandoned_after`: seconds without a poll after which a job is given up.

        `stopped_after`: seconds without a poll, in addition to two poll intervals, after which its render ends until
        the next poll.
        """
        self._abandoned_after = abandoned_after
        self._stopped_after = stopped_after
        self._jobs: dict[str, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, kind: str, model: str, created: int, work: Callable[[Job], Awaitable[dict[str, Any]]]) -> Job:
        """Start `work`; its result becomes part of the job's view."""
        job = Job(id=f"{kind}-job-{secrets.token_hex(8)}", kind=kind, model=model, created=created)
        finished = [known.id for known in self._jobs.values() if known.status in {"succeeded", "failed"}]
        for old in finished[: max(0, len(self._jobs) - MAX_KEPT)]:
            del self._jobs[old]
        self._jobs[job.id] = job
        task = asyncio.create_task(self._run(job, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return job

    def find(self, kind: str, id: str) -> Job | None:  # noqa: A002
        """Return the job with this kind and id, or None. This is a poll."""
        job = self._jobs.get(id)
        if job is None or job.kind != kind:
            return None
        job.note_poll()
        return job

    async def close(self) -> None:
        """Cancel the running jobs."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, job: Job, work: Callable[[Job], Awaitable[dict[str, Any]]]) -> None:
        try:
            job.result = await self._unless_abandoned(job, work)
        except TimeoutError:
            job.status, job.error = "failed", f"nobody polled it for {self._abandoned_after:g} seconds"
        except (TaskFailed, WorkerDied, OSError) as exc:
            job.status, job.error = "failed", f"the render failed: {exc}"
        else:
            job.status, job.progress = "succeeded", 1.0

    async def _unless_abandoned(self, job: Job, work: Callable[[Job], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        """Await the work; raise `TimeoutError` when nobody polls the job any more.

        Long before that, its render ends, so that a stopped video does not keep the next one waiting. It starts anew
        at the next poll.
        """
        while True:
            job.polled.clear()
            task = asyncio.ensure_future(work(job))
            try:
                while not task.done() and (left := job.polled_at + self._patience(job) - time.monotonic()) > 0:
                    await asyncio.wait({task}, timeout=min(left, self._stopped_after))  # polls shorten the patience
                if task.done():
                    return task.result()
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            job.status = "queued"
            async with asyncio.timeout(job.polled_at + self._abandoned_after - time.monotonic()):
                await job.polled.wait()

    def _patience(self, job: Job) -> float:
        """Return the seconds after the last poll for which the render goes on without another."""
        wait = _FIRST if job.poll_interval is None else self._stopped_after + _INTERVALS * job.poll_interval
        return min(wait, self._abandoned_after)
