"""`system`: the system prompt of the channel."""

from bot.commands._base import Context, Parts, command
from bot.commands._settings import set_and_audit
from bot.conversation.attachments import code_block
from bot.models import CommandSpec, Option, Text
from bot.scoped_settings.names import SYSTEM_PROMPT
from bot.scoped_settings.scopes import Scope


@command(
    CommandSpec(
        name="system",
        description="Show or set what the model is told first in this channel.",
        options=(
            Option(name="prompt", description="The new instructions; left out: show the present ones", is_prompt=True),
            Option.switch("clear", "Go back to the usual instructions"),
        ),
        example="system Answer in one short paragraph, like a kind teacher.",
    )
)
async def system(ctx: Context) -> Parts:
    """Show, set or clear the system prompt."""
    text = ctx.event.prompt.strip()
    clear = ctx.is_on("clear") or text.lower() == "clear"
    if text.lower() == "show" or (not text and not clear):
        present = ctx.effective.find(SYSTEM_PROMPT)
        key = "system.own" if present.scope in (Scope.THREAD, Scope.CHANNEL) else "system.usual"
        shown = code_block(present.text, language="text")
        yield Text(f"{ctx.translate(key)}\n\n{shown}\n\n{ctx.translate('system.how')}")
        return
    if not ctx.may_administer(Scope.CHANNEL):
        raise ctx.not_allowed("system.not_allowed", Scope.CHANNEL)
    await set_and_audit(ctx, SYSTEM_PROMPT, None if clear else text, Scope.CHANNEL)
    yield Text(ctx.translate("system.cleared" if clear else "system.set"))
