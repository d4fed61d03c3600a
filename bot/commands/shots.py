"""`shots`: the buttons of a film: make it, stop it, and change its shots and music."""

from dataclasses import replace

from bot.commands._base import Context, Parts, command
from bot.control.quotes import PricedRequest, is_within
from bot.errors import UsageError
from bot.film.changes import STOPPING, change
from bot.film.film import Film
from bot.models import Answer, CommandSpec, Event, Lane, Option, Text


@command(
    CommandSpec(
        name="shots",
        description="Change a film; its buttons do that.",
        options=(
            Option(
                name="prompt",
                description="A line for each shot: seconds | what happens | what its picture shows",
                is_prompt=True,
            ),
            Option(name="music", description="What is heard: mood, instruments, tempo"),
        ),
        lane=Lane.FREE,
        private=True,
        hidden=True,
    )
)
async def shots(ctx: Context) -> Parts:
    """Apply the change, and take the film a step further."""
    event, act, name = ctx.event, ctx.event.options.get("act", ""), ctx.event.options.get("film", "")
    job = await ctx.journal.job(event.adapter, name)
    if job is None or job.event.conversation != event.conversation:
        raise UsageError(ctx.translate("usage.button_gone"))
    if job.event.actor.id != event.actor.id and not (act in STOPPING and ctx.policy.administers(event)):
        raise UsageError(ctx.translate("film.not_yours"))
    async with ctx.films.changing(event.adapter, name):
        film = await ctx.films.find(event, name)
        if film is None:
            raise UsageError(ctx.translate("usage.button_gone"))
        states = await ctx.films.states(film, job.event)
        was_planned = film.stage == "planned"
        film = change(film, event, states)
        question = await _ask(ctx, film, job.event) if was_planned and film.stage == "making" else None
        film = film if question is None else replace(film, stage="asked")
        await ctx.films.save(film, job.event)
    if question is not None:
        await ctx.journal.reopen(job.event, answer=question)
    if film.stage == "stopped":
        for state in states:
            if state.stage == "running" and state.job is not None:
                await ctx.cancel(state.job.event.id)
    await ctx.films.advance(job.event, name)
    yield Text(ctx.translate(f"film.done.{act}"))


async def _ask(ctx: Context, film: Film, event: Event) -> Answer | None:
    """Return the question to approvers, where the film costs more than its maker may spend; None: it is made."""
    price = await ctx.films.price(film, event)
    if is_within(price, replace(event, agreed=film.agreed), ctx.effective):
        return None
    spec = ctx.commands.find_spec(event.command)
    assert spec is not None
    model = ctx.effective.model("chat")
    priced = PricedRequest(event=event, spec=spec, model=model, price=price, needs_approval=True)
    return await ctx.approvals.ask(priced, event, ctx.effective)
