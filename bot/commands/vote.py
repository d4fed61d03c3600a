"""`vote`: the buttons of a duel."""

from bot.commands._base import Context, Parts, command
from bot.duel.duel import SHOW
from bot.errors import NotAllowed, UsageError
from bot.models import CommandSpec, Job, Lane, Text


@command(
    CommandSpec(
        name="vote",
        description="Vote in a duel; its buttons do that.",
        lane=Lane.FREE,
        private=True,
        hidden=True,
    )
)
async def vote(ctx: Context) -> Parts:
    """Count the vote, or show the names."""
    event, choice = ctx.event, ctx.event.options.get("choice", "")
    named = ctx.event.options.get("duel", "")
    job, duel = await ctx.journal.job(event.adapter, named), await ctx.duels.find(event.adapter, named)
    if job is None or duel is None or job.event.conversation != event.conversation:
        raise UsageError(ctx.translate("usage.button_gone"))
    if choice == SHOW and event.actor.id != job.event.actor.id and not ctx.policy.administers(event):
        raise NotAllowed(ctx.translate("duel.not_yours"))
    duel = await ctx.duels.vote(duel, choice, Job(seq=ctx.seq, event=event), job.event)
    if choice != SHOW and duel.is_shown:
        raise UsageError(ctx.translate("duel.over"))
    yield Text(ctx.translate("duel.shown" if choice == SHOW else "duel.voted"))
