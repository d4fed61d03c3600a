"""`back`: the button that makes an earlier file the one that changes go on from."""

from bot.commands._base import Context, Parts, command
from bot.errors import UsageError
from bot.family.origins import PARENT, find_file
from bot.models import CommandSpec, Lane, Text


@command(
    CommandSpec(name="back", description="Go on from an earlier file of the conversation.", lane=Lane.FREE, hidden=True)
)
async def back(ctx: Context) -> Parts:
    """Say from which file changes go on; `bot.family.changes` finds this event as the newest."""
    ref = ctx.event.options.get(PARENT, "")
    found = await find_file(ctx.journal, ctx.event.adapter, ctx.event.conversation, ref)
    if found is None:
        raise UsageError(ctx.translate("edit.gone"))
    yield Text(ctx.translate("edit.back", prompt=found[1].description))
