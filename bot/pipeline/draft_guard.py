"""Guards the steps of a draft: each has a time limit, and runs only while this process owns the event."""

import asyncio
from types import TracebackType

from bot.errors import DeliveryDelayed
from bot.models import Answer, Job, Status
from bot.pipeline.timing import PipelineTiming
from bot.ports import Confirm, Draft, Sender


class DeliveryTimeout:
    """An asyncio timeout that raises `DeliveryDelayed`.

    A class because it is entered several times per event: a decorated generator costs four times as much.
    """

    __slots__ = ("_seconds", "_timeout")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timeout = asyncio.timeout(seconds)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except TimeoutError as exc:
            raise self._delayed() from exc
        if isinstance(error, TimeoutError):
            raise self._delayed() from error

    def _delayed(self) -> DeliveryDelayed:
        return DeliveryDelayed(f"the platform did not answer within {self._seconds:.0f} seconds")


class FencedDraft:
    """A draft with a time limit for each step; a step that exceeds it raises `DeliveryDelayed`.

    `confirm` runs before each step; an error that it raises prevents the step. The platform's draft runs it again
    before each call, as a step may wait and has several.
    """

    def __init__(self, draft: Draft, confirm: Confirm, timing: PipelineTiming) -> None:
        self._draft = draft
        self._confirm = confirm
        self._timing = timing

    @property
    def ref(self) -> str:
        """See `bot.ports.Draft`."""
        return self._draft.ref

    async def status(self, status: Status) -> None:
        """See `bot.ports.Draft`."""
        await self._confirm()
        async with DeliveryTimeout(self._timing.draft_step):
            await self._draft.status(status)

    async def write(self, text: str) -> None:
        """See `bot.ports.Draft`."""
        await self._confirm()
        async with DeliveryTimeout(self._timing.draft_step):
            await self._draft.write(text)

    async def finish(self, answer: Answer) -> None:
        """See `bot.ports.Draft`."""
        await self._confirm()
        size = sum(media.size for media in answer.media if not media.url)
        timing = self._timing
        transfer = size / timing.bytes_per_second + len(answer.text) / timing.characters_per_second
        async with DeliveryTimeout(timing.finish + transfer):
            await self._draft.finish(answer)


async def open_draft(
    adapter: Sender, job: Job, *, private: bool, confirm: Confirm, timing: PipelineTiming
) -> FencedDraft:
    """Call `Adapter.draft` with a time limit. Raises `DeliveryError` and the errors of `confirm`."""
    await confirm()
    async with DeliveryTimeout(timing.draft_step):
        draft = await adapter.draft(job.event.reply_to, key=job.event.id, ref=job.ref, private=private, confirm=confirm)
    return FencedDraft(draft, confirm, timing)
