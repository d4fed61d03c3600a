"""What the worker shows goes through here: never for ever, and only while the event is this process's."""

import asyncio
from collections.abc import Awaitable, Callable

from aimodels.deadline import Deadline
from bot.errors import DeliveryDelayed
from bot.models import Answer, Job, Status
from bot.ports import Adapter, Draft

#: Seconds that a platform gets to open a draft, or to show a piece of it.
STEP = 60.0
#: Seconds that it gets to show a whole answer, beside those for its length.
FINISH = 180.0
#: What the slowest line worth waiting for carries in a second.
BYTES_A_SECOND = 50_000
CHARACTERS_A_SECOND = 100


class FencedDraft:
    """A draft whose steps end in time: one that hangs raises `DeliveryDelayed`, after which it is tried again.

    `confirm` is awaited before each step; what it raises keeps the step from being done.
    """

    def __init__(self, draft: Draft, confirm: Callable[[], Awaitable[None]]) -> None:
        self._draft = draft
        self._confirm = confirm

    @property
    def ref(self) -> str:
        """See `bot.ports.Draft`."""
        return self._draft.ref

    async def status(self, status: Status) -> None:
        """See `bot.ports.Draft`."""
        await self._confirm()
        async with delivery_timeout(STEP):
            await self._draft.status(status)

    async def write(self, text: str) -> None:
        """See `bot.ports.Draft`."""
        await self._confirm()
        async with delivery_timeout(STEP):
            await self._draft.write(text)

    async def finish(self, answer: Answer) -> None:
        """See `bot.ports.Draft`."""
        await self._confirm()
        size = sum(media.size for media in answer.media if not media.url)
        async with delivery_timeout(FINISH + size / BYTES_A_SECOND + len(answer.text) / CHARACTERS_A_SECOND):
            await self._draft.finish(answer)


async def open_draft(
    adapter: Adapter, job: Job, *, private: bool, confirm: Callable[[], Awaitable[None]]
) -> FencedDraft:
    """`Adapter.draft`, in time. Raises `DeliveryError`, and what `confirm` raises."""
    await confirm()
    async with delivery_timeout(STEP):
        draft = await adapter.draft(job.event.reply_to, key=job.event.id, ref=job.ref, private=private)
    return FencedDraft(draft, confirm)


def delivery_timeout(seconds: float) -> Deadline:
    """Raises `DeliveryDelayed` when what is inside takes longer."""
    return Deadline(
        asyncio.get_running_loop().time() + seconds,
        lambda: DeliveryDelayed(f"the platform did not answer within {seconds:.0f} seconds"),
    )
