"""`reset`: begin a new context."""

from bot.commands._base import Context, Parts, command
from bot.models import CommandSpec, Text


@command(
    CommandSpec(
        name="reset",
        description="Start afresh: what was said so far is no longer read along.",
        example="reset",
    )
)
async def reset(ctx: Context) -> Parts:
    """Start a new context without the turns so far."""
    left = await ctx.reset()
    yield Text(ctx.translate("reset.done", count=left) if left else ctx.translate("reset.nothing"))
