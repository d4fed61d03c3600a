"""`forget`: erase the stored data of the author, or, on that person's request, of somebody else."""

from collections.abc import Sequence
from contextlib import suppress

from bot.commands._base import Context, Parts, command
from bot.commands._people import find_person
from bot.errors import DeliveryDelayed, NotAllowed
from bot.memory.notes import WrittenNotes
from bot.models import Action, Actions, CommandSpec, Media, Option, Text
from bot.ports import AuditEntry

#: Option that only buttons set: who may press this one.
_BY = "by"


@command(
    CommandSpec(
        name="forget",
        description="Erase what is stored about you; asks before it does.",
        options=(
            Option.switch("confirm", "yes: erase now"),
            Option(
                name="person", description="For administrators: erase this person, who has asked for it", kind="person"
            ),
        ),
        private=True,
        example="forget",
    )
)
async def forget(ctx: Context) -> Parts:
    """Ask for confirmation, then erase."""
    actor, person, by = ctx.event.actor.id, ctx.option("person"), ctx.event.options.get(_BY)
    if by not in (None, actor):  # somebody else's press must not erase what is theirs
        raise NotAllowed(ctx.translate("forget.not_yours"))
    if person not in ("", actor):
        async for part in _forget_person(ctx, person, is_confirmed=by is not None):
            yield part
        return
    if not ctx.is_on("confirm"):
        yield Text(ctx.translate("forget.ask", command="/forget --confirm yes"))
        yield _button(ctx, ctx.translate("forget.button"), {})
        return
    media = await _erase(ctx, actor, None)
    await ctx.audit_log.add_audit(AuditEntry(adapter=ctx.event.adapter, actor="", action="person.erased"))
    await ctx.spool.remove(media)
    yield Text(ctx.translate("forget.done", files=len(media)))


async def _erase(ctx: Context, person: str, workspace: str | None) -> Sequence[Media]:
    """Erase a person's data of a workspace, None: all; the duels in which they have voted count their votes no more."""
    voted = await ctx.duels.voted_on(ctx.event.adapter, person)
    media = await ctx.forget_person(person, workspace)
    for duel in voted:
        with suppress(DeliveryDelayed):  # the next vote counts them anew
            await ctx.duels.advance(ctx.event, duel)
    return media


async def _forget_person(ctx: Context, named: str, *, is_confirmed: bool) -> Parts:
    """Show who is meant, with the button that erases them; its press erases."""
    person = await find_person(ctx, named)
    if not is_confirmed:
        reach = ctx.translate(f"people.reach.{person.scope}")
        yield Text(ctx.translate("forget.ask_person", name=person.name, id=person.id, reach=reach))
        yield _button(ctx, ctx.translate("forget.button_person", name=person.name), {"person": person.id})
        return
    await ctx.audit("person.erased", scope=person.scope)
    media = await _erase(ctx, person.id, person.workspace)
    await WrittenNotes(ctx.values).erase(ctx.event.adapter, person.id, person.workspace)  # none is written any more
    await ctx.spool.remove(media)
    yield Text(ctx.translate("forget.done_person", name=person.name, files=len(media)))


def _button(ctx: Context, label: str, options: dict[str, str]) -> Actions:
    options = {"confirm": "yes", _BY: ctx.event.actor.id, **options}
    return Actions((Action(name="forget", label=label, command="forget", options=options, is_danger=True),))
