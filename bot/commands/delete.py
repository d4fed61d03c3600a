"""`delete`: the button with which the author deletes an answer."""

from bot.commands._base import Context, Parts, command
from bot.commands._media import find_named_job
from bot.errors import NotAllowed, UsageError
from bot.models import CommandSpec, Lane, Text


@command(CommandSpec(name="delete", description="Take an answer back.", lane=Lane.FREE, private=True, hidden=True))
async def delete(ctx: Context) -> Parts:
    """Remove the answer from the channel, its files from the disk and its turns from the context."""
    job = await find_named_job(ctx)
    if job.event.actor.id != ctx.event.actor.id:
        raise NotAllowed(ctx.translate("delete.not_yours"))
    removed = await ctx.composites.remove(job, ctx.controls.cancel)
    if removed is None:
        raise UsageError(ctx.translate("delete.not_yet"))
    await ctx.spool.remove(removed)
    yield Text(ctx.translate("delete.done"))
