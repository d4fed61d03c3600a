"""Shared by commands: the progress of a job, the answer with media, buttons, file names."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import structlog

from aimodels.errors import BadRequest, JobFailed
from aimodels.responses import MediaItem
from bot.calls.guarded_api import GeneratedFiles
from bot.commands._base import Context, Parts
from bot.commands._family import Wording, family_actions
from bot.errors import UsageError
from bot.models import Action, Actions, Job, Kind, Media, Option, Origin, Status, Text, TurnRecord, Usage
from bot.spending.money import exact_money
from bot.values import field, valueclass

log = structlog.get_logger(__name__)

T = TypeVar("T")
News = TypeVar("News")

_FRAME = 0.1  # seconds
_LONGEST_TITLE = 40  # characters: room for a number in the name of a file

#: The option of commands that make videos.
RESOLUTION = Option(
    name="resolution",
    description="Width and height in pixels",
    kind="choice",
    choices=("640x360", "1280x720", "1920x1080"),
    sizes="video",
    default="1280x720",
)
#: callback for the progress of a job: fraction done (0 to 1, None: unknown) and state
OnProgress = Callable[[float | None, str], None]


class ReportStream(Generic[T, News]):
    """Work whose reports are iterated over. Leaving the context cancels the work.

    async with ReportStream(lambda report: digest.write(pieces, report)) as writing:
        async for fraction in writing:
            ...
        text = writing.result
    """

    def __init__(self, start: Callable[[Callable[[News], None]], Awaitable[T]]) -> None:
        self._start = start
        self._news: asyncio.Queue[News] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self._task = asyncio.ensure_future(self._run())
        return self

    async def _run(self) -> T:
        return await self._start(self._news.put_nowait)

    async def __aiter__(self) -> AsyncIterator[News]:
        """Yield each report until the work ends; of several pending reports only the newest."""
        while not self._task.done():
            news = asyncio.ensure_future(self._news.get())
            try:
                await asyncio.wait((news, self._task), return_when=asyncio.FIRST_COMPLETED)
                if not news.done():
                    return
                newest = news.result()
            finally:
                news.cancel()
            while not self._news.empty():
                newest = self._news.get_nowait()
            yield newest

    @property
    def result(self) -> T:
        """The value that the work returned; raises the error that it ended with."""
        return self._task.result()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task.cancel()
        await asyncio.wait((self._task,))
        if not self._task.cancelled():
            self._task.exception()  # mark as retrieved: nobody waits for an error after leaving


class ProgressStream(ReportStream[T, float | None]):
    """A call whose progress is iterated over, as fractions. See `ReportStream`.

    ProgressStream(lambda report: api.create_media("video", ..., on_progress=report))
    """

    def __init__(self, start: Callable[[OnProgress], Awaitable[T]]) -> None:
        super().__init__(lambda report: start(lambda fraction, _state: report(fraction)))


def with_job(ctx: Context, create: Callable[..., Awaitable[T]]) -> Callable[[OnProgress], Awaitable[T]]:
    """Let a call wait for the job that an earlier try of the event left; a job that it makes itself is kept.

    `create` takes `on_progress`, `on_job` and `job`.
    """

    async def start(report: OnProgress) -> T:
        try:
            if known := await ctx.calls.api_job.find():
                try:
                    return await create(on_progress=report, job=known)
                except BadRequest:  # it has gone: make another
                    await ctx.calls.api_job.forget()
            return await create(on_progress=report, on_job=ctx.calls.api_job.started)
        except JobFailed:
            await ctx.calls.api_job.forget()
            raise

    return start


def media_call(ctx: Context, kind: Kind, model: str, **parameters: Any) -> ProgressStream[GeneratedFiles]:
    """Return the call that makes a file in a job, with these parameters of the API, or waits for an earlier try's."""
    create = partial(
        ctx.calls.ask, kind, model, lambda api: partial(api.create_media, kind), **parameters, **ctx.extra_parameters
    )
    return ProgressStream(with_job(ctx, create))


@valueclass(frozen=True, slots=True, kw_only=True)
class MediaRequest:
    """Files that a command asks the API for."""

    wording: Wording
    options: Mapping[str, str] = field(default_factory=dict)  #: as asked for; a file keeps them
    count: int = 1  #: further files are ignored, whatever the API sends
    size: str = ""  #: of each picture or video
    seconds: float = 0.0  #: of each sound or video
    file_kind: Kind | None = (
        None  #: "image", "audio" or "video"; files of another are refused; None: the API's own kind
    )


async def job_answer(
    ctx: Context, kind: Kind, model: str, status: str, request: MediaRequest, **parameters: Any
) -> Parts:
    """Yield the parts of an answer with a file that the API makes in a job, whose progress is shown.

    `status`: text of the progress; `parameters`: of the API, besides the prompt and the length. Close the iterator:
    that cancels the call.
    """
    yield Status(status)
    prompt = request.wording.prompt
    async with media_call(ctx, kind, model, prompt=prompt, duration=request.seconds, **parameters) as call:
        async for fraction in call:
            yield Status(status, fraction)
        files = call.result
    async for part in media_answer(ctx, kind, request, files, model=ctx.calls.answered_by):
        yield part


async def media_answer(
    ctx: Context,
    kind: Kind,
    request: MediaRequest,
    files: GeneratedFiles,
    *,
    model: str,
    details: Sequence[str] = (),
    actions: Sequence[Action] = (),
) -> Parts:
    """Yield the parts of an answer with files: usage, files, caption with cost, buttons, and the turns to store.

    The caption says what the files are, not what was asked for: size, length and format are read from the first one.
    `model`: the one that made them; `details`: come before these facts; `actions`: further buttons.
    """
    items, prompt = files.items, request.wording.prompt
    if len(items) > request.count:
        log.warning("the API sent more files than were asked for", kind=kind, asked=request.count, sent=len(items))
        items = items[: request.count]
    length = sum(item.duration or request.seconds for item in items)
    used = ctx.price(
        Usage(kind=kind, model=model, items=len(items), seconds=length, size=request.size, cost=files.cost)
    )
    yield used
    yield Status(ctx.translate("media.fetching"))
    cost = used.cost / max(len(items), 1)
    origin = Origin(model=model, options=request.options, cost=cost, parents=request.wording.parents)
    facts: list[str] = []
    for number, item in enumerate(items, start=1):
        name = " ".join([file_title(prompt, kind), *([str(number)] if len(items) > 1 else [])])
        file_kind = request.file_kind or kind
        media = await ctx.spool.fetch(item, kind=file_kind, name=name, event=ctx.event.id, description=prompt)
        facts = facts or [*details, *_measured(ctx, media)]
        yield replace(media, origin=origin)
    caption = " · ".join([_maker(ctx, items, model), *facts, *price_facts(ctx, used)])
    yield Text(request.wording.note + caption)
    further = family_actions(ctx, kind, prompt, request.options)
    yield Actions((retry_action(ctx), *actions, *further, delete_action(ctx)))
    yield TurnRecord(user=ctx.event.prompt.strip() or prompt, assistant=f"[{kind}: {', '.join([prompt, *facts])}]")


def price_facts(ctx: Context, used: Usage) -> list[str]:
    """Return what something has cost, for a caption; nothing where it was free."""
    return [ctx.translate("media.cost", cost=exact_money(used.cost))] if used.cost else []


def _measured(ctx: Context, media: Media) -> list[str]:
    """Length, size and format of a file, as far as they are known."""
    facts = []
    if media.duration:
        # A length of 5.04 s is 5 s: sound and pictures come in frames.
        whole = round(media.duration)
        seconds = whole if whole and abs(media.duration - whole) < _FRAME else round(media.duration, 1)
        if seconds:
            facts.append(ctx.translate("media.seconds", seconds=f"{seconds:g}"))
    if media.width and media.height:
        facts.append(f"{media.width}x{media.height}")
    if media.content_type.startswith("audio/"):
        facts.append(media.name.rpartition(".")[2])
    return facts


def _maker(ctx: Context, items: Sequence[MediaItem], model: str) -> str:
    """Return the model's name; of what the offline sandbox made, that it did, and from which words."""
    words = next((item.sandbox_words for item in items if item.sandbox_words is not None), None)
    if words is None:
        return model
    if not words:
        return ctx.translate("media.sandbox_unknown")
    return ctx.translate("media.sandbox", words=ctx.join_list(words))


def retry_action(ctx: Context) -> Action:
    """Build the button that generates the answer again."""
    return Action(name="again", label=ctx.translate("action.again"), command="retry", options={"event": ctx.event.id})


def feedback_actions(ctx: Context) -> tuple[Action, Action]:
    """Build the buttons for good and bad feedback on the answer."""
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


def delete_action(ctx: Context) -> Action:
    """Build the button with which the author deletes the answer."""
    options = {"event": ctx.event.id}
    return Action(
        name="delete", label=ctx.translate("action.delete"), command="delete", options=options, is_danger=True
    )


async def find_named_job(ctx: Context, option: str = "event") -> Job:
    """Find the event that a button names. Raises `UsageError` if it is gone or in another conversation."""
    job = await ctx.journal.job(ctx.event.adapter, ctx.event.options.get(option, ""))
    if job is None or job.event.conversation != ctx.event.conversation:
        raise UsageError(ctx.translate("usage.button_gone"))
    return job


def file_title(prompt: str, otherwise: str) -> str:
    """Return the first words of a prompt as a file name's stem, or `otherwise` if it has no letters or digits."""
    title = " ".join(prompt.replace(".", " ").split()[:6])[:_LONGEST_TITLE].rstrip()
    return title if any(map(str.isalnum, title)) else otherwise


def int_if_whole(number: float) -> float:
    """Convert a whole number to `int`, the form in which the API documents seconds."""
    return int(number) if number.is_integer() else number
