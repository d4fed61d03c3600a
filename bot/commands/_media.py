"""What the commands that make media have in common: progress while a job runs, and the answer it ends in."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from types import TracebackType
from typing import Generic, Self, TypeVar

from bot.commands._base import Context, Parts
from bot.errors import UsageError
from bot.media import GeneratedFile
from bot.models import Action, Actions, Job, Kind, Status, Text, TurnRecord, Usage

T = TypeVar("T")

#: what the API client calls with how far a job is (0 to 1, None when unknown) and its state
OnProgress = Callable[[float | None, str], None]


class ProgressStream(Generic[T]):
    """A call that reports its progress, as something to iterate over. Leaving the context cancels the call.

    async with Watched(lambda report: api.video.create(..., on_progress=report)) as call:
        async for fraction in call:
            ...
        video = call.result
    """

    def __init__(self, start: Callable[[OnProgress], Awaitable[T]]) -> None:
        self._start = start
        self._news: asyncio.Queue[float | None] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self._task = asyncio.ensure_future(self._run())
        return self

    async def _run(self) -> T:
        return await self._start(lambda fraction, _state: self._news.put_nowait(fraction))

    async def __aiter__(self) -> AsyncIterator[float | None]:
        """Each report as it comes, until the call has ended; of several at once only the newest."""
        while not self._task.done():
            news = asyncio.ensure_future(self._news.get())
            try:
                await asyncio.wait((news, self._task), return_when=asyncio.FIRST_COMPLETED)
                if not news.done():
                    return
                fraction = news.result()
            finally:
                news.cancel()
            while not self._news.empty():
                fraction = self._news.get_nowait()
            yield fraction

    @property
    def result(self) -> T:
        """What the call returned. Raises what it raised."""
        return self._task.result()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task.cancel()
        await asyncio.wait((self._task,))
        if not self._task.cancelled():
            self._task.exception()  # seen: a call that failed while it was being left is no news


async def shown(
    ctx: Context,
    kind: Kind,
    items: Sequence[GeneratedFile],
    *,
    prompt: str,
    model: str,
    details: Sequence[str],
    cost: float,
    actions: Sequence[Action] = (),
) -> Parts:
    """The files with a caption, what they cost, the buttons, and the short text that the conversation keeps."""
    yield Usage(kind=kind, model=model, items=len(items), cost=cost)
    yield Status(ctx.translate("media.fetching"))
    for number, item in enumerate(items, start=1):
        name = " ".join([titled(prompt, kind), *([str(number)] if len(items) > 1 else [])])
        yield await ctx.spool.fetch(item, kind=kind, name=name, event=ctx.event.id, description=prompt)
    facts = [model, *details, *([ctx.translate("media.cost", cost=f"{cost:.6f}".rstrip("0"))] if cost else [])]
    yield Text(" · ".join(facts))
    yield Actions((again(ctx), *actions, deleted(ctx)))
    yield TurnRecord(user=ctx.event.prompt.strip() or prompt, assistant=f"[{kind}: {', '.join([prompt, *details])}]")


def again(ctx: Context) -> Action:
    """The button that makes the answer once more."""
    return Action(name="again", label=ctx.translate("action.again"), command="retry", options={"event": ctx.event.id})


def opinions(ctx: Context) -> tuple[Action, Action]:
    """The buttons that say what somebody thinks of the answer."""
    good, bad = (
        Action(
            name=name,
            label=ctx.translate(f"action.{name}"),
            command="feedback",
            options={"event": ctx.event.id, "opinion": name},
        )
        for name in ("good", "bad")
    )
    return good, bad


def deleted(ctx: Context) -> Action:
    """The button with which the asker takes the answer back."""
    options = {"event": ctx.event.id}
    return Action(
        name="delete", label=ctx.translate("action.delete"), command="delete", options=options, is_danger=True
    )


async def named_job(ctx: Context) -> Job:
    """The event that a button belongs to. Raises `UsageError` when it is gone or somewhere else."""
    job = await ctx.store.job(ctx.event.adapter, ctx.event.options.get("event", ""))
    if job is None or job.event.conversation != ctx.event.conversation:
        raise UsageError(ctx.translate("usage.button_gone"))
    return job


def titled(prompt: str, otherwise: str) -> str:
    """The first words of a prompt, to name a file by; file names take only ASCII."""
    words = prompt.replace(".", " ").split()[:6]
    return " ".join(words) if words and prompt.isascii() else otherwise


def whole(number: float) -> float:
    """The number as an integer where it is one: the API's reference has its seconds so."""
    return int(number) if number.is_integer() else number
