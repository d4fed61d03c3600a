"""`audio`: make a sound from a description."""

from contextlib import aclosing

from bot.commands._aloud import read_aloud
from bot.commands._base import Context, Parts, command
from bot.commands._family import find_wording
from bot.commands._media import MediaRequest, int_if_whole, job_answer
from bot.family.origins import ANSWER
from bot.models import CommandSpec, Lane, Option


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
    duration, audio_format = int_if_whole(ctx.number("duration")), ctx.option("format")
    model = ctx.option("model") or ctx.effective.model("audio")
    if ANSWER in ctx.event.options:
        async with aclosing(read_aloud(ctx, model, audio_format)) as parts:
            async for part in parts:
                yield part
        return
    request = MediaRequest(
        wording=await find_wording(ctx, ctx.prompt()),
        options={"duration": f"{duration:g}", "format": audio_format},
        seconds=duration,
    )
    answer = job_answer(ctx, "audio", model, ctx.translate("audio.making"), request, format=audio_format)
    async with aclosing(answer) as parts:
        async for part in parts:
            yield part
