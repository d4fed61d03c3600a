"""Guards the steps of a draft: each has a time limit, and runs only while this process owns the event."""

import asyncio
from collections.abc import Awaitable, Callable

from aimodels.timing import Deadline
from bot.errors import DeliveryDelayed
from bot.models import Answer, Job, Status
from bot.pipeline.timing import PipelineTiming
from bot.ports import Adapter, Draft


class FencedDraft:
    """A draft with a time limit for each step; a step that exceeds it raises `DeliveryDelayed`.

    `confirm` runs before each step; an error that it raises prevents the step.
    """

    def __init__(self, draft: Draft, confirm: Callable[[], Awaitable[None]], timing: PipelineTiming) -> None:
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
        async with delivery_timeout(self._timing.draft_step):
            await self._draft.status(status)

    async def write(self, text: str) -> None:
        """See `bot.ports.Draft`."""
        await self._confirm()
        async with delivery_timeout(self._timing.draft_step):
            await self._draft.write(text)

    async def finish(self, answer: Answer) -> None:
        """See `bot.ports.Draft`."""
        await self._confirm()
        size = sum(media.size for media in answer.media if not media.url)
        timing = self._timing
        transfer = size / timing.bytes_per_second + len(answer.text) / timing.characters_per_second
        async with delivery_timeout(timing.finish + transfer):
            await self._draft.finish(answer)


async def open_draft(
    adapter: Adapter, job: Job, *, private: bool, confirm: Callable[[], Awaitable[None]], timing: PipelineTiming
) -> FencedDraft:
    """Call `Adapter.draft` with a time limit. Raises `DeliveryError` and the errors of `confirm`."""
    await confirm()
    async with delivery_timeout(timing.draft_step):
        draft = await adapter.draft(job.event.reply_to, key=job.event.id, ref=job.ref, private=private)
    return FencedDraft(draft, confirm, timing)


def delivery_timeout(seconds: float) -> Deadline:
    """Return a context manager that raises `DeliveryDelayed` if its body takes longer."""
    return Deadline(
        asyncio.get_running_loop().time() + seconds,
        lambda: DeliveryDelayed(f"the platform did not answer within {seconds:.0f} seconds"),
    )
