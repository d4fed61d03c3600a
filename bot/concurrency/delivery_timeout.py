"""A time limit for what a platform does."""

import asyncio
from types import TracebackType

from bot.concurrency.shared_timer import SharedTimer
from bot.errors import DeliveryDelayed


class DeliveryTimeout:
    """A time limit that raises `DeliveryDelayed`.

    Entered several times for each event: `with` costs less than `async with`, and that less than `asyncio.timeout`.
    """

    __slots__ = ("_call", "_cancelling", "_is_over", "_seconds", "_task", "_timer")

    def __init__(self, seconds: float, timer: SharedTimer) -> None:
        self._seconds = seconds
        self._timer = timer
        self._is_over = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        self._call = self._timer.call_later(self._seconds, self._end)

    def _end(self) -> None:
        self._is_over = True
        self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call.cancel()
        is_ours = self._is_over and self._task.uncancel() <= self._cancelling  # else another cancels the task, too
        if isinstance(error, TimeoutError) or (is_ours and isinstance(error, asyncio.CancelledError)):
            raise DeliveryDelayed(f"the platform did not answer within {self._seconds:.0f} seconds") from error
