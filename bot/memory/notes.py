"""Notes of a person, a channel or a workspace: values of these scopes, which are read with the settings anyway."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from bot.errors import UsageError
from bot.events.edits import message_of
from bot.i18n import translate
from bot.markdown.split import estimate_tokens
from bot.media.names import short_digest
from bot.models import Event
from bot.ports import KeyValues, Owner
from bot.scoped_settings.changes import Audit
from bot.scoped_settings.effective import EffectiveSettings
from bot.scoped_settings.names import MEMORY, MEMORY_OWN
from bot.scoped_settings.scopes import Scope, person_namespace
from bot.settings.core import Settings
from bot.values import valueclass

#: How the names of the stored values begin.
PREFIX = "memory:"
#: The scopes that have notes, in the order in which they are shown.
NOTE_SCOPES = (Scope.ME, Scope.CHANNEL, Scope.WORKSPACE)
LONGEST = 500  #: characters of a note
_PARSED = 5000  # notes in memory


@valueclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One note, on one line."""

    scope: Scope  #: whose questions it is used in
    id: str  #: unique within its scope
    text: str
    by: str  #: id of the person who wrote it, with whom it is erased
    workspace: str = ""  #: where it was written
    at: float  #: when it was added, in seconds since 1970
    until: float | None = None  #: seconds since 1970, as its author wants; None: until it is forgotten

    @property
    def name(self) -> str:
        """The name of the stored value."""
        return f"{PREFIX}{self.id}"

    @property
    def key(self) -> str:
        """The note, in the options of a button."""
        return f"{self.scope}:{self.id}"

    @property
    def ends(self) -> datetime | None:
        """`until`, in UTC."""
        return None if self.until is None else datetime.fromtimestamp(self.until, UTC)

    def dumps(self) -> str:
        """Return the value to store; the scope and the id are where it is stored."""
        fields = {"text": self.text, "by": self.by, "workspace": self.workspace, "at": self.at, "until": self.until}
        return json.dumps({name: value for name, value in fields.items() if value not in ("", None)})


@lru_cache(_PARSED)
def _parse(scope: Scope, name: str, value: str) -> Note:
    return Note(scope=scope, id=name.removeprefix(PREFIX), **{"by": "", **json.loads(value)})


#: Estimated tokens of a note's text.
_tokens = lru_cache(_PARSED)(estimate_tokens)


def notes_here(effective: EffectiveSettings) -> Sequence[Note]:
    """Return the notes that concern an event, by scope, the oldest of each first."""
    found = effective.find_by_prefix(PREFIX, NOTE_SCOPES)
    if not found:
        return ()
    notes = [_parse(scope, name, value) for scope, name, value in found]
    return sorted(notes, key=lambda note: (NOTE_SCOPES.index(note.scope), note.at, note.id))


def notes_for_model(effective: EffectiveSettings, event: Event, settings: Settings) -> Sequence[Note]:
    """Return the notes that the model gets with a question: of each scope the newest that fit."""
    notes = notes_here(effective)
    if not notes or effective.get(MEMORY) == "off":
        return ()
    has_own = event.location.is_private or effective.get(MEMORY_OWN) == "everywhere"
    left = dict.fromkeys(NOTE_SCOPES if has_own else NOTE_SCOPES[1:], settings.bot_memory_tokens)
    chosen = []
    for note in reversed(notes):
        tokens = _tokens(note.text)
        if left.get(note.scope, 0) >= tokens:
            left[note.scope] -= tokens
            chosen.append(note)
    return chosen[::-1]


def new_note(event: Event, text: str, scope: Scope, *, until: datetime | None = None) -> Note:
    """Return the note that an event adds; the same one when it is answered again, or when its message is edited."""
    return Note(
        scope=scope,
        id=short_digest(event.adapter, message_of(event.id))[:10],
        text=text,
        by=event.actor.id,
        workspace=event.location.workspace,
        at=event.received_at.timestamp(),
        until=None if until is None else until.timestamp(),
    )


def edit_note(note: Note, event: Event, text: str) -> Note:
    """Return a note with another text; it is the event's author's from now on."""
    return replace(note, text=text, by=event.actor.id)


def require_length(text: str, locale: str) -> None:
    """Raise `UsageError` for a note that is too long; ask before a text is looked into, which takes its time."""
    if len(text) > LONGEST:
        raise UsageError(translate("memory.long", locale, most=LONGEST, length=len(text)))


def _require_room(effective: EffectiveSettings, note: Note, settings: Settings, locale: str) -> None:
    """Raise `UsageError` where the scope of a note is full."""
    values = {"scope": translate(f"memory.of.{note.scope}", locale), "most": settings.bot_memory_notes}
    others = [one for one in notes_here(effective) if one.scope is note.scope and one.id != note.id]
    others = [one for one in others if one.text != note.text]  # goes when it is there twice
    if len(others) >= settings.bot_memory_notes:
        raise UsageError(translate("memory.full", locale, **values))
    if sum(_tokens(one.text) for one in (*others, note)) > settings.bot_memory_tokens:
        raise UsageError(translate("memory.full_words", locale, **values))


async def save_note(effective: EffectiveSettings, note: Note, event: Event, settings: Settings, audit: Audit) -> None:
    """Store a note; one that concerns others is in the audit log, without its text, which can be erased.

    A note that its author's message added before it was edited is replaced. Raises `UsageError` where it is too long or
    there is no room, and `StoreError`.
    """
    known = next((one for one in notes_here(effective) if (one.scope, one.text) == (note.scope, note.text)), note)
    was = [one for one in notes_here(effective) if (one.id, one.by) == (note.id, event.actor.id)]
    note = replace(note, id=known.id, at=known.at)  # what is remembered already is there once
    _require_fit(effective, note, event, settings)
    expires, owner = _expiry(note, settings), Owner.of(event)
    before = await effective.set(note.name, note.dumps(), note.scope, expires=expires, owner=owner)
    if effective.concerns_others(note.scope) and before != note.dumps():
        action = "memory.add" if before is None else "memory.edit"
        await audit(action, subject=note.id, scope=note.scope.value)
    if event.id != message_of(event.id):
        for one in was:
            if one.key != note.key:  # the edit changed whose it is, or to what is there already
                await delete_note(effective, one, audit)


async def change_note(effective: EffectiveSettings, note: Note, event: Event, settings: Settings, audit: Audit) -> None:
    """Store a note in place of the one with its id, which `effective` has read; another with its words is forgotten.

    Raises `UsageError` as `save_note` does, and where the note was changed or forgotten meanwhile; and `StoreError`.
    """
    same = [one for one in notes_here(effective) if (one.scope, one.text) == (note.scope, note.text)]
    _require_fit(effective, note, event, settings)
    expires, owner = _expiry(note, settings), Owner.of(event)
    if not await effective.replace(note.name, note.dumps(), note.scope, expires=expires, owner=owner):
        raise UsageError(translate("memory.meanwhile", event.actor.locale))
    if effective.concerns_others(note.scope):
        await audit("memory.edit", subject=note.id, scope=note.scope.value)
    for one in same:
        if one.id != note.id:
            await delete_note(effective, one, audit)


def _require_fit(effective: EffectiveSettings, note: Note, event: Event, settings: Settings) -> None:
    """Raise `UsageError` for a note that is too long, or has no room."""
    require_length(note.text, event.actor.locale)
    _require_room(effective, note, settings, event.actor.locale)


def _expiry(note: Note, settings: Settings) -> datetime | None:
    """Return when a note that is stored now expires; None: never."""
    ends = [] if note.ends is None else [note.ends]
    if settings.bot_memory_days:
        ends.append(datetime.now(UTC) + timedelta(days=settings.bot_memory_days))
    return min(ends, default=None)


async def delete_note(effective: EffectiveSettings, note: Note, audit: Audit) -> None:
    """Forget a note."""
    before = await effective.set(note.name, None, note.scope)
    if effective.concerns_others(note.scope) and before is not None:
        await audit("memory.forget", subject=note.id, scope=note.scope.value)


@valueclass(frozen=True, slots=True)
class WrittenNotes:
    """Notes by their author, wherever they are used. Reads them all: for export and erasure."""

    values: KeyValues

    async def of(self, adapter: str, person: str, workspace: str | None) -> dict[tuple[str, str], Note]:
        """Return a person's notes by namespace and name. `workspace`: only those that its people share.

        Raises `StoreError`.
        """
        own, found = person_namespace(adapter, person), {}
        for (namespace, name), value in (await self.values.find_by_prefix(PREFIX)).items():
            scope, _, place = namespace.partition(":")
            if scope not in ("person", "channel", "workspace") or not place.startswith(f"{adapter}:"):
                continue
            note = _parse(Scope.ME if scope == "person" else Scope(scope), name, value)
            is_theirs = namespace == own or (note.scope is not Scope.ME and note.by == person)
            if is_theirs and (workspace is None or (note.scope is not Scope.ME and note.workspace == workspace)):
                found[namespace, name] = note
        return found

    async def erase(self, adapter: str, person: str, workspace: str | None) -> None:
        """Erase what a person has written; see `of`. Raises `StoreError`."""
        for namespace, name in await self.of(adapter, person, workspace):
            await self.values.namespace(namespace).delete(name)
