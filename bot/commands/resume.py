"""`resume`: end a pause; the requests that wait are answered."""

from bot.commands._base import Context, Parts, command
from bot.commands._settings import scope_option, scope_to_administer
from bot.models import CommandSpec, Lane, Text
from bot.scoped_settings.changes import change_pause


@command(
    CommandSpec(
        name="resume",
        description="End a pause: the requests that wait are answered.",
        options=(scope_option(),),
        lane=Lane.FREE,
        private=True,
        is_for_administrators=True,
        example="resume --for workspace",
    )
)
async def resume(ctx: Context) -> Parts:
    """End the pause of a scope; others may still hold."""
    scope = scope_to_administer(ctx)
    was_paused = await change_pause(ctx.effective, None, scope, ctx.audit)
    await ctx.controls.wake()
    key = "resume.done" if was_paused else "resume.nothing"
    sentences = [ctx.translate(key, scope=ctx.translate(f"settings.scope.{scope}"))]
    for still, _ in ctx.effective.paused():
        where = ctx.translate(f"settings.scope.{still}")
        sentences.append(ctx.translate("resume.still", scope=where, name=still.value))
    yield Text(" ".join(sentences))
