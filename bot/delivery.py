"""Paces what people see of an answer while it is being written."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Self

import structlog

from bot.errors import DeliveryDelayed, DeliveryError
from bot.models import Capabilities, Status
from bot.ports import Draft

log = structlog.get_logger(__name__)

#: Seconds before the first update: an answer that comes sooner needs no sign before it.
PATIENCE = 0.25


class Progress:
    """Shows statuses and partial text on a draft: only the newest, at most one update in flight.

    Updates are `Capabilities.edit_interval` seconds apart; a status that stays is shown again every
    `status_interval` seconds with the time elapsed. An update that the platform fails is not worth failing the
    answer for: what matters is `Draft.finish`, which is called after this has ended. Use as an async context manager;
    leaving it drops what was not shown yet and waits for the update in flight.
    """

    def __init__(
        self, draft: Draft, capabilities: Capabilities, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._draft = draft
        self._capabilities = capabilities
        self._clock = clock
        self._started = clock()
        self._newest: Status | str = ""
        self._changed = asyncio.Event()
        self._closing = asyncio.Event()
        self._start: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def status(self, status: Status) -> None:
        """Show what is being done, until there is text."""
        self._show(status)

    def write(self, text: str) -> None:
        """Show the whole text so far."""
        if self._capabilities.shows_partial_text:
            self._show(text)

    def _show(self, what: Status | str) -> None:
        self._newest = what
        self._changed.set()
        if self._start is None:
            self._start = asyncio.get_running_loop().call_later(PATIENCE, self._begin)

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while not self._closing.is_set():
            self._changed.clear()
            pause = self._capabilities.edit_interval
            try:
                if isinstance(self._newest, Status):
                    await self._draft.status(replace(self._newest, elapsed=self._clock() - self._started))
                else:
                    await self._draft.write(self._newest)
            except DeliveryDelayed as exc:
                pause = max(pause, exc.retry_after)
                self._changed.set()
            except DeliveryError as exc:
                log.warning("progress not shown", reason=str(exc))
            await _wait(self._closing, pause)
            await _wait(self._changed, self._capabilities.status_interval if self._is_status else None)

    @property
    def _is_status(self) -> bool:
        return isinstance(self._newest, Status)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._start is not None:
            self._start.cancel()
        self._closing.set()
        self._changed.set()
        if self._task is not None:
            await self._task


async def _wait(event: asyncio.Event, seconds: float | None) -> None:
    """Wait for the event, but not longer than that; None: as long as it takes."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
