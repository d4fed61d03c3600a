"""`image`: make pictures from a description."""

from functools import partial

from aimodels.errors import BadRequest
from aimodels.reference import IMAGE_SIZES, IMAGE_STYLES, MAX_IMAGES
from bot.commands._base import Context, Parts, command
from bot.commands._family import find_edit, find_wording
from bot.commands._media import MediaRequest, media_answer
from bot.conversation.use_numbers import NUMBER
from bot.family.origins import PARENT, file_ref, generated
from bot.models import Action, CommandSpec, Lane, Option, Status
from bot.values import valueclass

_VARIATION_OF = "variation_of"  # an option that only buttons set: id of the original


@command(
    CommandSpec(
        name="image",
        description="Make pictures from a description.",
        options=(
            Option(name="prompt", description="What the picture shows", is_prompt=True, required=True),
            Option(
                name="size",
                description="Width and height in pixels",
                kind="choice",
                choices=IMAGE_SIZES,
                sizes="image",
                default="1024x1024",
            ),
            Option(
                name="style",
                description="How it is drawn",
                kind="choice",
                choices=IMAGE_STYLES,
            ),
            Option(
                name="n",
                description="How many pictures",
                kind="integer",
                default="1",
                minimum=1,
                maximum=MAX_IMAGES,
                short="n",
            ),
            Option(name="model", description="Use this model, once", models="image"),
        ),
        lane=Lane.OWN,
        kind="image",
        example="image a red fox in snow --style anime --size 512x512 -n 2",
    )
)
async def image(ctx: Context) -> Parts:
    """Make the pictures and show them."""
    prompt, style, n = ctx.prompt(), ctx.option("style"), ctx.integer("n")
    model = ctx.option("model") or ctx.effective.model("image")
    size = ctx.size("size", model)
    yield Status(ctx.translate("image.making"))
    options = {"size": size, **({"style": style} if style else {})}
    ask = partial(
        ctx.calls.ask,
        "image",
        model,
        lambda api: partial(api.create_media, "image"),
        n=n,
        size=size,
        **ctx.extra_parameters,
    )
    answer = None
    if (edit := await find_edit(ctx)) is not None:
        wording = edit.wording
        try:
            answer = await ask(prompt=edit.words, image=edit.image, mask=edit.mask)
        except BadRequest:
            if ctx.api.edits_pictures or ctx.event.attachments:
                raise
    if answer is None:
        wording = await find_wording(ctx, prompt)
        answer = await ask(prompt=wording.prompt, style=style or None)
    prompt = wording.prompt
    async for part in media_answer(
        ctx,
        "image",
        MediaRequest(wording=wording, options=options, count=n, size=size),
        answer,
        model=ctx.calls.answered_by,
        details=[style] if style else [],
        actions=more(ctx, await find_original(ctx, prompt), prompt, size, style, n),
    ):
        yield part


@valueclass(frozen=True, slots=True)
class Original:
    """The request whose pictures are varied. A variation of a variation belongs to the first request, too."""

    event: str  #: id
    prompt: str


async def find_original(ctx: Context, prompt: str) -> Original:
    """Return what the pictures of this event, made from `prompt`, are variations of: themselves, or another event's."""
    named = ctx.event.options.get(_VARIATION_OF, "")
    job = await ctx.journal.job(ctx.event.adapter, named) if named else None
    if job is None or job.event.conversation != ctx.event.conversation:
        return Original(ctx.event.id, prompt)
    files = generated(job)  # of a change its prompt is another one than the event's
    return Original(named, files[0].description if files else job.event.prompt)


def more(ctx: Context, original: Original, prompt: str, size: str, style: str, n: int) -> tuple[Action, ...]:
    """Build the buttons under `n` images: `n` variations, another style, a video of the first."""
    styles = [None, *IMAGE_STYLES]
    other = styles[(styles.index(style) if style in styles else 0) % len(IMAGE_STYLES) + 1] or IMAGE_STYLES[0]
    chosen = {"size": size, **({"style": style} if style else {})}
    # The API takes no picture to vary: another wording of the same request draws another one.
    variations = [
        Action(
            name=f"variation-{at}" if n > 1 else "variation",
            label=f"{ctx.translate('action.variation')} {at}" if n > 1 else ctx.translate("action.variation"),
            command="image",
            prompt=ctx.translate("image.varied", prompt=original.prompt, number=NUMBER),
            options={**chosen, _VARIATION_OF: original.event, PARENT: file_ref(ctx.event.id, at)},
            series=original.event,
        )
        for at in range(1, n + 1)
    ]
    actions = (
        *variations,
        Action(
            name="style",
            label=ctx.translate("action.style"),
            command="image",
            prompt=prompt,
            options={"size": size, "style": other, PARENT: file_ref(ctx.event.id)},
            prompts_for=("style",),
        ),
    )
    if not ctx.commands.offers("video"):
        return actions
    animate = Action(
        name="video",
        label=ctx.translate("action.video"),
        command="video",
        prompt=prompt,
        options={"image": ctx.event.id, PARENT: file_ref(ctx.event.id)},
        prompts_for=("prompt", "duration", "resolution"),
    )
    return (*actions, animate)
