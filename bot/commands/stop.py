"""`stop`: cancel the author's answers of the conversation; an administrator cancels everybody's."""

from bot.commands._base import Context, Parts, command
from bot.models import CommandSpec, Lane, Text


@command(
    CommandSpec(
        name="stop",
        description="Stop what you asked for in this conversation that is running or waiting.",
        lane=Lane.FREE,
        private=True,
        example="stop",
    ),
    may_be_silent=True,
)
async def stop(ctx: Context) -> Parts:
    """Cancel the events recorded before this one: the author's own, for an administrator all.

    Without a sentence of its own where something was stopped, as each stopped answer has a note.
    """
    if not await ctx.controls.stop():
        yield Text(ctx.translate("stop.nothing"))
