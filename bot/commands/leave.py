"""`leave`: leave a person alone in a conversation until they address the bot again."""

from bot.commands._base import Context, Parts, command
from bot.models import CommandSpec, Lane, Text


@command(
    CommandSpec(
        name="leave",
        description="Leave you alone in this thread until you mention the bot again.",
        lane=Lane.FREE,
        example="leave",
    )
)
async def leave(ctx: Context) -> Parts:
    """Confirm it; the recorded event itself ends the participation (see `Journal.participants`)."""
    yield Text(ctx.translate("leave.done"))
