"""Parts of pages that change: rendered once for all viewers, and not at all while there is none."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping
from contextlib import suppress
from dataclasses import field, replace

import structlog

from bot.errors import StoreError
from bot.values import valueclass

log = structlog.get_logger(__name__)

#: Returns HTML by the name of the event that brings it to the page.
Render = Callable[[], Awaitable[Mapping[str, str]]]


@valueclass(frozen=True, slots=True)
class Rendering:
    """A part as it was made last."""

    html: Mapping[str, str] = field(default_factory=dict)  #: by the name of its event
    is_stale: bool = False  #: it could not be made anew since


class LiveParts:
    """The parts that are being watched.

    `interval`: seconds between two renderings of a part. `quiet`: seconds without a change after which watchers can
    show that they are there.
    """

    def __init__(self, interval: float, quiet: float) -> None:
        self._interval = interval
        self._quiet = quiet
        self._parts: dict[Hashable, _Part] = {}
        self._is_closed = False

    async def watch(self, key: Hashable, render: Render) -> AsyncIterator[Rendering | None]:
        """Iterate over what `render` returns, whenever that changes or fails; None: it has not for `quiet` seconds.

        All who watch one `key` share one rendering.
        """
        if self._is_closed:
            return
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = _Part(render, self._interval)
        part.watchers += 1
        try:
            version = 0
            while (found := await part.newer_than(version, self._quiet)) is not None:
                is_new, version = found[0] > version, found[0]
                yield found[1] if is_new else None
        finally:
            part.watchers -= 1
            if not part.watchers:
                part.close()
                if self._parts.get(key) is part:
                    del self._parts[key]

    def close(self) -> None:
        """End every iteration: the server stops."""
        self._is_closed = True
        for part in self._parts.values():
            part.close()


class _Part:
    """One part, rendered by a task of its own while it has watchers."""

    def __init__(self, render: Render, interval: float) -> None:
        self.watchers = 0
        self._current = Rendering()
        self._version = 0
        self._is_over = False
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._run(render, interval), name="cockpit")

    async def newer_than(self, version: int, seconds: float) -> tuple[int, Rendering] | None:
        """Return version and rendering once they are newer, or after so many seconds; None: the part has ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._version <= version:
                    if self._is_over:
                        return None
                    await self._changed.wait()
        return self._version, self._current

    def close(self) -> None:
        """End the task, and the waiting of all watchers."""
        self._is_over = True
        self._task.cancel()
        self._changed.set()

    def _show(self, rendering: Rendering) -> None:
        if rendering != self._current:
            self._current, self._version = rendering, self._version + 1
            self._changed.set()
            self._changed = asyncio.Event()

    async def _run(self, render: Render, interval: float) -> None:
        try:
            while True:
                try:
                    self._show(Rendering(await render()))
                except Exception as exc:  # the page stays as it is until it can be made again
                    if not self._current.is_stale:
                        is_expected = isinstance(exc, StoreError)
                        log.warning("page not refreshed", reason=str(exc), exc_info=None if is_expected else exc)
                    self._show(replace(self._current, is_stale=True))
                await asyncio.sleep(interval)
        finally:
            self._is_over = True
            self._changed.set()
