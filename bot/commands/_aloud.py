"""Shared by commands: an answer read aloud, by a button under it that asks `/audio` for it."""

from bot.commands._base import Context, Parts
from bot.commands._media import delete_action, file_title, find_named_job, media_call, price_facts
from bot.errors import UsageError
from bot.family.origins import ANSWER
from bot.markdown.speech import spoken_text
from bot.models import Action, Actions, Status, Text, Usage

_LONGEST = 4096  # characters that OpenAI's speech endpoint takes
_BYTES_A_SECOND = 15  # of UTF-8, roughly, in English as in Chinese
_TEXT = 4 * _LONGEST  # characters of an answer that are looked at


def aloud_actions(ctx: Context, markdown: str) -> tuple[Action, ...]:
    """Build the button that reads an answer aloud; none where nothing here speaks, or there is nothing to say."""
    if not (ctx.commands.offers("audio") and ctx.api.can_speak(ctx.effective.model("audio"))):  # else it has no model
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
    job = await find_named_job(ctx, ANSWER)
    if job.answer is None:
        raise UsageError(ctx.translate("usage.button_gone"))
    text, is_cut = _spoken(job.answer.text)
    if not text:
        raise UsageError(ctx.translate("aloud.nothing"))
    if not ctx.api.can_speak(model):  # no longer
        raise UsageError(ctx.translate("usage.button_gone"))
    voice = ctx.films.adapters[ctx.event.adapter].capabilities.voice_message
    yield Status(ctx.translate("audio.making"))
    made_as, duration = "opus" if voice else audio_format, ctx.number("duration")
    async with media_call(ctx, "audio", model, prompt=text, duration=duration, format=made_as, spoken=True) as call:
        async for fraction in call:
            yield Status(ctx.translate("audio.making"), fraction)
        answer = call.result
    item, made_by = answer.items[0], ctx.calls.answered_by
    used = Usage(kind="audio", model=made_by, items=1, seconds=duration, cost=answer.cost)
    used = ctx.price(used)
    yield used
    name = voice.rpartition(".")[0] or file_title(text, "audio")
    media = await ctx.spool.fetch(item, kind="audio", name=name, event=ctx.event.id)
    yield media
    facts = [made_by if item.sandbox_words is None else ctx.translate("aloud.sandbox")]
    if media.duration:
        facts.append(ctx.translate("media.seconds", seconds=max(1, round(media.duration))))
    yield Text(" · ".join([*facts, *price_facts(ctx, used)]) + (f"\n{ctx.translate('aloud.cut')}" if is_cut else ""))
    yield Actions((delete_action(ctx),))
