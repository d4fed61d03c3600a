"""`video`: make a video from a description, a picture or both."""

from contextlib import aclosing
from dataclasses import replace

from bot.commands._base import Context, Parts, command
from bot.commands._family import find_wording
from bot.commands._media import RESOLUTION, MediaRequest, int_if_whole, job_answer
from bot.errors import UsageError
from bot.family.origins import file_ref, generated
from bot.models import CommandSpec, Job, Lane, Option, is_picture
from bot.settings.media_sizes import fit_seconds
from bot.values import valueclass


@valueclass(frozen=True, slots=True)
class Source:
    """The image that a video starts from."""

    image: str = ""  #: an https or data URL; "": from the prompt alone
    prompt: str = ""  #: what the picture was made from
    ref: str = ""  #: reference of the picture that was made here


@command(
    CommandSpec(
        name="video",
        description="Make a video from a description or a picture.",
        options=(
            Option(name="prompt", description="What happens; may be left out with a picture", is_prompt=True),
            Option(name="duration", description="Length in seconds", kind="number", default="5", minimum=1, maximum=60),
            RESOLUTION,
            Option(
                name="image",
                description="Start from this picture: a file or an https address",
                kind="file",
                is_picture=True,
            ),
            Option.switch("last", "Start from the last picture made here"),
            Option(name="model", description="Use this model, once", models="video"),
        ),
        lane=Lane.OWN,
        kind="video",
        example="video waves roll onto a beach at dusk --duration 8",
    )
)
async def video(ctx: Context) -> Parts:
    """Make the video and show it."""
    model = ctx.option("model") or ctx.effective.model("video")
    duration = int_if_whole(fit_seconds(ctx.settings, "video", model, ctx.number("duration")))
    resolution = ctx.size("resolution", model)
    source = await find_source(ctx)
    prompt = (
        ctx.event.prompt.strip() or source.prompt or (ctx.translate("video.motion") if source.image else ctx.prompt())
    )
    wording = await find_wording(ctx, prompt)
    if source.ref and source.ref not in wording.parents:
        wording = replace(wording, parents=(*wording.parents, source.ref))
    request = MediaRequest(
        wording=wording,
        options={"duration": f"{duration:g}", "resolution": resolution},
        size=resolution,
        seconds=duration,
    )
    answer = job_answer(
        ctx,
        "video",
        model,
        ctx.translate("video.making"),
        request,
        resolution=resolution,
        image=source.image or None,
    )
    async with aclosing(answer) as parts:
        async for part in parts:
            yield part


async def find_source(ctx: Context) -> Source:
    """The picture that was named, attached or made last. Raises `UsageError` when there is none such.

    A button names the answer whose picture it is for by the id of its event.
    """
    named, event = ctx.option("image").strip(), ctx.event
    if named.startswith(("https://", "data:image/")):
        return Source(named)
    if event.attachments:
        image = await ctx.conversation.read_image()
        if image is None:
            raise UsageError(ctx.translate("video.not_a_picture", name=event.attachments[0].name))
        return Source(image.data_url)
    if named:
        job = await ctx.journal.job(event.adapter, named)
    elif ctx.is_on("last"):
        job = await ctx.journal.last_job(event.adapter, event.conversation, commands=("image",))
    else:
        return Source()
    # Another conversation's pictures stay there, whatever id is typed.
    url = await _image_url(ctx, job) if job is not None and job.event.conversation == event.conversation else ""
    if job is None or not url:
        raise UsageError(ctx.translate("video.unknown_picture" if named else "video.no_picture"))
    files = generated(job)  # of a change its prompt is another one than the event's
    return Source(url, files[0].description if files else job.event.prompt, file_ref(job.event.id))


async def _image_url(ctx: Context, job: Job) -> str:
    """Return the first picture of an answer as a URL; "" when there is none, or its file is gone."""
    for media in job.answer.media if job.answer else ():
        if is_picture(media.content_type):
            kept = await ctx.spool.find(media)
            image = None if kept is None else await ctx.conversation.read_stored_image(media, kept)
            if url := media.source_url if image is None else image.data_url:
                return url
    return ""
