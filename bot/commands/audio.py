"""`audio`: make a sound from a description."""

from functools import partial

from bot.commands._base import Context, Parts, command
from bot.commands._media import ProgressStream, int_if_whole, media_answer, with_job
from bot.models import CommandSpec, Lane, Option, Status


@command(
    CommandSpec(
        name="audio",
        description="Make a sound or music from a description.",
        options=(
            Option(name="prompt", description="What is heard", is_prompt=True, required=True),
            Option(
                name="duration", description="Length in seconds", kind="number", default="10", minimum=1, maximum=300
            ),
            Option(
                name="format", description="Kind of sound file", kind="choice", choices=("mp3", "wav"), default="mp3"
            ),
            Option(name="model", description="Use this model, once", models="audio"),
        ),
        lane=Lane.OWN,
        kind="audio",
        example="audio gentle rain and distant thunder --duration 15",
    )
)
async def audio(ctx: Context) -> Parts:
    """Make the sound and show it."""
    prompt, duration, audio_format = ctx.prompt(), int_if_whole(ctx.number("duration")), ctx.option("format")
    model = ctx.option("model") or ctx.effective.model("audio")
    yield Status(ctx.translate("audio.making"))
    create = partial(
        ctx.calls.ask,
        "audio",
        model,
        lambda api: partial(api.create_media, "audio"),
        prompt=prompt,
        duration=duration,
        format=audio_format,
        **ctx.extra_parameters,
    )
    async with ProgressStream(with_job(ctx, create)) as call:
        async for fraction in call:
            yield Status(ctx.translate("audio.making"), fraction)
        answer = call.result
    async for part in media_answer(
        ctx,
        "audio",
        answer.items,
        prompt=prompt,
        model=ctx.calls.answered_by,
        seconds=duration,
        cost=answer.cost,
    ):
        yield part
