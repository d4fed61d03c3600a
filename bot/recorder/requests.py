"""The requests in the recorder's memory: what happened to each, until it is written."""

import json
import marshal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from bot.models import Event
from bot.ports import LOWEST_ERROR_STATUS, PlatformCall
from bot.recorder import api_calls, platform_calls
from bot.recorder.api_calls import RecordedApiCall
from bot.recorder.files import RequestLine
from bot.recorder.redaction import RecordingRedactor

#: Steps that are recorded; what the others show is in the platform's calls.
_STEPS = frozenset({"draft", "commit", "draft.finish"})
#: Outcomes of a request in which nothing went wrong.
_WELL = frozenset({"answered", "cancelled"})
_UNRECORDED = nullcontext()
_API, _PLATFORM, _RECEIVED = "api call", "platform call", "received"
_CALLS = (_API, _PLATFORM)

#: When it began and ended, in seconds since the epoch (0: it has no duration), its kind, the kind of the error that
#: ended it, and the rest: figures, a call, or the event with its payload.
Entry = tuple[float, float, str, str, Any]


class Snapshot(NamedTuple):
    """What is known of a request at a time. See `RecordedRequest`."""

    event: str
    sender: tuple[str, str]
    began: float
    packed: list[bytes]
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
        if kind is not None or request.is_kept:
            request.keep()


class RecordedRequest:
    """One request. See `bot.ops.tracing.Trace`.

    One in which something went wrong is written, and one that takes long. Any other stays in memory while it is among
    the newest, and is written where somebody asks for it: to take names and texts out of all that is said would cost
    more than a tenth of answering it.

    At its end it is packed: its calls refer to responses and addresses, hundreds of objects that the garbage collector
    would look through again and again.
    """

    __slots__ = (
        *("_changed", "_memory", "_packed", "before", "began", "entries", "event", "held", "is_done", "is_kept"),
        *("sender", "was_received"),
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
        self._packed: list[bytes] = []  #: entries, before `entries`
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
        self.entries.append((at, 0.0, _RECEIVED, "", (event.command, event.actor.locale, payload, self.before, action)))
        self.entries.append((time.time(), 0.0, "recorded", "", None))
        if self.is_kept:
            self.keep()

    def add_claim(self, at: float, attempt: int) -> None:
        """Add the begin of a try."""
        self.is_done = False
        self.entries.append((at, 0.0, "claimed", "", {"attempt": attempt}))
        if attempt > 1 or self.is_kept:
            self.keep()

    def add_api_call(self, call: RecordedApiCall) -> None:
        """Add a call of the AI API."""
        self.entries.append((call.at, 0.0, _API, call.error, call))
        self._grow(call.sent + call.size)
        if self.is_kept or call.has_failed:
            self.keep()

    def add_platform_call(self, call: PlatformCall) -> None:
        """Add a call of the platform."""
        self.entries.append((call.at, 0.0, _PLATFORM, call.error, call))
        if self.is_kept or call.status >= LOWEST_ERROR_STATUS or call.error:
            self.keep()

    def snapshot(self) -> Snapshot:
        """Return what is known now."""
        return Snapshot(self.event, self.sender, self.began, self._packed[:], self.entries[:])

    def forget(self) -> None:
        """Drop what happened."""
        self.entries, self._packed, self.held = [], [], 0

    def span(self, name: str) -> AbstractContextManager[object]:
        """See `bot.ops.tracing.Trace`."""
        return _Timed(self, name) if name in _STEPS else _UNRECORDED

    def end(self, outcome: str, figures: Mapping[str, str | int | float]) -> None:
        """See `bot.ops.tracing.Trace`."""
        self.is_done = True
        self.entries.append((time.time(), 0.0, "done", "", {"outcome": outcome, **figures}))
        if self.is_kept or outcome not in _WELL:
            self.keep()
        else:
            self._pack()

    def take(self, redactor: RecordingRedactor) -> RequestLine | None:
        """Return what is not written yet, without what must not be kept; None: nothing."""
        packed, self._packed = self._packed, []
        taken = self.entries[:]
        del self.entries[: len(taken)]  # what is written is read from there
        self.held = 0
        return _line(self.event, self.sender, self.began, [*_entries(packed), *taken], redactor)

    def _pack(self) -> None:
        try:
            packed = marshal.dumps([entry if entry[2] not in _CALLS else _to_plain(entry) for entry in self.entries])
        except ValueError:  # a value of a library's own type
            return
        self._packed.append(packed)
        self._grow(sum(map(len, self._packed)) - self.held)
        self.entries = []

    def _grow(self, size: int) -> None:
        self.held += size
        self._memory.held += size


def pack(snapshot: Snapshot) -> bytes | None:
    """Return a request as bytes, for another process; None: it has a value of a library's own type."""
    try:
        return marshal.dumps((*snapshot[:-1], [_to_plain(entry) for entry in snapshot.entries]))
    except ValueError:
        return None


def unpack(content: bytes, redactor: RecordingRedactor) -> RequestLine | None:
    """Return the line of a request of another process; None: it is empty."""
    event, sender, began, packed, entries = marshal.loads(content)  # noqa: S302  # nosec B302 - authenticated
    return _line(event, sender, began, [*_entries(packed), *entries], redactor)


def _entries(packed: Sequence[bytes]) -> list[Entry]:
    return [entry for one in packed for entry in marshal.loads(one)]  # noqa: S302  # nosec B302 - packed here


def _line(
    event: str, sender: tuple[str, str], began: float, entries: Sequence[Entry], redactor: RecordingRedactor
) -> RequestLine | None:
    """Return a line of JSON without what must not be kept.

    It is what the request is filed under, what happened, who asked, and whether texts are kept. What happened is
    `[milliseconds since the epoch, kind, duration in milliseconds, error, method, path, status, rest]`, each without
    the empty values at its end.
    """
    if not entries:
        return None
    person = redactor.person(*sender)
    found = [_describe(_to_plain(entry), sender[0], redactor) for entry in entries]
    line = json.dumps([redactor.pseudonym(event), found, person, redactor.keeps_texts], separators=(",", ":"))
    return RequestLine(line.encode(), person, began)


def _describe(entry: Entry, adapter: str, redactor: RecordingRedactor) -> list[Any]:
    at, ended, kind, error, rest = entry
    begun = int(at * 1000)
    if kind == _RECEIVED:
        command, locale, received, before, action = rest
        payload = redactor.redact(received, is_spoken=True)
        known = command if command in redactor.words else ""
        about = {"adapter": adapter, "command": known, "locale": locale, "payload": payload}
        if before:
            about |= {"before": redactor.pseudonym(before), "action": action}
        return [begun, kind, 0, "", "", "", 0, about]
    took = int(ended * 1000) - begun if ended else 0
    if kind not in _CALLS:
        found = [begun, kind, took]
        return [*found, error, "", "", 0, rest] if rest else [*found, error] if error else found
    describe = platform_calls.describe if kind == _PLATFORM else api_calls.describe
    return [begun, kind, took, error, *describe(rest, redactor)]


def _to_plain(entry: Entry) -> Entry:
    """Return an entry of plain values."""
    call = entry[4]
    if isinstance(call, PlatformCall):
        return (entry[0], call.ended, _PLATFORM, entry[3], platform_calls.to_plain(call))
    if isinstance(call, RecordedApiCall):
        return (entry[0], call.ended, _API, entry[3], api_calls.to_plain(call))
    return entry
