"""Shared by the commands about memory: scopes, rights, how notes are shown, and which notes an answer got."""

from bot.commandline.mentions import Mention, link_mention
from bot.commands._base import Context
from bot.errors import UsageError
from bot.family.origins import REPEATED
from bot.memory.notes import NOTE_SCOPES, Note, new_note, notes_here, save_note
from bot.memory.prompt import OFFERED, STORED
from bot.memory.proposals import find_proposal
from bot.models import Action, Option
from bot.scoped_settings.names import MEMORY, MEMORY_AUTO
from bot.scoped_settings.scopes import Scope, namespaces_of
from bot.values import valueclass

FOR = "for"
#: Options that only buttons set: keys of notes, and the person whose question they were used for.
USED, BY = "used", "by"


def note_scope_option(description: str) -> Option:
    """Return the option that says whose notes are meant."""
    return Option(name=FOR, description=description, kind="choice", choices=tuple(NOTE_SCOPES))


def note_scope(ctx: Context) -> Scope:
    """Return the scope that the option names, a person's own without it. Raises `UsageError` where there is none."""
    scope = Scope(ctx.option(FOR) or Scope.ME)
    here = [one for one in namespaces_of(ctx.event) if one in NOTE_SCOPES]
    if scope not in here:
        scopes = ctx.join_list(f"`{one}`" for one in here)
        raise UsageError(ctx.translate("settings.no_scope", name=ctx.spec.name, scopes=scopes))
    return scope


def may_change(ctx: Context, scope: Scope) -> bool:
    """Return whether the author may change the notes of a scope: their own, and where they change settings."""
    return scope is Scope.ME or ctx.may_administer(scope)


def require_right(ctx: Context, scope: Scope) -> None:
    """Raise `UsageError`, which names whom to ask, where the author may not change the notes of a scope."""
    if not may_change(ctx, scope):
        raise ctx.not_allowed(f"memory.not_allowed.{scope}", scope)


def require_memory(ctx: Context) -> None:
    """Raise `UsageError` where nothing is remembered."""
    if ctx.effective.get(MEMORY) == "off":
        raise UsageError(ctx.translate("memory.off"))


def describe_note(ctx: Context, note: Note) -> str:
    """Return a note in a line, with who wrote it where others use it, and how long it stays."""
    extra = []
    if note.scope is not Scope.ME and note.by not in ("", ctx.event.actor.id):
        extra.append(link_mention(Mention("person", note.by)))
    if note.ends is not None:
        extra.append(ctx.translate("memory.until", date=f"{note.ends:%Y-%m-%d %H:%M} UTC"))
    return f"{note.text} ({', '.join(extra)})" if extra else note.text


@valueclass(frozen=True, slots=True)
class MemoryOffer:
    """A note that a message suggests: buttons that offer it, or the note itself where it is stored unasked."""

    hint: str = ""  #: for the model, which can't remember anything itself
    actions: tuple[Action, ...] = ()
    note: Note | None = None  #: to be stored once the answer is there


_NO_OFFER = MemoryOffer()


async def offer_to_remember(ctx: Context, text: str) -> MemoryOffer:
    """Return what is offered under the answer to a message; most say nothing that is to be remembered.

    Only the author's own words are. Raises `StoreError`.
    """
    proposal = find_proposal(text)
    mode = ctx.effective.get(MEMORY)
    if proposal is None or mode == "off" or not ctx.commands.offers("remember"):
        return _NO_OFFER
    if any(note.text == proposal.text for note in notes_here(ctx.effective)):
        return _NO_OFFER
    if not await _has_own_words(ctx):
        return _NO_OFFER
    if ctx.effective.is_on(MEMORY_AUTO):
        return MemoryOffer(STORED, note=new_note(ctx.event, proposal.text, Scope.ME))
    if mode != "propose":
        return _NO_OFFER
    scopes = [Scope.ME]
    if not proposal.is_personal and not ctx.event.location.is_private and _may_offer(ctx):
        scopes.append(Scope.CHANNEL)
    return MemoryOffer(OFFERED, tuple(_remember_action(ctx, proposal.text, scope) for scope in scopes))


async def _has_own_words(ctx: Context) -> bool:
    """Return whether the author wrote the prompt, whatever repeats it; the chat words one that is changed."""
    event = ctx.event
    if REPEATED in event.options:
        return False
    while event.replaces:
        job = await ctx.journal.job(event.adapter, event.replaces)
        if job is None or job.event.actor.id != event.actor.id:
            return False
        event = job.event
    return True


async def store_offer(ctx: Context, offer: MemoryOffer) -> tuple[str, tuple[Action, ...]]:
    """Remember what its author wants to be remembered unasked; return the sentence that says so, and the buttons."""
    if offer.note is None:
        return "", offer.actions
    try:
        await save_note(ctx.effective, offer.note, ctx.event, ctx.settings, ctx.audit)
    except UsageError as exc:
        return f"\n\n> {exc}", ()
    sentence = ctx.translate("memory.stored", note=offer.note.text)
    return f"\n\n> {sentence}", (forget_action(ctx, offer.note),)


def _may_offer(ctx: Context) -> bool:
    try:
        return may_change(ctx, Scope.CHANNEL)
    except UsageError:  # roles are not read yet
        return False


def _remember_action(ctx: Context, text: str, scope: Scope) -> Action:
    options = {FOR: scope.value, BY: ctx.event.actor.id}
    label = ctx.translate(f"memory.offer.{scope}")
    return Action(name=f"remember-{scope}", label=label, command="remember", prompt=text, options=options)


def memory_actions(ctx: Context) -> tuple[Action, ...]:
    """Return the button that shows which notes the model got; none without notes."""
    notes = ctx.conversation.notes
    if not notes:
        return ()
    label = ctx.translate("memory.button", count=len(notes))
    options = {USED: ",".join(note.key for note in notes), BY: ctx.event.actor.id}
    return (Action(name="memory", label=label, command="memory", options=options),)


def forget_action(ctx: Context, note: Note, *, place: int = 1, number: int = 0, row: int = 0) -> Action:
    """Return the button that forgets a note.

    `place`: among the buttons; `number`: of the note in a list; `row`: see `Action`.
    """
    label = ctx.translate("memory.forget_number", number=number) if number else ctx.translate("memory.forget")
    options = {"forget": note.key}
    return Action(name=f"forget-{place}", label=label, command="memory", options=options, row=row, is_danger=True)
