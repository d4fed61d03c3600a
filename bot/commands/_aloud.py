"""Shared by commands: an answer read aloud, by a button under it that asks `/audio` for it."""

from functools import partial

from aimodels import reference
from bot.commands._base import Context, Parts
from bot.commands._media import ProgressStream, delete_action, file_title, with_job
from bot.errors import UsageError
from bot.family.origins import ANSWER
from bot.markdown.speech import spoken_text
from bot.models import Action, Actions, Status, Text, Usage

_LONGEST = 4096  # characters that OpenAI's speech endpoint takes
_BYTES_A_SECOND = 15  # of UTF-8, roughly, in English as in Chinese
_TEXT = 4 * _LONGEST  # characters of an answer that are looked at


def aloud_actions(ctx: Context, markdown: str) -> tuple[Action, ...]:
    """Build the button that reads an answer aloud; none where nothing here speaks, or there is nothing to say."""
    if not (ctx.api.can_speak and ctx.commands.offers("audio")):
        return ()
    if ctx.effective.model("audio") == reference.MODELS["audio"]:  # no model of a server that speaks
        return ()
    text, _ = _spoken(markdown)
    if not text:
        return ()
    seconds = max(1, len(text.encode(errors="replace")) // _BYTES_A_SECOND)
    if (most := _longest_duration(ctx)) is not None:
        seconds = min(seconds, int(most))
    options = {ANSWER: ctx.event.id, "duration": str(seconds)}  # its length, for prices and limits
    return (Action(name="aloud", label=ctx.translate("action.aloud"), command="audio", options=options),)


def _spoken(markdown: str) -> tuple[str, bool]:
    """Return what is spoken of an answer, and whether it is only the beginning."""
    text = spoken_text(markdown[:_TEXT])
    return text[:_LONGEST], len(text) > _LONGEST or len(markdown) > _TEXT


def _longest_duration(ctx: Context) -> float | None:
    """Return the most seconds that `audio` makes."""
    spec = ctx.commands.find_spec("audio")
    option = spec.option("duration") if spec is not None else None
    return option.maximum if option is not None else None


async def read_aloud(ctx: Context, model: str, audio_format: str) -> Parts:
    """Have the answer that the button belongs to spoken, and show the sound. Raises `UsageError`."""
    job = await ctx.journal.job(ctx.event.adapter, ctx.event.options[ANSWER])
    if job is None or job.answer is None or job.event.conversation != ctx.event.conversation:
        raise UsageError(ctx.translate("usage.button_gone"))
    text, is_cut = _spoken(job.answer.text)
    if not text:
        raise UsageError(ctx.translate("aloud.nothing"))
    voice = ctx.films.adapters[ctx.event.adapter].capabilities.voice_message
    yield Status(ctx.translate("audio.making"))
    create = partial(
        ctx.calls.ask,
        "audio",
        model,
        lambda api: partial(api.create_media, "audio"),
        prompt=text,
        duration=ctx.number("duration"),
        format="opus" if voice else audio_format,
        **ctx.extra_parameters,
    )
    async with ProgressStream(with_job(ctx, create)) as call:
        async for fraction in call:
            yield Status(ctx.translate("audio.making"), fraction)
        answer = call.result
    item, made_by = answer.items[0], ctx.calls.answered_by
    used = Usage(kind="audio", model=made_by, items=1, seconds=ctx.number("duration"), cost=answer.cost)
    used = ctx.price(used)
    yield used
    name = voice.rpartition(".")[0] or file_title(text, "audio")
    media = await ctx.spool.fetch(item, kind="audio", name=name, event=ctx.event.id)
    yield media
    facts = [made_by]
    if media.duration:
        facts.append(ctx.translate("media.seconds", seconds=max(1, round(media.duration))))
    if used.cost:
        facts.append(ctx.translate("media.cost", cost=f"{used.cost:.6f}".rstrip("0").rstrip(".")))
    yield Text(" · ".join(facts) + (f"\n{ctx.translate('aloud.cut')}" if is_cut else ""))
    yield Actions((delete_action(ctx),))
