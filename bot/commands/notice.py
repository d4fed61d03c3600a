"""`notice`: messages that the service makes itself, such as reminders. Each is recorded with its answer."""

from bot.commands._base import Context, Parts, command
from bot.events.notice import NOTICE
from bot.models import CommandSpec, Lane, Text


@command(
    CommandSpec(
        name=NOTICE,
        description="A message of the service's own.",
        lane=Lane.FREE,
        private=True,
        hidden=True,
    )
)
async def notice(ctx: Context) -> Parts:
    """Say that the message is gone: there is nothing to run but a repetition of what is no longer stored."""
    yield Text(ctx.translate("usage.button_gone"))
