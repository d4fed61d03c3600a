"""`stop`: cancel all answers of the conversation."""

from bot.commands._base import Context, Parts, command
from bot.models import CommandSpec, Lane, Text


@command(
    CommandSpec(
        name="stop",
        description="Stop what is running or waiting in this conversation.",
        lane=Lane.FREE,
        example="stop",
    )
)
async def stop(ctx: Context) -> Parts:
    """Cancel all events recorded before this one."""
    stopped = await ctx.stop()
    yield Text(ctx.translate("stop.done", count=stopped) if stopped else ctx.translate("stop.nothing"))
