"""`shots`: make a film that is planned, stop it, and change its shots and music; its buttons do the same."""

from dataclasses import replace

from bot.boards.showing import BUTTON_TRIES
from bot.commands._base import Context, Parts, command
from bot.errors import NotAllowed, UsageError
from bot.film.board import describe_cost, private_reasons
from bot.film.changes import STOPPING, act_of, change, outcome_of
from bot.film.film import MAX_SHOTS, Film
from bot.film.films import is_agreed
from bot.film.graph import nodes_of
from bot.models import Answer, CommandSpec, Event, Job, Lane, Option, Text
from bot.spending.quotes import DECIDE, PricedRequest, is_within


@command(
    CommandSpec(
        name="shots",
        description="Change the last film here: its shots and its music; make it, stop it.",
        options=(
            Option(name="prompt", description="A line for each shot: seconds | what happens | picture", is_prompt=True),
            Option(name="again", description="Make this shot once more", kind="integer", minimum=1, maximum=MAX_SHOTS),
            Option(name="drop", description="Leave this shot out", kind="integer", minimum=1, maximum=MAX_SHOTS),
            Option(name="order", description="Numbers of the shots in a new order: 3 1 2"),
            Option(name="music", description="What is heard: mood, instruments, tempo"),
            Option(
                name="do",
                description="What its buttons do",
                kind="choice",
                choices=("make", "stop", "continue", "fewer", "shorter", "remix", "mute", "cancel", "why"),
            ),
        ),
        lane=Lane.FREE,
        private=True,
        requires=("image", "video"),
        example="shots --again 2",
    )
)
async def shots(ctx: Context) -> Parts:
    """Apply the change, and take the film a step further."""
    event, act = ctx.event, act_of(ctx.event)
    job = await _find(ctx, act)
    name = job.event.id
    if act in ("edit", "music"):  # others read it on the board, and in the film
        await ctx.api.check_words(event.prompt if act == "edit" else event.options["music"])
    async with ctx.films.changing(event.adapter, name):
        film = await ctx.films.find(event, name)
        if film is None:
            raise UsageError(ctx.translate("usage.button_gone"))
        if film.stage == "asked" and _is_decided(job):  # it was declined, or nobody could be asked
            film = await ctx.films.hold(film, job.event)
        states = await ctx.films.states(film, job.event)
        if act == "why":
            yield Text(private_reasons(film, states) or ctx.translate("film.done.why"))
            return
        if act in ("make", "continue") and not event.options.get("price"):
            price = await ctx.films.price(film, states, job.event)
            event = replace(event, options={**event.options, "price": str(price or 0)})
        before, film = film, change(film, event, states, ctx.films.fitted)
        question = None
        if film != before or event.id in before.presses:  # repeated after a crash, it may have to ask still
            film, question = await _check_price(ctx, film, job.event)
        await ctx.films.save(film, job.event)
    if question is not None:
        await ctx.journal.reopen(job.event, answer=question)
    kept = {node.key for node in nodes_of(film)} if film.stage != "stopped" else ()
    await ctx.films.end([state for state in states if state.node.key not in kept], ctx.controls.cancel)
    await ctx.films.advance(job.event, name, tries=BUTTON_TRIES)
    outcome = outcome_of(before, film, event, states)
    answer = ctx.translate(f"film.done.{outcome}")
    if outcome == "stopped":
        answer += "\n" + describe_cost(film, await ctx.films.states(film, job.event), event.actor.locale)
    yield Text(answer.strip())


async def _find(ctx: Context, act: str) -> Job:
    """Return the event of the film that is meant. Raises `UsageError` where the author may not do that with it."""
    event = ctx.event
    name = event.options.get("film") or await ctx.films.newest(event)
    job = await ctx.journal.job(event.adapter, name) if name else None
    if job is None or job.event.conversation != event.conversation:
        raise UsageError(ctx.translate("film.none_here"))
    if job.event.actor.id != event.actor.id and not (act in STOPPING and ctx.policy.administers(event)):
        raise NotAllowed(ctx.translate("film.not_yours"))
    if not act:
        raise UsageError(ctx.translate("prompt.missing", example=ctx.example))
    return job


def _is_decided(job: Job) -> bool:
    """Whether the answer to a film's event asks approvers no longer."""
    answer = job.answer
    return answer is not None and not any(action.command == DECIDE for action in answer.actions)


async def _check_price(ctx: Context, film: Film, event: Event) -> tuple[Film, Answer | None]:
    """Return the film as it may go on at its price, and the question to approvers; None: there is none."""
    if film.stage not in ("making", "asked"):
        return film, None
    states = await ctx.films.states(film, event)
    price = await ctx.films.price(film, states, event)
    if price is None or is_agreed(film, states, price, event, ctx.effective):
        return replace(film, stage="making"), None
    if is_within(price, replace(event, agreed=price), ctx.effective):  # its maker is to agree
        return await ctx.films.hold(film, event), None
    spec = ctx.commands.find_spec(event.command)
    assert spec is not None
    model = ctx.effective.model("chat")
    priced = PricedRequest(event=event, spec=spec, model=model, price=price, needs_approval=True)
    return replace(film, stage="asked"), await ctx.approvals.ask(priced, event, ctx.effective)
