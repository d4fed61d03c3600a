"""Parts of pages that change while they are looked at: made once for all who look, and not at all without anybody."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import suppress

import structlog

from bot.errors import StoreError

log = structlog.get_logger(__name__)

Render = Callable[[], Awaitable[str]]


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

    async def watch(self, key: Hashable, render: Render) -> AsyncIterator[str | None]:
        """Iterate over what `render` returns, whenever that changes; None: it has not for `quiet` seconds.

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
        self._text = ""
        self._version = 0
        self._is_over = False
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._run(render, interval), name="cockpit")

    async def newer_than(self, version: int, seconds: float) -> tuple[int, str] | None:
        """Return version and text once they are newer, or after so many seconds; None: the part has ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._version <= version:
                    if self._is_over:
                        return None
                    await self._changed.wait()
        return self._version, self._text

    def close(self) -> None:
        """End the task, and the waiting of all watchers."""
        self._is_over = True
        self._task.cancel()
        self._changed.set()

    async def _run(self, render: Render, interval: float) -> None:
        try:
            while True:
                try:
                    text = await render()
                except StoreError as exc:  # the page stays as it is until the database is back
                    log.warning("page not refreshed", reason=str(exc))
                else:
                    if text != self._text:
                        self._text, self._version = text, self._version + 1
                        self._changed.set()
                        self._changed = asyncio.Event()
                await asyncio.sleep(interval)
        finally:
            self._is_over = True
            self._changed.set()
