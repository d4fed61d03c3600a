"""`pause`: hold the requests of a channel, a workspace or everybody back; they are answered after `resume`."""

from bot.commands._base import Context, Parts, command
from bot.commands._settings import scope_option, scope_to_administer
from bot.models import CommandSpec, Lane, Option, Text
from bot.scoped_settings.changes import change_pause


@command(
    CommandSpec(
        name="pause",
        description="Hold requests back here: they wait, and are answered after resume.",
        options=(Option(name="reason", description="Why; people read it", is_prompt=True), scope_option()),
        lane=Lane.FREE,
        private=True,
        is_for_administrators=True,
        example="pause We are over budget until Monday. --for workspace",
    )
)
async def pause(ctx: Context) -> Parts:
    """Pause a scope; answers that have begun are finished."""
    scope = scope_to_administer(ctx)
    reason = " ".join(ctx.event.prompt.split())
    await change_pause(ctx.effective, reason, scope, ctx.audit)
    yield Text(ctx.translate("pause.done", scope=ctx.translate(f"settings.scope.{scope}")))
