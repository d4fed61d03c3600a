"""`again`: make the last answer again, with a change in words."""

from bot.commands._base import Context, Parts, command
from bot.models import CommandSpec, Option, Text


@command(
    CommandSpec(
        name="again",
        description="Make the last answer again, with what you say different.",
        options=(Option(name="prompt", description="What should be different; left out: nothing", is_prompt=True),),
        example="again but at night",
    )
)
async def again(ctx: Context) -> Parts:
    """Say that there is nothing to repeat; with an answer to repeat, the event arrives as that answer's command."""
    yield Text(ctx.translate("retry.nothing"))
