"""`cancel`: the Stop button under an answer that is still being written."""

from bot.commands._base import Context, Parts, command
from bot.commands._media import find_named_job
from bot.errors import NotAllowed
from bot.models import CommandSpec, Lane, Text


@command(
    CommandSpec(name="cancel", description="Stop the answer being written.", lane=Lane.FREE, private=True, hidden=True),
    may_be_silent=True,
)
async def cancel(ctx: Context) -> Parts:
    """Stop one answer; the text so far stays. Without a sentence of its own, as the stopped answer has a note."""
    job = await find_named_job(ctx)
    if job.event.actor.id != ctx.event.actor.id and not ctx.policy.administers(ctx.event):
        raise NotAllowed(ctx.translate("cancel.not_yours"))
    if not await ctx.controls.cancel(job.event.id):
        yield Text(ctx.translate("stop.nothing"))
