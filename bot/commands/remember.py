"""`remember`: keep a note of a person, a channel or a workspace, which the model gets with later questions."""

from bot.commands._base import Context, Parts, command
from bot.commands._memory import (
    BY,
    FOR,
    forget_action,
    note_scope,
    note_scope_option,
    require_memory,
    require_right,
)
from bot.errors import NotAllowed, UsageError
from bot.memory.notes import new_note, require_length, save_note
from bot.memory.proposals import without_opening
from bot.memory.secrets import has_secret
from bot.models import Actions, CommandSpec, Lane, Option, Text
from bot.scoped_settings.changes import read_until
from bot.scoped_settings.scopes import Scope


@command(
    CommandSpec(
        name="remember",
        description="Keep a note that I use in later answers: yours, this channel's or the workspace's.",
        options=(
            Option(name="prompt", description="What to remember, in a sentence or two", is_prompt=True, required=True),
            note_scope_option("In whose questions it is used; left out: in yours"),
            Option(name="until", description="When it is forgotten: 2026-12-31, 12h, 3d or 2w; left out: never"),
        ),
        lane=Lane.FREE,
        private=True,
        example="remember Our releases are on Thursdays --for channel",
    )
)
async def remember(ctx: Context) -> Parts:
    """Store the note, and say how to get rid of it."""
    if ctx.option(FOR) in ("", Scope.ME) and ctx.event.options.get(BY) not in (None, ctx.event.actor.id):
        raise NotAllowed(ctx.translate("memory.not_yours"))
    require_memory(ctx)
    text, scope = without_opening(" ".join(ctx.prompt().split())), note_scope(ctx)
    require_right(ctx, scope)
    require_length(text, ctx.event.actor.locale)
    if has_secret(text):
        raise UsageError(ctx.translate("memory.secret"))
    await ctx.api.check_words(text)
    note = new_note(ctx.event, text, scope, until=read_until(ctx.option("until"), ctx.event.actor.locale))
    await save_note(ctx.effective, note, ctx.event, ctx.settings, ctx.audit)
    reach = "direct" if scope is Scope.CHANNEL and ctx.event.location.is_private else scope
    yield Text(f"{ctx.translate(f'memory.added.{reach}', note=text)}\n{ctx.translate('memory.how')}")
    yield Actions((forget_action(ctx, note),))
