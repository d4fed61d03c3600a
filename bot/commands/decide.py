"""`decide`: the buttons of quotes and of requests that wait for an approver."""

from bot.commands._base import Context, Parts, command
from bot.models import CommandSpec, Lane, Text


@command(
    CommandSpec(
        name="decide",
        description="Decide on a request that waits; its buttons do that.",
        lane=Lane.FREE,
        private=True,
        hidden=True,
    )
)
async def decide(ctx: Context) -> Parts:
    """Apply the decision, and confirm it."""
    yield Text(await ctx.approvals.decide(ctx.event))
