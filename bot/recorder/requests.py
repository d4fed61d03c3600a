"""The requests in the recorder's memory: what happened to each, until it is written."""

import json
import marshal
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from bot.models import Event
from bot.ports import LOWEST_ERROR_STATUS, PlatformCall
from bot.recorder import api_calls, platform_calls
from bot.recorder.entries import CALLS, PLATFORM, RECEIVED, Entry
from bot.recorder.files import RequestLine
from bot.recorder.redaction import RecordingRedactor

#: Steps that are recorded; what the others show is in the platform's calls.
_STEPS = frozenset({"draft", "commit", "draft.finish"})
#: Outcomes of a request in which nothing went wrong.
_WELL = frozenset({"answered", "cancelled"})
_UNRECORDED = nullcontext()
_PAYLOAD, _CHARACTER = 4096, 4  #: bytes that a payload has in memory, about: with each character of its text


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
        request.settle()
        request.entries.append((self._at, time.time(), self._name, "" if kind is None else kind.__name__, None))
        if kind is not None or request.is_kept:
            request.keep()


class RecordedRequest:
    """One request. See `bot.ops.tracing.Trace`.

    One in which something went wrong is written, and one that takes long. Any other stays in memory while it is among
    the newest, and is written where somebody asks for it: to take names and texts out of all that is said would cost
    more than a tenth of answering it.

    Its entries are plain values: responses and addresses are hundreds of objects that the garbage collector would look
    through again and again.
    """

    __slots__ = (
        *("_changed", "_filed", "_memory", "_unread", "before", "began", "entries", "event", "held", "is_done"),
        *("is_kept", "sender", "was_received"),
    )

    def __init__(self, event: Event, changed: "Callable[[RecordedRequest], None]", memory: MemoryEstimate) -> None:
        """`changed`: called after each change of a request that is kept; `memory` counts what it holds."""
        self.event = event.id
        self.before = ""  #: id of the event whose button was pressed
        self.was_received = False  #: by this process, or what the one that did has of it is written
        self.entries: list[Entry] = []
        self.sender = (event.adapter, event.actor.id)  #: platform and id of the person
        self.began = event.received_at.timestamp()  #: when it came in, in seconds since the epoch
        self.is_done = False
        self.is_kept = False  #: it is written
        self.held = 0  #: bytes in memory, of what was sent and answered
        self._unread: list[PlatformCall] = []  #: calls whose answer was not read when they were added
        self._filed = -1  #: entries that other processes find in the file; -1: it was not looked at yet
        self._changed = changed
        self._memory = memory

    def keep(self) -> None:
        """Have it written, with what happens to it from now on."""
        self.is_kept = True
        self._changed(self)

    def add_received(self, at: float, event: Event, payload: object, pressed: tuple[str, str]) -> None:
        """Add what came in. `payload` None: not known, or not to be kept; `pressed`: see `Receipt`."""
        self.before, action = pressed
        self.was_received = True
        self.entries.append((at, 0.0, RECEIVED, "", (event.command, event.actor.locale, payload, self.before, action)))
        self.entries.append((time.time(), 0.0, "recorded", "", None))
        self._grow(_PAYLOAD + _CHARACTER * len(event.prompt))
        if self.is_kept:
            self.keep()

    def add_claim(self, at: float, attempt: int) -> None:
        """Add the begin of a try."""
        self.is_done = False
        self.entries.append((at, 0.0, "claimed", "", {"attempt": attempt}))
        if attempt > 1 or self.is_kept:
            self.keep()

    def add_api_call(self, call: Entry) -> None:
        """Add a call of the AI API that has ended."""
        self.settle()
        self._add_call(call)
        if self.is_kept or call[3] or not 0 < call[4][2] < LOWEST_ERROR_STATUS:
            self.keep()

    def add_platform_call(self, call: PlatformCall) -> None:
        """Add a call of the platform."""
        self.settle()
        self._unread.append(call)
        if self.is_kept or call.status >= LOWEST_ERROR_STATUS or call.error:
            self.keep()

    def settle(self) -> None:
        """Make entries of calls whose answers have been read by now; at the request's end, of all."""
        if self._unread:
            unread, self._unread = self._unread, []
            for call in unread:
                answer = call.read_answer()
                if answer is None and not self.is_done:
                    self._unread.append(call)
                else:
                    self._add_call(platform_calls.to_entry(call, answer or b""))

    def _add_call(self, call: Entry) -> None:
        self.entries.append(call)
        *_, sent, answer = call[4]
        size = len(sent) + len(answer if isinstance(answer, bytes) else answer["text"])
        self._grow(size)

    def take_new(self) -> Part | None:
        """Return what has happened since the last time; None: nothing, or it was not looked at before."""
        self.settle()
        filed, self._filed = self._filed, len(self.entries) if self._filed >= 0 else 0
        return Part(self.event, self.sender, self.began, self.entries[filed:]) if 0 <= filed < self._filed else None

    @property
    def is_filed(self) -> bool:
        """Whether other processes find it in the file."""
        return self._filed > 0 and not self.is_kept

    def forget(self) -> None:
        """Drop what happened."""
        self.entries, self._unread, self.held = [], [], 0

    def span(self, name: str) -> AbstractContextManager[object]:
        """See `bot.ops.tracing.Trace`."""
        return _Timed(self, name) if name in _STEPS else _UNRECORDED

    def end(self, outcome: str, figures: Mapping[str, str | int | float]) -> None:
        """See `bot.ops.tracing.Trace`."""
        self.is_done = True
        self.settle()
        self.entries.append((time.time(), 0.0, "done", "", {"outcome": outcome, **figures}))
        if self.is_kept or outcome not in _WELL:
            self.keep()

    def take(self, redactor: RecordingRedactor) -> RequestLine | None:
        """Return what is not written yet, without what must not be kept; None: nothing."""
        taken = self.entries[:]
        del self.entries[: len(taken)]  # what is written is read from there
        self.held = 0
        return _line(Part(self.event, self.sender, self.began, taken), redactor)

    def _grow(self, size: int) -> None:
        self.held += size
        self._memory.held += size


def pack(part: Part) -> bytes | None:
    """Return a part as bytes, for another process; None: it has a value of a library's own type."""
    try:
        return marshal.dumps(tuple(part))
    except ValueError:
        return None


def unpack(content: bytes, redactor: RecordingRedactor) -> RequestLine | None:
    """Return the line of another process's part; None: it is empty."""
    return _line(Part(*marshal.loads(content)), redactor)  # noqa: S302  # nosec B302 - authenticated


def _line(part: Part, redactor: RecordingRedactor) -> RequestLine | None:
    """Return a line of JSON without what must not be kept.

    It is what the request is filed under, what happened, who asked, and whether texts are kept. What happened is
    `[milliseconds since the epoch, kind, duration in milliseconds, error, method, path, status, rest]`, each without
    the empty values at its end.
    """
    if not part.entries:
        return None
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
