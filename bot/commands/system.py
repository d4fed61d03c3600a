"""`system`: the system prompt of the channel."""

from bot.commands._base import Context, Parts, command
from bot.conversation.attachments import code_block
from bot.errors import UsageError
from bot.models import CommandSpec, Option, Text


@command(
    CommandSpec(
        name="system",
        description="Show or set what the model is told first in this channel.",
        options=(
            Option(name="prompt", description="The new instructions; left out: show the present ones", is_prompt=True),
            Option(
                name="clear",
                description="Go back to the usual instructions",
                kind="choice",
                choices=("no", "yes"),
                default="no",
            ),
        ),
        example="system Answer in one short paragraph, like a kind teacher.",
    )
)
async def system(ctx: Context) -> Parts:
    """Show, set or clear the system prompt."""
    text = ctx.event.prompt.strip()
    clear = ctx.option("clear") == "yes" or text.lower() == "clear"
    if text.lower() == "show" or (not text and not clear):
        present = await ctx.preferences.get_system_prompt()
        key = "system.usual" if present == ctx.settings.bot_system_prompt else "system.own"
        yield Text(f"{ctx.translate(key)}\n\n{code_block(present, language='text')}\n\n{ctx.translate('system.how')}")
        return
    if not ctx.may_change_channel():
        raise UsageError(ctx.translate("system.not_allowed"))
    await ctx.preferences.set_system_prompt(None if clear else text)
    yield Text(ctx.translate("system.cleared" if clear else "system.set"))
