"""The requests in the recorder's memory: what happened to each, until it is written."""

import json
import marshal
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

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
_PAYLOAD = 8192  #: bytes that a payload has in memory, about


class Part(NamedTuple):
    """What happened to a request for some time. See `RecordedRequest`."""

    event: str
    sender: tuple[str, str]
    began: float
    entries: list[Entry]


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
        request = self._request
        request.entries.append((self._at, time.time(), self._name, "" if kind is None else kind.__name__, None))


class RecordedRequest:
    """One request. See `bot.ops.tracing.Trace`.

    One in which something went wrong is written, and one that takes long. Any other stays in memory while it is among
    the newest, and is written where somebody asks for it: to take names and texts out of all that is said would cost
    more than a tenth of answering it. Until its end, or until the recorder looks at it, what happens is only appended.
    """

    __slots__ = (
        *("_filed", "_memory", "_settled", "before", "began", "entries", "event", "held", "is_done", "is_kept"),
        *("sender", "was_received"),
    )

    def __init__(self, event: Event, memory: MemoryEstimate) -> None:
        """`memory` counts what it holds."""
        self.event = event.id
        self.before = ""  #: id of the event whose button was pressed
        self.was_received = False  #: by this process, or what the one that did has of it is written
        self.entries: list[Entry | PlatformCall] = []
        self.sender = (event.adapter, event.actor.id)  #: platform and id of the person
        self.began = event.received_at.timestamp()  #: when it came in, in seconds since the epoch
        self.is_done = False
        self.is_kept = False  #: it is written, with what happens to it from now on
        self.held = 0  #: bytes in memory, of what was sent and answered
        self._settled = 0  #: entries that are settled
        self._filed = -1  #: entries that other processes find in the file; -1: it was not looked at yet
        self._memory = memory

    def settle(self) -> None:
        """Make plain values of calls, whose responses and addresses are hundreds of objects; see what went wrong."""
        entries, held = self.entries, 0
        for at in range(self._settled, len(entries)):
            entry = entries[at]
            if isinstance(entry, PlatformCall):
                entry = entries[at] = platform_calls.to_entry(entry)
            _, _, kind, error, rest = entry
            if kind in CALLS:
                *_, sent, answer = rest
                held += len(sent) + len(answer if isinstance(answer, bytes) else answer["text"])
                if rest[2] >= LOWEST_ERROR_STATUS or (kind == API and not rest[2]):
                    self.is_kept = True
            elif kind == RECEIVED:
                held += _PAYLOAD
            elif kind == "claimed" and rest["attempt"] > 1:
                self.is_kept = True
            if error:
                self.is_kept = True
        self._settled = len(entries)
        self.held += held
        self._memory.held += held

    def take_new(self) -> Part | None:
        """Return what has happened since the last time; None: nothing, or it was not looked at before."""
        filed, self._filed = self._filed, self._settled if self._filed >= 0 else 0
        return self._part(self.entries[filed : self._filed]) if 0 <= filed < self._filed else None

    @property
    def is_filed(self) -> bool:
        """Whether other processes find it in the file."""
        return self._filed > 0 and not self.is_kept

    def forget(self) -> None:
        """Drop what happened."""
        self.entries.clear()
        self.held = self._settled = 0

    def span(self, name: str) -> AbstractContextManager[object]:
        """See `bot.ops.tracing.Trace`."""
        return _Timed(self, name) if name in _STEPS else _UNRECORDED

    def end(self, outcome: str, figures: Mapping[str, str | int | float]) -> None:
        """See `bot.ops.tracing.Trace`."""
        self.is_done = True
        self.entries.append((time.time(), 0.0, "done", "", {"outcome": outcome, **figures}))
        self.settle()
        if outcome not in _WELL:
            self.is_kept = True

    def take(self) -> Part | None:
        """Return what is not written yet; None: nothing."""
        self.settle()
        taken = self.entries[:]
        self.forget()  # what is written is read from there
        return self._part(taken) if taken else None

    def _part(self, entries: Sequence[Entry | PlatformCall]) -> Part:
        return Part(self.event, self.sender, self.began, [entry for entry in entries if isinstance(entry, tuple)])


def pack(part: Part) -> bytes | None:
    """Return a part as bytes, for another process; None: it has a value of a library's own type."""
    try:
        return marshal.dumps(tuple(part))
    except ValueError:
        return None


def unpack(content: bytes) -> Part:
    """Return the part of another process."""
    return Part(*marshal.loads(content))  # noqa: S302  # nosec B302 - authenticated


def describe(part: Part, redactor: RecordingRedactor) -> RequestLine:
    """Return a line of JSON without what must not be kept.

    It is what the request is filed under, what happened, who asked, and whether texts are kept. What happened is
    `[milliseconds since the epoch, kind, duration in milliseconds, error, method, path, status, rest]`, each without
    the empty values at its end.
    """
    person = redactor.person(*part.sender)
    found = [_describe(entry, part.sender[0], redactor) for entry in part.entries]
    line = json.dumps([redactor.pseudonym(part.event), found, person, redactor.keeps_texts], separators=(",", ":"))
    return RequestLine(line.encode(), person, part.began)


def _describe(entry: Entry, adapter: str, redactor: RecordingRedactor) -> list[Any]:
    at, ended, kind, error, rest = entry
    begun = int(at * 1000)
    if kind == RECEIVED:
        command, locale, received, before, action = rest
        payload = redactor.redact(received, is_spoken=True)
        known = command if command in redactor.words else ""
        about = {"adapter": adapter, "command": known, "locale": locale, "payload": payload}
        if before:
            about |= {"before": redactor.pseudonym(before), "action": action}
        return [begun, kind, 0, "", "", "", 0, about]
    took = int(ended * 1000) - begun if ended else 0
    if kind not in CALLS:
        found = [begun, kind, took]
        return [*found, error, "", "", 0, rest] if rest else [*found, error] if error else found
    describe = platform_calls.describe if kind == PLATFORM else api_calls.describe
    return [begun, kind, took, error, *describe(rest, redactor)]
