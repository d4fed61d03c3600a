"""Guards the steps of a draft: each has a time limit, and runs only while this process owns the event."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.concurrency.delivery_timeout import DeliveryTimeout
from bot.concurrency.shared_timer import SharedTimer
from bot.errors import StoreError
from bot.models import Answer, Job, Status
from bot.pipeline.timing import PipelineTiming
from bot.ports import Confirm, Draft, Sender
from bot.telemetry.tracing import span

T = TypeVar("T")


class FencedDraft:
    """A draft with a time limit for each step; a step that exceeds it raises `DeliveryDelayed`.

    `confirm` runs before each step; an error that it raises prevents the step. The platform's draft runs it again
    before each call, as a step may wait and has several. After each step it runs once more: nothing keeps a process
    from being paused right before it writes a request. `on_doubt` is called where it fails then.
    """

    def __init__(
        self,
        draft: Draft,
        confirm: Confirm,
        on_doubt: Callable[[], None],
        timing: PipelineTiming,
        timer: SharedTimer,
    ) -> None:
        self._draft = draft
        self._confirm = confirm
        self._on_doubt = on_doubt
        self._timing = timing
        self._timer = timer
        self.activity: Status | None = None  #: the newest activity to show; None: there is none, or there is text
        self.may_have_hidden = False  #: something that another process, which had taken over, has shown

    @property
    def ref(self) -> str:
        """See `bot.ports.Draft`."""
        return self._draft.ref

    async def status(self, status: Status) -> None:
        """See `bot.ports.Draft`."""
        self.activity = status
        await self._step("draft.status", self._timing.draft_step, self._draft.status, status)

    async def write(self, text: str) -> None:
        """See `bot.ports.Draft`."""
        self.activity = None
        await self._step("draft.write", self._timing.draft_step, self._draft.write, text)

    async def finish(self, answer: Answer) -> None:
        """See `bot.ports.Draft`."""
        size = sum(media.size for media in answer.media if not media.url)
        timing = self._timing
        transfer = size / timing.bytes_per_second + len(answer.text) / timing.characters_per_second
        await self._step("draft.finish", timing.finish + transfer, self._draft.finish, answer)

    async def _step(self, name: str, seconds: float, call: Callable[[T], Awaitable[None]], value: T) -> None:
        await self._confirm()
        began_at = time.time()
        try:
            with span(name), DeliveryTimeout(seconds, self._timer):
                await call(value)
        finally:
            await self._confirm_after(began_at)

    async def _confirm_after(self, began_at: float) -> None:
        """Confirm after a step; after a long one, by the clock that goes on in a pause, what it says may be too old."""
        if abs(time.time() - began_at) > self._timing.in_flight:
            self.may_have_hidden = True
        try:
            await self._confirm()
        except StoreError:
            self._on_doubt()
            raise


async def open_draft(
    adapter: Sender,
    job: Job,
    confirm: Confirm,
    on_doubt: Callable[[], None],
    *,
    private: bool,
    ref: str | None,
    timing: PipelineTiming,
    timer: SharedTimer,
) -> FencedDraft:
    """Call `Adapter.draft` with a time limit. Raises `DeliveryError` and the errors of `confirm`."""
    await confirm()
    with span("draft"), DeliveryTimeout(timing.draft_step, timer):
        place = job.event.answer_to or job.event.reply_to
        draft = await adapter.draft(place, key=job.event.id, ref=ref, private=private, confirm=confirm)
    return FencedDraft(draft, confirm, on_doubt, timing, timer)
