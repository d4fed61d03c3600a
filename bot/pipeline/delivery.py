"""Paces what people see of an answer while it is being written, and makes what is finished fit its platform."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import TracebackType
from typing import Self

import structlog

from bot.errors import DeliveryDelayed, DeliveryError, MediaError, StoreError, UploadTooLarge
from bot.i18n import translate
from bot.media import Spool
from bot.models import Answer, Capabilities, Media, Status
from bot.ports import Draft

log = structlog.get_logger(__name__)

#: Seconds before the first update: an answer that comes sooner needs no sign before it.
PATIENCE = 0.25
#: Seconds that an update in flight gets to end before the answer is finished without it.
FLUSH = 10.0
#: Tries to make the files of an answer fit when the platform goes on refusing them.
FIT_ATTEMPTS = 3


async def _nothing() -> None:
    pass


class Progress:
    """Shows statuses and partial text on a draft: only the newest, at most one update in flight.

    Updates are `Capabilities.edit_interval` seconds apart; a status that stays is shown again every
    `status_interval` seconds with the time elapsed. An update that the platform fails is not worth failing the
    answer for: what matters is `Draft.finish`, which is called after this has ended. Use as an async context manager;
    leaving it drops what was not shown yet and waits for the update in flight, but not for one that hangs.
    `shown` is called after each update, also after one that failed.
    """

    def __init__(
        self,
        draft: Draft,
        capabilities: Capabilities,
        *,
        shown: Callable[[], Awaitable[None]] = _nothing,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._draft = draft
        self._capabilities = capabilities
        self._shown = shown
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
            except (DeliveryError, StoreError) as exc:
                log.warning("progress not shown", reason=str(exc))
            except Exception:  # an adapter's mistake in what is only decoration
                log.exception("progress not shown")
            try:
                await self._shown()
            except StoreError as exc:
                log.warning("draft not kept", reason=str(exc))
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
            try:
                _, hanging = await asyncio.wait({self._task}, timeout=FLUSH)
                if hanging:
                    log.warning("update hangs", seconds=FLUSH)
            finally:
                self._task.cancel()
            await asyncio.wait({self._task})


async def _wait(event: asyncio.Event, seconds: float | None) -> None:
    """Wait for the event, but not longer than that; None: as long as it takes."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


async def deliver(draft: Draft, answer: Answer, spool: Spool, *, locale: str) -> None:
    """Show the answer; files that are refused as too big are made smaller, at last left out with a sentence.

    Raises `DeliveryError`.
    """
    limit: int | None = None
    for _ in range(FIT_ATTEMPTS):
        try:
            await draft.finish(answer)
        except UploadTooLarge as exc:
            log.warning("files too large", limit=exc.limit)
            # The same limit again means that it is not what a file alone may have.
            limit = exc.limit if limit is None else min(exc.limit, limit // 2)
            answer = await fitted(answer, limit, spool, locale=locale)
        else:
            return
    text = "\n\n".join(part for part in (answer.text, translate("apology.too_large", locale)) if part)
    await draft.finish(replace(answer, text=text, media=tuple(media for media in answer.media if media.url)))


async def fitted(answer: Answer, limit: int | None, spool: Spool, *, locale: str) -> Answer:
    """The answer with every file at most `limit` bytes, or a link and a sentence where it can't be."""
    if limit is None or all(media.size <= limit for media in answer.media):
        return answer
    fitting = [await _fit(media, limit, spool, locale) for media in answer.media]
    text = "\n\n".join(part for part in (answer.text, *(note for _, note in fitting)) if part)
    return replace(answer, text=text, media=tuple(media for media, _ in fitting))


async def _fit(media: Media, limit: int, spool: Spool, locale: str) -> tuple[Media, str]:
    try:
        return await spool.fit(media, limit, locale=locale)
    except (MediaError, OSError) as exc:  # no space for a smaller one, say: `deliver` finds what is possible
        log.warning("not made smaller", name=media.name, reason=str(exc))
        return media, ""
