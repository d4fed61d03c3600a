"""Background jobs for long renders, polled by their id."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.worker import TaskFailed, WorkerDied

MAX_KEPT = 200

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
    asked_at: float = field(default_factory=time.monotonic)  #: when somebody last asked about it, monotonic clock

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

    def __init__(self, abandoned_after: float) -> None:
        """`abandoned_after`: seconds without a question about a job after which it is given up."""
        self._abandoned_after = abandoned_after
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
        """Return the job with this kind and id, or None. Somebody still wants it then."""
        job = self._jobs.get(id)
        if job is None or job.kind != kind:
            return None
        job.asked_at = time.monotonic()
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
            job.status, job.error = "failed", f"nobody asked about it for {self._abandoned_after:g} seconds"
        except (TaskFailed, WorkerDied, OSError) as exc:
            job.status, job.error = "failed", f"the render failed: {exc}"
        else:
            job.status, job.progress = "succeeded", 1.0

    async def _unless_abandoned(self, job: Job, work: Callable[[Job], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        """Await the work; when nobody asks about the job any more, end it and raise `TimeoutError`."""
        task = asyncio.ensure_future(work(job))
        try:
            while not task.done():
                left = job.asked_at + self._abandoned_after - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                await asyncio.wait({task}, timeout=left)
            return task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
