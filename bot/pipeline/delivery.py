"""Shows the progress of an answer at a platform's pace, and delivers the final answer within its limits."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import TracebackType
from typing import Self

import structlog

from bot.concurrency.shared_timer import PendingCall, SharedTimer
from bot.errors import (
    DeliveryDelayed,
    DeliveryError,
    MediaError,
    MediaUnavailable,
    OwnershipLost,
    StoreError,
    UploadTooLarge,
)
from bot.i18n import translate
from bot.media import Spool
from bot.models import Actor, Answer, Capabilities, Media, Status
from bot.pipeline.timing import PipelineTiming
from bot.ports import Draft

log = structlog.get_logger(__name__)

#: Tries to show an answer whose files the platform refuses as too big: as they are, at the limit that it names, and at
#: half of that, as it may hold for all files together.
FIT_ATTEMPTS = 3


async def _do_nothing() -> None:
    pass


class Progress:
    """Shows status and partial text on a draft: the newest only, with at most one update in flight.

    Updates are `Capabilities.edit_interval` seconds apart; an unchanged status is shown again every `status_interval`
    seconds with its elapsed time. A failed update is logged and does not fail the answer. An async context manager:
    leaving it drops pending updates and waits for the one in flight, up to `PipelineTiming.last_update`.
    `first_status`: seconds until a status is shown, instead of `PipelineTiming.first_update`. `after_update` is awaited
    after each update, failed ones included. `on_lost` is called when another process has the event.
    """

    def __init__(
        self,
        draft: Draft,
        capabilities: Capabilities,
        *,
        timing: PipelineTiming,
        timer: SharedTimer | None = None,
        first_status: float | None = None,
        after_update: Callable[[], Awaitable[None]] = _do_nothing,
        on_lost: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._draft = draft
        self._capabilities = capabilities
        self._timing = timing
        self._timer = timer or SharedTimer()
        self._first_status = timing.first_update if first_status is None else first_status
        self._after_update = after_update
        self._on_lost = on_lost
        self._clock = clock
        self._started = clock()
        self._newest: Status | str = ""
        self._changed = asyncio.Event()
        self._closing = asyncio.Event()
        self._start: PendingCall | None = None
        self._start_within = 0.0  #: seconds from when it was set
        self._task: asyncio.Task[None] | None = None

    def status(self, status: Status) -> None:
        """Show a status until there is text."""
        self._show(status, self._first_status)

    def write(self, text: str) -> None:
        """Show the text generated so far."""
        self._show(text, self._timing.first_update)

    def _show(self, update: Status | str, seconds: float) -> None:
        """Show an update, but the first one only after so many seconds."""
        self._newest = update
        if self._task is not None:
            self._changed.set()
        elif self._start is None or self._start_within > seconds:
            self._cancel_start()
            self._start, self._start_within = self._timer.call_later(seconds, self._begin), seconds

    def _cancel_start(self) -> None:
        if self._start is not None:
            self._start.cancel()

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while not self._closing.is_set():
            self._changed.clear()
            pause = self._capabilities.edit_interval
            try:
                if isinstance(self._newest, Status) and not self._newest.is_waiting:
                    await self._draft.status(replace(self._newest, elapsed=self._clock() - self._started))
                elif isinstance(self._newest, Status):
                    await self._draft.status(self._newest)
                else:
                    await self._draft.write(self._newest)
            except DeliveryDelayed as exc:
                pause = max(pause, self._timing.delayed if exc.retry_after is None else exc.retry_after)
                self._changed.set()
            except OwnershipLost:
                self._on_lost()
            except StoreError as exc:  # whether it may be shown, the store has yet to say
                log.warning("progress not shown", reason=str(exc))
                pause = max(pause, self._timing.delayed)
                self._changed.set()
            except DeliveryError as exc:
                log.warning("progress not shown", reason=str(exc))
            except Exception:  # an adapter's bug in an update must not fail the answer
                log.exception("progress not shown")
            try:
                await self._after_update()
            except StoreError as exc:
                log.warning("draft reference not saved", reason=str(exc))
            await _wait(self._closing, pause)
            await _wait(self._changed, self._capabilities.status_interval if self._is_status else None)

    @property
    def _is_status(self) -> bool:
        return isinstance(self._newest, Status)

    def close(self) -> None:
        """Drop pending updates and begin no further one. Safe to repeat."""
        if self._closing.is_set():
            return
        self._cancel_start()
        self._closing.set()
        self._changed.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if self._task is not None:
            try:
                _, hanging = await asyncio.wait({self._task}, timeout=self._timing.last_update)
                if hanging:
                    log.warning("update hangs", seconds=self._timing.last_update)
            finally:
                self._task.cancel()
            await asyncio.wait({self._task})


async def _wait(event: asyncio.Event, seconds: float | None) -> None:
    """Wait for the event for up to `seconds`; None: without limit."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


async def deliver(draft: Draft, answer: Answer, spool: Spool, *, actor: Actor) -> None:
    """Show the answer. Files refused as too big are made smaller, finally replaced by a sentence.

    Raises `DeliveryError`.
    """
    try:
        async with spool.on_disk(answer) if answer.media else contextlib.nullcontext(answer) as sendable:
            await _deliver(draft, sendable, spool, actor)
    except MediaUnavailable as exc:
        raise DeliveryDelayed(str(exc)) from exc


async def _deliver(draft: Draft, answer: Answer, spool: Spool, actor: Actor) -> None:
    limit: int | None = None
    for _ in range(FIT_ATTEMPTS):
        try:
            await draft.finish(answer)
        except UploadTooLarge as exc:
            log.warning("files too large", limit=exc.limit)
            # A second refusal means that the limit is not per file: halve it.
            limit = exc.limit if limit is None else min(exc.limit, limit // 2)
            answer = await fit_answer(answer, limit, spool, actor=actor)
        else:
            return
    text = "\n\n".join(part for part in (answer.text, translate("error.too_large", actor.locale)) if part)
    await draft.finish(replace(answer, text=text, media=tuple(media for media in answer.media if media.url)))


async def fit_answer(answer: Answer, limit: int | None, spool: Spool, *, actor: Actor) -> Answer:
    """Return the answer with every file at most `limit` bytes, else replaced by a link and a sentence."""
    if limit is None or all(media.size <= limit for media in answer.media):
        return answer
    fitting = [await _fit(media, limit, spool, actor) for media in answer.media]
    text = "\n\n".join(part for part in (answer.text, *(note for _, note in fitting)) if part)
    return replace(answer, text=text, media=tuple(media for media, _ in fitting))


async def _fit(media: Media, limit: int, spool: Spool, actor: Actor) -> tuple[Media, str]:
    try:
        return await spool.fit(media, limit, locale=actor.locale, person=actor.id)
    except (MediaError, OSError) as exc:  # such as a full disk; `deliver` handles the file if it is refused
        log.warning("not made smaller", name=media.name, reason=str(exc))
        return media, ""
