"""`feedback`: the buttons for good and bad feedback on an answer."""

from bot.commands._base import Context, Parts, command
from bot.commands._media import find_named_job
from bot.models import CommandSpec, Lane, Option, Text


@command(
    CommandSpec(
        name="feedback",
        description="Say what you think of an answer.",
        options=(Option(name="opinion", description="What you think", kind="choice", choices=("good", "bad")),),
        lane=Lane.FREE,
        private=True,
        hidden=True,
    )
)
async def feedback(ctx: Context) -> Parts:
    """Record the feedback."""
    job = await find_named_job(ctx)
    is_good = ctx.option("opinion") == "good"
    await ctx.journal.add_feedback(job.event.id, ctx.event, is_good=is_good)
    yield Text(ctx.translate("feedback.done"))
