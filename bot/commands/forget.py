"""`forget`: erase the stored data of the author."""

from bot.commands._base import Context, Parts, command
from bot.errors import UsageError
from bot.models import Action, Actions, CommandSpec, Option, Text
from bot.ports import AuditEntry


@command(
    CommandSpec(
        name="forget",
        description="Erase what is stored about you; asks before it does.",
        options=(
            Option(
                name="confirm",
                description="yes: erase now",
                kind="choice",
                choices=("no", "yes"),
                default="no",
            ),
        ),
        private=True,
        example="forget --confirm yes",
    )
)
async def forget(ctx: Context) -> Parts:
    """Ask for confirmation, then erase."""
    actor = ctx.event.actor.id
    if ctx.option("confirm") != "yes":
        yield Text(ctx.translate("forget.ask", command="/forget --confirm yes"))
        # The button says for whom it was shown: somebody else's press must not erase what is theirs.
        options = {"confirm": "yes", "person": actor}
        label = ctx.translate("forget.button")
        yield Actions((Action(name="forget", label=label, command="forget", options=options, is_danger=True),))
        return
    if ctx.event.options.get("person", actor) != actor:
        raise UsageError(ctx.translate("forget.not_yours"))
    media = await ctx.forget()
    await ctx.audit_log.add_audit(AuditEntry(adapter=ctx.event.adapter, actor="", action="person.erased"))
    await ctx.spool.remove(media)
    yield Text(ctx.translate("forget.done", files=len(media)))
