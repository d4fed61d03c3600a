"""`film`: plan a film from one sentence; its buttons make and change it."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, cast

from aimodels.errors import UnexpectedAnswer
from aimodels.reference import IMAGE_STYLES
from bot.calls.token_usage import to_usage
from bot.commands._base import Context, Parts, command
from bot.commands._media import RESOLUTION
from bot.film.film import MAX_SHOTS, Film, Look, Subtitles, Transition, request_of
from bot.film.films import is_agreed
from bot.film.script import REPAIR, UnreadableScript, order_of, read_script, usual_shots
from bot.models import Actions, CommandSpec, Job, Kind, Option, Status, Text, TurnRecord, Usage
from bot.scoped_settings.names import ANSWER_TOKENS
from bot.settings.media_sizes import sizes_of

_MADE: tuple[Kind, ...] = ("image", "video", "audio")


@command(
    CommandSpec(
        name="film",
        description="Plan a film from one sentence: shots, music and price; then make it.",
        options=(
            Option(name="prompt", description="What the film tells", is_prompt=True, required=True),
            Option(
                name="duration", description="Length in seconds", kind="integer", default="20", minimum=2, maximum=120
            ),
            Option(
                name="shots",
                description="How many shots; left out: as many as fit the length",
                kind="integer",
                minimum=1,
                maximum=MAX_SHOTS,
            ),
            Option(name="style", description="How its pictures are drawn", kind="choice", choices=IMAGE_STYLES),
            RESOLUTION,
            Option(
                name="music", description="With music of its own", kind="choice", choices=("yes", "no"), default="yes"
            ),
            Option(
                name="transition",
                description="How one clip follows another; none: they are not joined",
                kind="choice",
                choices=("fade", "cut", "none"),
                default="fade",
            ),
            Option(
                name="subtitles",
                description="What happens, as text: drawn into the film, or in a file beside it",
                kind="choice",
                choices=("no", "burnt", "file"),
                default="no",
            ),
            Option(name="model", description="Plan it with this model", models="chat"),
            Option(name="image-model", description="Draw its pictures with this model", models="image"),
            Option(name="video-model", description="Make its clips with this model", models="video"),
            Option(name="audio-model", description="Make its music with this model", models="audio"),
        ),
        kind="chat",
        requires=("image", "video"),
        has_own_buttons=True,
        example="film a fox crosses a frozen lake at dawn --duration 20 --style anime",
    )
)
async def film(ctx: Context) -> Parts:
    """Plan the film, once, and show its board."""
    event = ctx.event
    planned = await ctx.films.find(event, event.id)
    if planned is None or not planned.is_of(event):
        tries = {} if planned is None else await _end(ctx, planned)
        yield Status(ctx.translate("film.planning"))
        planned = replace(await _plan(ctx), tries=tries)
        await ctx.films.save(planned, event)
    if planned.stage == "asked":  # an approver has granted it, or it was edited or repeated
        states = await ctx.films.states(planned, event)
        is_granted = is_agreed(planned, states, await ctx.films.price(planned, states, event), event, ctx.effective)
        planned = replace(planned, stage="making") if is_granted else await ctx.films.hold(planned, event)
        await ctx.films.save(planned, event)
    if planned.stage == "making":  # also after a crash, or where an edit was taken back
        await ctx.films.advance(event, event.id)
    if not planned.presses:  # what was pressed was answered, and so counted
        yield planned.usage
    answer = await ctx.films.show(planned, event)
    for media in answer.media:
        yield media
    yield Text(answer.text)
    if answer.plan is not None:
        yield answer.plan
    yield Actions(answer.actions)
    yield TurnRecord(user=ctx.prompt(), assistant=f"[film: {planned.script.title}]")


async def _end(ctx: Context, film: Film) -> Mapping[str, int]:
    """End what is made of an earlier plan; return the tries of which none is to be taken up again. Safe to repeat."""
    event = ctx.event
    async with ctx.films.changing(event.adapter, film.id):
        film = replace(await ctx.films.find(event, film.id) or film, request="")
        if film.stage != "planned":
            film = replace(film, stage="cancelled")
        await ctx.films.save(film, event)
    await ctx.films.end(await ctx.films.states(film, event), ctx.controls.cancel)
    lost = [state.node.key for state in await ctx.films.states(film, event) if state.stage not in ("open", "done")]
    return {**film.tries, **{key: film.tries.get(key, 0) + 1 for key in lost}}


async def _plan(ctx: Context) -> Film:
    """Have the model write the script. Raises `UsageError`, `ApiError`."""
    kinds = [kind for kind in _MADE if ctx.commands.offers(kind)]
    models = {kind: ctx.option(f"{kind}-model") or ctx.effective.model(kind) for kind in kinds}
    resolution = ctx.size("resolution", models["video"])
    seconds = ctx.integer("duration")
    shots = ctx.integer("shots") if ctx.option("shots") else usual_shots(seconds)
    has_music = ctx.is_on("music") and "audio" in models
    model = ctx.option("model") or ctx.effective.model("chat")
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": order_of(shots=shots, seconds=seconds)},
        {"role": "user", "content": ctx.prompt()},
    ]
    text, usage = await _ask(ctx, model, messages)
    try:
        script = read_script(text, seconds=seconds, shots=shots, has_music=has_music)
    except UnreadableScript as exc:
        messages += [{"role": "assistant", "content": text}, {"role": "user", "content": REPAIR % exc}]
        await _count(ctx, usage)
        text, usage = await _ask(ctx, model, messages)
        try:
            script = read_script(text, seconds=seconds, shots=shots, has_music=has_music)
        except UnreadableScript as again:
            raise UnexpectedAnswer(f"no script: {again}") from again
    look = Look(
        models=models,
        resolution=resolution,
        size=_size(sizes_of(ctx.settings, "image", models["image"]) or _sizes(ctx), resolution),
        style=ctx.option("style"),
        transition=cast("Transition", ctx.option("transition")),
        subtitles=cast("Subtitles", ctx.option("subtitles")),
    )
    planned = Film(
        id=ctx.event.id,
        request=request_of(ctx.event),
        locale=ctx.event.actor.locale,
        script=script,
        look=look,
        usage=usage,
        lacks_music=ctx.is_on("music") and not has_music,
    )
    planned = ctx.films.fitted(planned)
    return planned if planned.seconds == seconds else replace(planned, asked_seconds=seconds)


async def _ask(ctx: Context, model: str, messages: Sequence[dict[str, Any]]) -> tuple[str, Usage]:
    text, usage = "", None
    answer = ctx.calls.stream(
        "chat",
        model,
        lambda api: api.stream_chat,
        messages=list(messages),
        max_tokens=ctx.effective.integer(ANSWER_TOKENS),
        is_whole=True,
        **ctx.extra_parameters,
    )
    async with aclosing(answer) as deltas:
        async for delta in deltas:
            text, usage = text + delta.text, delta.usage or usage
    return text, ctx.price(to_usage("chat", ctx.calls.answered_by, usage))


async def _count(ctx: Context, usage: Usage) -> None:
    """Count a call whose answer was of no use, before another is made."""
    is_reserved = await ctx.quotas.is_paid(ctx.event, ctx.spec, ctx.effective)
    await ctx.ledger.add_usage(Job(seq=ctx.seq, event=ctx.event), (usage,), is_reserved=is_reserved)


def _sizes(ctx: Context) -> tuple[str, ...]:
    command = ctx.commands.find("image")
    option = command.spec.option("size") if command is not None else None
    return option.choices if option is not None else ()


def _size(sizes: Sequence[str], resolution: str) -> str:
    """Return the size of pictures whose shape, then whose area, is nearest to that of the clips."""
    width, height = _pixels(resolution)

    def distance(size: str) -> tuple[float, int]:
        wide, high = _pixels(size)
        return abs(wide / high - width / height), abs(wide * high - width * height)

    return min(sizes, key=distance)


def _pixels(size: str) -> tuple[int, int]:
    width, _, height = size.partition("x")
    return (int(width), int(height)) if width.isdecimal() and height.isdecimal() else (1, 1)
