"""`delete`: the button with which the author deletes an answer."""

from bot.commands._base import Context, Parts, command
from bot.commands._media import find_named_job
from bot.errors import UsageError
from bot.film.removal import remove_parts
from bot.models import Answer, CommandSpec, Lane, Text


@command(CommandSpec(name="delete", description="Take an answer back.", lane=Lane.FREE, private=True, hidden=True))
async def delete(ctx: Context) -> Parts:
    """Remove the answer from the channel, its files from the disk and its turns from the context."""
    job = await find_named_job(ctx)
    if job.event.actor.id != ctx.event.actor.id:
        raise UsageError(ctx.translate("delete.not_yours"))
    if not await ctx.journal.reopen(job.event, answer=Answer()):
        raise UsageError(ctx.translate("delete.not_yet"))
    if job.answer is not None:
        store = ctx.films.store
        parts = await remove_parts(job, journal=ctx.journal, log=store, values=store, cancel=ctx.cancel)
        await ctx.spool.remove((*job.answer.media, *parts))
    yield Text(ctx.translate("delete.done"))
