"""The requests in the recorder's memory: what happened to each, until it is written."""

import json
import marshal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from typing import Any, NamedTuple

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


class Part(NamedTuple):
    """One step of a request, with its duration. See `RecordedRequest`."""

    event: str
    sender: tuple[str, str]
    began: float
    entries: bytes  #: see `unpack_entries`


class MemoryEstimate:
    """Bytes that requests have in memory together, at most: what was dropped since they were summed up counts, too."""

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held = 0


class _Timed:
    """Times a step."""

    __slots__ = ("_at", "_name", "_request")

    def __init__(self, request: "RecordedRequest", name: str) -> None:
        self._request = request
        self._name = name

    def __enter__(self) -> None:
        self._at = time.time()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        request, error = self._request, ""
        if kind is not None:
            request.is_kept, error = True, kind.__name__
        request.entries.append((self._at, time.time(), self._name, error, None))


class RecordedRequest:
    """One request. See `bot.ops.tracing.Trace`.

    One in which something went wrong is written, and one that takes long. Any other stays in memory while it is among
    the newest, and is written where somebody asks for it: to take names and texts out of all that is said would cost
    more than a tenth of answering it. It stays as bytes: the lists and tuples of 200 requests would be in the way of
    each garbage collection.
    """

    __slots__ = (
        *("_filed", "_memory", "_on_late", "_packed", "before", "began", "entries", "event", "is_done", "is_kept"),
        *("sender", "was_received"),
    )

    def __init__(self, event: Event, memory: MemoryEstimate, on_late: Callable[["RecordedRequest"], None]) -> None:
        """`memory` counts what it holds; `on_late` is called where something happens after its end."""
        self.event = event.id
        self.before = ""  #: id of the event whose button was pressed
        self.was_received = False  #: by this process, or what the one that did has of it is written
        self.entries: list[Entry | PlatformCall] = []  #: those that are not packed yet
        self.sender = (event.adapter, event.actor.id)  #: platform and id of the person
        self.began = event.received_at.timestamp()  #: when it came in, in seconds since the epoch
        self.is_done = False
        self.is_kept = False  #: it is written, with what happens to it from now on
        self._packed = b""
        self._filed = -1  #: packed bytes that other processes find in the file; -1: it was not looked at yet
        self._memory = memory
        self._on_late = on_late

    @property
    def held(self) -> int:
        """Bytes in memory, of what is packed."""
        return len(self._packed)

    def add_call(self, call: PlatformCall) -> None:
        """Add a call of the platform that has ended."""
        self.entries.append(call)
        if call.error or call.status >= LOWEST_ERROR_STATUS:
            self.is_kept = True
        if self.is_done:
            self._on_late(self)

    def add_api_call(self, at: float, error: str, call: api_calls.Call) -> None:
        """Add a call of the AI API that ends now."""
        self.entries.append((at, time.time(), API, error, call))
        if error or call[2] >= LOWEST_ERROR_STATUS:
            self.is_kept = True
        if self.is_done:
            self._on_late(self)

    def pack(self) -> None:
        """Make bytes of what is new."""
        entries = self.entries
        if not entries:
            return
        for at, entry in enumerate(entries):
            if isinstance(entry, PlatformCall):
                entries[at] = platform_calls.to_entry(entry)
        packed = _pack_entries(entries)
        entries.clear()
        self._packed += packed
        self._memory.held += len(packed)

    def take_new(self) -> Part | None:
        """Return what was packed since the last time; None: nothing, or it was not looked at before."""
        filed, self._filed = self._filed, len(self._packed) if self._filed >= 0 else 0
        return self._part(self._packed[filed : self._filed]) if 0 <= filed < self._filed else None

    @property
    def is_filed(self) -> bool:
        """Whether other processes find it in the file."""
        return self._filed > 0 and not self.is_kept

    def forget(self) -> None:
        """Drop what happened."""
        self.entries.clear()
        self._packed = b""

    def span(self, name: str) -> AbstractContextManager[object]:
        """See `bot.ops.tracing.Trace`."""
        return _Timed(self, name) if name in _STEPS else _UNRECORDED

    def end(self, outcome: str, figures: Mapping[str, str | int | float]) -> None:
        """See `bot.ops.tracing.Trace`."""
        self.is_done = True
        if outcome not in _WELL:
            self.is_kept = True
        self.entries.append((time.time(), 0.0, "done", "", {"outcome": outcome, **figures}))
        self.pack()

    def take(self) -> Part | None:
        """Return what is not written yet; None: nothing."""
        self.pack()
        taken = self._packed
        self.forget()  # what is written is read from there
        return self._part(taken) if taken else None

    def _part(self, entries: bytes) -> Part:
        return Part(self.event, self.sender, self.began, entries)


def _pack_entries(entries: list[Any]) -> bytes:
    try:
        return marshal.dumps(entries)
    except ValueError:  # a value of a library's own type
        return marshal.dumps(_plain(entries))


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


def unpack_entries(packed: bytes) -> Iterator[Entry]:
    """Yield the entries of packed lists that follow each other."""
    content = BytesIO(packed)
    while content.tell() < len(packed):
        yield from marshal.load(content)  # noqa: S302  # nosec B302 - this process's own, or authenticated


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
    found = [_describe(entry, part.sender[0], redactor) for entry in unpack_entries(part.entries)]
    line = json.dumps([redactor.pseudonym(part.event), found, person, redactor.keeps_texts], separators=(",", ":"))
    return RequestLine(line.encode(), person, part.began)


def _describe(entry: Entry, adapter: str, redactor: RecordingRedactor) -> list[Any]:
    at, ended, kind, error, rest = entry
    begun = int(at * 1000)
    if kind == RECEIVED:
        command, locale, received, before, action, *prompt = rest
        payload = redactor.redact(received, is_spoken=True)
        known = command if command in redactor.words else ""
        about = {"adapter": adapter, "command": known, "locale": locale, "payload": payload}
        if not redactor.keeps_texts and (wording := _wording("".join(filter(None, prompt)))):
            about["wording"] = wording
        if before:
            about |= {"before": redactor.pseudonym(before), "action": action}
        return [begun, kind, 0, "", "", "", 0, about]
    took = int(ended * 1000) - begun if ended else 0
    if kind not in CALLS:
        found = [begun, kind, took]
        return [*found, error, "", "", 0, rest] if rest else [*found, error] if error else found
    describe = platform_calls.describe if kind == PLATFORM else api_calls.describe
    return [begun, kind, took, error, *describe(rest, redactor)]


def _wording(prompt: str) -> str:
    """Return what the words of a message decide beside its command, "" for most."""
    if is_small_talk(prompt):
        return "small talk"
    proposal = find_proposal(prompt)
    return "" if proposal is None else "personal note" if proposal.is_personal else "note"
