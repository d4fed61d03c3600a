"""The requests in the recorder's memory: what happened to each, until it is written."""

import json
import marshal
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from aimodels.exchange import Exchange
from bot.conversation.small_talk import is_small_talk
from bot.memory.proposals import find_proposal
from bot.models import Event
from bot.ports import LOWEST_ERROR_STATUS, PlatformCall
from bot.recorder import api_calls, platform_calls
from bot.recorder.entries import API, CALLS, PLATFORM, RECEIVED, Entry
from bot.recorder.files import RequestLine
from bot.recorder.redaction import RecordingRedactor

#: Steps that are recorded; what the others show is in the platform's calls.
_STEPS = frozenset({"draft", "commit", "draft.finish"})
#: Outcomes of a request in which nothing went wrong.
_WELL = frozenset({"answered", "cancelled"})
_UNRECORDED = nullcontext()
_ENTRY = 200  #: bytes of an entry without texts, some


class Part(NamedTuple):
    """One step of a request, with its duration. See `RecordedRequest`."""

    event: str
    sender: tuple[str, str]
    began: float
    entries: bytes  #: a tuple of `Entry`, packed


class InMemory:
    """The requests in memory, as each of them knows them. `watch` has a request looked at soon."""

    __slots__ = ("held", "running", "watch")

    def __init__(self, watch: Callable[["RecordedRequest"], None]) -> None:
        #: Bytes that all have together, at most: what was dropped since they were summed up counts, too.
        self.held = 0
        self.running: dict[RecordedRequest, float] = {}  #: being answered, or to be written; since when
        self.watch = watch


class _Timed:
    """Times a step. Without a constructor, as it is made for each step of each request."""

    __slots__ = ("at", "name", "request")

    at: float
    name: str
    request: "RecordedRequest"

    def __enter__(self) -> None:
        self.at = time.time()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        request, error = self.request, ""
        if kind is not None:
            request.is_kept, error = True, kind.__name__
        request.entries.append((self.at, time.time(), self.name, error, None))


class RecordedRequest:
    """One request. See `bot.telemetry.tracing.Trace`.

    One in which something went wrong is written, and one that takes long. Any other stays in memory while it is among
    the newest, and is written where somebody asks for it: to take names and texts out of all that is said would cost
    more than a tenth of answering it. It stays as tuples of strings, bytes and numbers, which garbage collections take
    no notice of: the lists, dicts and other objects of 100 requests would be in the way of each.
    """

    __slots__ = (
        *("_filed", "_others", "_received_at", "_settled", "before", "entries", "event", "held", "is_kept"),
        *("is_running", "sender", "was_received"),
    )

    def __init__(self, event: Event, others: InMemory) -> None:
        self.event = event.id
        self.before = ""  #: id of the event whose button was pressed
        self.was_received = False  #: by this process, or what the one that did has of it is written
        self.entries: list[Entry] = []  #: the new ones; a platform's call is what returns it
        self.sender = (event.adapter, event.actor.id)  #: platform and id of the person
        self.is_running = False  #: it is being answered here
        self.is_kept = False  #: it is written, with what happens to it from now on
        self.held = 0  #: bytes in memory, some
        self._settled: tuple[Entry, ...] = ()  #: all but the new entries
        self._filed = -1  #: entries of these that other processes find in the file; -1: it was not looked at yet
        self._received_at = event.received_at
        self._others = others

    def add_call(self, at: float, status: int, error: str, read: Callable[[], PlatformCall]) -> None:
        """See `bot.ports.CallLog`."""
        self.entries.append((at, time.time(), PLATFORM, error, read))
        if error or status >= LOWEST_ERROR_STATUS:
            self.is_kept = True
        if not self.is_running:
            self._others.watch(self)

    def add_exchange(self, exchange: Exchange) -> None:
        """Add a call of the AI API that ends now."""
        error, call = exchange.error, api_calls.to_call(exchange)
        self.entries.append((exchange.began, time.time(), API, error, call))
        if error or exchange.status >= LOWEST_ERROR_STATUS:
            self.is_kept = True
        if not self.is_running:
            self._others.watch(self)

    def settle(self) -> None:
        """Let go of the objects of what is new, but for plain values."""
        entries, self.entries = self.entries, []
        if not entries:
            return
        held = _ENTRY * len(entries)
        for at, (began, ended, kind, error, rest) in enumerate(entries):
            if kind is PLATFORM:
                call = rest()
                entries[at] = (began, ended, kind, error, call)
                held += len(call[5]) + len(call[6])
            elif kind is API:
                held += len(rest[8]) + len(rest[9])
            elif kind is RECEIVED:
                held += len(rest[2] or "")
        self._settled = (*self._settled, *entries)
        self.held += held
        self._others.held += held

    def take_new(self) -> Part | None:
        """Return what has happened since the last time; None: nothing, or it was not looked at before."""
        filed = self._filed
        if filed < 0:
            self._filed = 0
            return None
        self.settle()
        self._filed = len(self._settled)
        return self._part(self._settled[filed:]) if filed < self._filed else None

    @property
    def is_filed(self) -> bool:
        """Whether other processes find it in the file."""
        return self._filed > 0 and not self.is_kept

    def forget(self) -> None:
        """Drop what happened."""
        self.entries = []
        self._settled = ()
        self.held = 0

    def span(self, name: str) -> AbstractContextManager[object]:
        """See `bot.telemetry.tracing.Trace`."""
        if name not in _STEPS:
            return _UNRECORDED
        timed = _Timed()
        timed.request, timed.name = self, name
        return timed

    def end(self, outcome: str, figures: Mapping[str, str | int | float]) -> None:
        """See `bot.telemetry.tracing.Trace`."""
        self.is_running = False
        self.entries.append((time.time(), 0.0, "done", "", (("outcome", outcome), *figures.items())))
        self.settle()
        if outcome not in _WELL:
            self.is_kept = True
        if not self.is_kept:
            self._others.running.pop(self, None)

    def take(self) -> Part | None:
        """Return what is not written yet; None: nothing."""
        self.settle()
        taken = self._settled
        self.forget()  # what is written is read from there
        return self._part(taken) if taken else None

    def _part(self, entries: tuple[Entry, ...]) -> Part:
        return Part(self.event, self.sender, self._received_at.timestamp(), pack_value(entries))


def pack_value(value: Any) -> bytes:
    """Return a payload or entries as bytes."""
    try:
        return marshal.dumps(value)
    except ValueError:  # a value of a library's own type
        return marshal.dumps(_plain(value))


def _plain(value: Any) -> Any:
    """Return a value that is made of plain ones; of any other, the name of its type stays."""
    if value is None or isinstance(value, bool | bytes):
        return value
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, Mapping):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_plain(item) for item in value)
    return type(value).__name__


def pack(part: Part) -> bytes:
    """Return a part as bytes, for another process."""
    return marshal.dumps(tuple(part))


def unpack(content: bytes) -> Part:
    """Return the part of another process."""
    return Part(*marshal.loads(content))  # noqa: S302  # nosec B302 - authenticated


def describe(part: Part, redactor: RecordingRedactor) -> RequestLine:
    """Return a line of JSON without what must not be kept.

    It is what the request is filed under, what happened, who asked, and whether texts are kept. An entry is
    `[milliseconds since the epoch, kind, duration in milliseconds, error, method, path, status, rest]`, each without
    the empty values at its end.
    """
    person = redactor.person(*part.sender)
    entries = marshal.loads(part.entries)  # noqa: S302  # nosec B302 - this process's own, or authenticated
    found = [_describe(entry, part.sender[0], redactor) for entry in entries]
    line = json.dumps([redactor.pseudonym(part.event), found, person, redactor.keeps_texts], separators=(",", ":"))
    return RequestLine(line.encode(), person, part.began)


def _describe(entry: Entry, adapter: str, redactor: RecordingRedactor) -> list[Any]:
    at, ended, kind, error, rest = entry
    begun = int(at * 1000)
    if kind == RECEIVED:
        command, locale, received, name, before, action, prompt = rest
        if isinstance(received, str):
            received = json.loads(received)[name]
        elif received is not None:
            received = marshal.loads(received)  # noqa: S302  # nosec B302 - as above
        payload = redactor.redact(received, is_spoken=True)
        known = command if command in redactor.words else ""
        about = {"adapter": adapter, "command": known, "locale": locale, "payload": payload}
        if not redactor.keeps_texts and (wording := _wording(prompt)):
            about["wording"] = wording
        if before:
            about |= {"before": redactor.pseudonym(before), "action": action}
        return [begun, kind, 0, "", "", "", 0, about]
    took = int(ended * 1000) - begun if ended else 0
    if kind not in CALLS:
        found = [begun, kind, took]
        return [*found, error, "", "", 0, dict(rest)] if rest else [*found, error] if error else found
    describe = platform_calls.describe if kind == PLATFORM else api_calls.describe
    return [begun, kind, took, error, *describe(rest, redactor)]


def _wording(prompt: str) -> str:
    """Return what the words of a message decide beside its command, "" for most."""
    if is_small_talk(prompt):
        return "small talk"
    proposal = find_proposal(prompt)
    return "" if proposal is None else "personal note" if proposal.is_personal else "note"
