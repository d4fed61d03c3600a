"""Background tasks: a failure is logged; a loop is started again."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

import structlog

T = TypeVar("T")

log = structlog.get_logger(__name__)


class BackgroundTasks:
    """Holds references to running tasks, so that none is garbage-collected before it has ended.

    `name`: of the tasks, for logs and for debuggers.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run `work` in a task of its own. An exception is logged as an error; awaiting the task raises it too."""
        task = asyncio.create_task(work, name=self._name)
        self._tasks.add(task)
        task.add_done_callback(self._end)
        return task

    async def drain(self) -> None:
        """Return when every task has ended, those started meanwhile included."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """Cancel every task and return when all have ended."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _end(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("background task failed", task=self._name, exc_info=error)


class RestartPauses:
    """The pauses before what has failed is started again: each is twice the one before, up to `longest` seconds.

    They begin with `first` seconds, and again after a run longer than `longest`.
    """

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def after(self, ran: float) -> float:
        """Return the pause after a run of so many seconds."""
        pause = self._first if ran > self._longest else self._next
        self._next = min(2 * pause, self._longest)
        return pause


class BackgroundLoops:
    """Runs loops until they are cancelled; one that fails is logged and started again after a pause.

    `first` and `longest`: see `RestartPauses`. `on_failure`: called with the name of a loop that has failed.
    """

    def __init__(
        self, *, first: float = 1.0, longest: float = 60.0, on_failure: Callable[[str], None] = lambda _: None
    ) -> None:
        self._first = first
        self._longest = longest
        self._on_failure = on_failure
        self._failing_until: dict[str, float] = {}  #: by name, on the event loop's clock

    @property
    def failing(self) -> Sequence[str]:
        """The loops that have failed and have not run for `longest` seconds since."""
        now = asyncio.get_running_loop().time()
        return sorted(name for name, until in self._failing_until.items() if now < until)

    def start(self, name: str, run: Callable[[], Awaitable[object]]) -> asyncio.Task[None]:
        """Run a loop in a task of that name, which the caller holds and cancels; it ends when `run` returns."""
        return asyncio.create_task(self._keep_running(name, run), name=name)

    async def _keep_running(self, name: str, run: Callable[[], Awaitable[object]]) -> None:
        clock, pauses = asyncio.get_running_loop().time, RestartPauses(self._first, self._longest)
        while True:
            started = clock()
            try:
                await run()
            except Exception as exc:  # whatever ended it, it has to go on
                failed = clock()
                pause = pauses.after(failed - started)
                log.exception("background loop failed", task=name, reason=type(exc).__name__, seconds=pause)
                self._on_failure(name)
                self._failing_until[name] = failed + pause + self._longest
            else:
                self._failing_until.pop(name, None)
                return
            await asyncio.sleep(pause)
