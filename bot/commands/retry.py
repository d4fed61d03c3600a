"""`retry`: make the last answer again."""

from bot.commands._base import Context, Parts, command
from bot.models import CommandSpec, Text


@command(
    CommandSpec(
        name="retry",
        description="Make the last answer again.",
        example="retry",
    )
)
async def retry(ctx: Context) -> Parts:
    """Say that there is nothing to repeat; a retry with an answer to repeat arrives as that answer's command."""
    yield Text(ctx.translate("retry.nothing"))
