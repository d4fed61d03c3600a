"""`stop`: cancel the author's answers of the conversation; an administrator cancels everybody's."""

from bot.commands._base import Context, Parts, command
from bot.models import CommandSpec, Lane, Text


@command(
    CommandSpec(
        name="stop",
        description="Stop what you asked for in this conversation that is running or waiting.",
        lane=Lane.FREE,
        example="stop",
    )
)
async def stop(ctx: Context) -> Parts:
    """Cancel the events recorded before this one: the author's own, for an administrator all."""
    stopped = await ctx.stop()
    yield Text(ctx.translate("stop.done", count=stopped) if stopped else ctx.translate("stop.nothing"))
