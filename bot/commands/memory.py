"""`memory`: what is remembered here, with buttons that change and forget it; and which notes an answer got."""

from collections.abc import Sequence

from bot.commands._base import Context, Parts, command
from bot.commands._memory import (
    BY,
    FOR,
    USED,
    describe_note,
    forget_action,
    may_change,
    note_scope,
    note_scope_option,
    require_memory,
    require_right,
)
from bot.errors import UsageError
from bot.memory.notes import NOTE_SCOPES, Note, change_note, delete_note, edit_note, notes_here, require_length
from bot.memory.secrets import has_secret
from bot.models import Action, Actions, CommandSpec, Lane, Option, Text
from bot.scoped_settings.names import MEMORY
from bot.scoped_settings.scopes import Scope

#: Options: number or key of a note.
_FORGET, _EDIT = "forget", "edit"
#: Option that only buttons set.
_PAGE = "page"
_ALL = "all"
_ON_A_PAGE = 5  # notes, each with two buttons


@command(
    CommandSpec(
        name="memory",
        description="Show what I remember here, change it, or forget it.",
        options=(
            Option(name="text", description="The new words of the note to change", is_prompt=True),
            note_scope_option("Whose notes to show or to forget; left out: all that are used in your questions"),
            Option(name=_EDIT, description="Number of the note to change"),
            Option(name=_FORGET, description="Number of the note to forget, or all"),
        ),
        lane=Lane.FREE,
        private=True,
        example="memory --forget 2",
    )
)
async def memory(ctx: Context) -> Parts:
    """Show notes, of an answer or of this place, or change or forget one."""
    notes = notes_here(ctx.effective)
    if used := ctx.event.options.get(USED):
        yield Text(_used(ctx, notes, used.split(",")))
    elif ctx.option(_FORGET) and ctx.option(_EDIT):
        raise UsageError(ctx.translate("memory.both"))
    elif ctx.option(_FORGET) == _ALL:
        scope = note_scope(ctx)
        require_right(ctx, scope)
        gone = [note for note in notes if note.scope is scope]
        for note in gone:
            await delete_note(ctx.effective, note, ctx.audit)
        yield Text(ctx.translate("memory.forgotten_all", count=len(gone), scope=ctx.translate(f"memory.of.{scope}")))
    elif named := ctx.option(_FORGET):
        note = _find(ctx, notes, named)
        await delete_note(ctx.effective, note, ctx.audit)
        yield Text(ctx.translate("memory.forgotten", note=note.text))
    elif named := ctx.option(_EDIT):
        yield Text(await _edit(ctx, _find(ctx, notes, named), notes))
    else:
        for part in _list(ctx, notes):
            yield part


def _find(ctx: Context, notes: Sequence[Note], named: str) -> Note:
    """Return the note of a number or a key, which the author may change. Raises `UsageError`."""
    number = int(named) if named.isdecimal() and len(named) < 5 else 0  # noqa: PLR2004 - no such number
    note = next((note for at, note in enumerate(notes, 1) if at == number or note.key == named), None)
    if note is None:
        is_button = ":" in named
        raise UsageError(
            ctx.translate("memory.gone" if is_button else "memory.unknown", number=named.replace("`", "'"))
        )
    require_right(ctx, note.scope)
    return note


async def _edit(ctx: Context, note: Note, notes: Sequence[Note]) -> str:
    text = " ".join(ctx.event.prompt.split())
    if text in ("", note.text):  # a platform without forms
        return ctx.translate("memory.how_edit", number=notes.index(note) + 1)
    require_memory(ctx)
    require_length(text, ctx.event.actor.locale)
    if has_secret(text):
        raise UsageError(ctx.translate("memory.secret"))
    await ctx.api.check_words(text)
    await change_note(ctx.effective, edit_note(note, ctx.event, text), ctx.event, ctx.settings, ctx.audit)
    return ctx.translate("memory.edited", note=text)


def _used(ctx: Context, notes: Sequence[Note], keys: Sequence[str]) -> str:
    """Return the notes that a question was asked with; the asker's own only to the asker."""
    is_theirs = ctx.event.options.get(BY) == ctx.event.actor.id
    hidden = [] if is_theirs else [key for key in keys if key.startswith(f"{Scope.ME}:")]
    known = {note.key: note for note in notes}
    shown = [known[key] for key in keys if key in known and key not in hidden]
    gone = len(keys) - len(shown) - len(hidden)
    lines = [f"- {describe_note(ctx, note)} · {ctx.translate(f'memory.of.{note.scope}')}" for note in shown]
    lines += [ctx.translate("memory.hidden", count=len(hidden))] if hidden else []
    lines += [ctx.translate("memory.gone_since", count=gone)] if gone else []
    return "\n".join([ctx.translate("memory.used"), "", *lines])


def _list(ctx: Context, notes: Sequence[Note]) -> Sequence[Text | Actions]:
    """Return a page of the notes, numbered through, with the buttons of those that the author may change."""
    only = ctx.option(FOR)
    chosen = [(at, note) for at, note in enumerate(notes, 1) if only in ("", note.scope)]
    page = min(int(ctx.event.options.get(_PAGE, "0")), max(0, len(chosen) - 1) // _ON_A_PAGE)
    shown = chosen[page * _ON_A_PAGE : (page + 1) * _ON_A_PAGE]
    lines = [ctx.translate("memory.off")] if ctx.effective.get(MEMORY) == "off" else []
    for scope in NOTE_SCOPES:
        mine = [f"- `{at}` {describe_note(ctx, note)}" for at, note in shown if note.scope is scope]
        if mine:
            count = sum(note.scope is scope for note in notes)
            heading = ctx.translate(f"memory.heading.{scope}", count=count, most=ctx.settings.bot_memory_notes)
            lines.append("\n".join([f"**{heading}**", *mine]))
    if not chosen:
        lines.append(ctx.translate("memory.nothing"))
    lines.append(ctx.translate("memory.how_list"))
    buttons = []
    in_order = [at for scope in NOTE_SCOPES for at, note in shown if note.scope is scope]
    for place, (at, note) in enumerate(shown, 1):
        row = in_order.index(at) + 1
        if may_change(ctx, note.scope):
            edit = ctx.translate("memory.edit_number", number=at)
            options = {_EDIT: note.key}
            fields = ("text",)
            buttons += [
                Action(
                    name=f"edit-{place}",
                    label=edit,
                    command="memory",
                    prompt=note.text,
                    options=options,
                    prompts_for=fields,
                    shows_values=True,
                    row=row,
                ),
                forget_action(ctx, note, place=place, number=at, row=row),
            ]
    for name, other in (("earlier", page - 1), ("later", page + 1)):
        if 0 <= other * _ON_A_PAGE < len(chosen):
            options = {_PAGE: str(other), **({FOR: only} if only else {})}
            buttons.append(Action(name=name, label=ctx.translate(f"memory.{name}"), command="memory", options=options))
    if ctx.effective.get(MEMORY) != "off":
        add = ctx.translate("memory.add")
        buttons.append(Action(name="add", label=add, command="remember", prompts_for=("prompt", FOR, "until")))
    return [Text("\n\n".join(lines)), Actions(tuple(buttons))]
