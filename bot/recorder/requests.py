"""The requests in the recorder's memory: what happened to each, until it is written."""

import json
import marshal
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

from bot.models import Event
from bot.ports import PlatformCall
from bot.recorder import api_calls, platform_calls
from bot.recorder.api_calls import RecordedApiCall
from bot.recorder.files import RequestLine
from bot.recorder.redaction import RecordingRedactor

#: Steps that are recorded; what the others show is in the platform's calls.
_STEPS = frozenset({"draft", "commit", "draft.finish"})
#: Outcomes of a request in which nothing went wrong.
_WELL = frozenset({"answered", "cancelled"})
_UNRECORDED = nullcontext()
#: Of an entry that is a call or the payload, in place of its end.
_OWN = -1.0

#: When it began and ended, in seconds since the epoch (0: it has no duration), its kind, the kind of the error that
#: ended it, and the rest: figures, a call, or the event with its payload.
Entry = tuple[float, float, str, str, Any]


class _Timed:
    """Times a step."""

    __slots__ = ("_at", "_name", "_request")

    def __init__(self, request: "RecordedRequest", name: str) -> None:
        self._request = request
        self._name = name

    def __enter__(self) -> None:
        self._at = time.time()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._request.add_step(self._name, self._at, time.time(), error="" if kind is None else kind.__name__)


class RecordedRequest:
    """One request. See `bot.ops.tracing.Trace`.

    One in which something went wrong is written, and one that takes long, as its process may be killed. Any other stays
    in memory while it is among the newest, and is written where somebody asks for it: to take names and texts out of
    all that is said would cost more than a tenth of answering it.
    """

    __slots__ = ("_changed", "began", "entries", "event", "held", "is_done", "is_kept", "sender")

    def __init__(self, event: str, changed: "Callable[[RecordedRequest], None]") -> None:
        """`changed`: called after each change of a request that is kept."""
        self.event = event  #: id
        self.entries: list[Entry] = []
        self.sender = ("", "")  #: platform and id of the person; "": not known
        self.began = time.time()  #: when it came in, or was first heard of, in seconds since the epoch
        self.is_done = False
        self.is_kept = False  #: it is written
        self.held = 0  #: bytes in memory, of what was sent and answered
        self._changed = changed

    def keep(self) -> None:
        """Have it written, with what happens to it from now on."""
        self.is_kept = True
        self._changed(self)

    def know(self, event: Event) -> None:
        """Note whose request it is, for a process that has not received it as well."""
        self.sender = (event.adapter, event.actor.id)
        self.began = min(self.began, event.received_at.timestamp())

    def add_received(self, at: float, event: Event, payload: object) -> None:
        """Add what came in; None: not known, or not to be kept."""
        try:  # as it is now, since libraries change what they read; and bytes cost the garbage collector nothing
            packed = marshal.dumps(cast(Any, payload))
        except ValueError:
            packed = marshal.dumps(None)
        self.entries.append((at, _OWN, "received", "", (event.command, event.actor.locale, packed)))
        self.held += len(packed)
        self.add_step("recorded", time.time())

    def add_step(self, kind: str, at: float, ended: float = 0.0, *, error: str = "", figures: Any = None) -> None:
        """Add something that the service did."""
        self.entries.append((at, ended, kind, error, figures))
        if error or self.is_kept:
            self.keep()

    def add_api_call(self, call: RecordedApiCall) -> None:
        """Add a call of the AI API."""
        self.entries.append((call.at, _OWN, "api call", "", call))
        self.held += call.held
        if self.is_kept or call.has_failed:
            self.keep()

    def add_platform_call(self, call: PlatformCall) -> None:
        """Add a call of the platform."""
        self.entries.append((call.at, _OWN, "platform call", "", call))
        self.held += call.held
        if self.is_kept or call.has_failed:
            self.keep()

    def forget(self) -> None:
        """Drop what happened."""
        self.entries, self.held = [], 0

    def span(self, name: str) -> AbstractContextManager[object]:
        """See `bot.ops.tracing.Trace`."""
        return _Timed(self, name) if name in _STEPS else _UNRECORDED

    def end(self, outcome: str, figures: Mapping[str, str | int | float]) -> None:
        """See `bot.ops.tracing.Trace`."""
        self.is_done = True
        for entry in self.entries:
            if isinstance(entry[4], PlatformCall | RecordedApiCall):
                entry[4].let_go()
        self.held = sum(map(_size, self.entries))
        self.add_step("done", time.time(), figures={"outcome": outcome, **figures})
        if outcome not in _WELL:
            self.keep()

    def take(self, redactor: RecordingRedactor) -> RequestLine | None:
        """Return what is not written yet, without what must not be kept; None: nothing.

        It is JSON: what the request is filed under, what happened, who asked, and whether texts are kept.
        What happened is `[milliseconds since the epoch, kind, duration in milliseconds, error, method, path, status,
        rest]`, each without the empty values at its end.
        """
        taken = self.entries[:]
        del self.entries[: len(taken)]  # what is written is read from there
        self.held = sum(map(_size, self.entries))
        entries = [self._describe(entry, redactor) for entry in taken]
        if not entries:
            return None
        person = redactor.person(*self.sender) if self.sender[1] else ""
        line = json.dumps(
            [redactor.pseudonym(self.event), entries, person, redactor.keeps_texts], separators=(",", ":")
        )
        return RequestLine(line.encode(), person, self.began)

    def _describe(self, entry: Entry, redactor: RecordingRedactor) -> list[Any]:
        if entry[2] != "received":
            return _describe(entry, redactor)
        command, locale, packed = entry[4]
        payload = redactor.redact(marshal.loads(packed), is_spoken=True)  # noqa: S302  # nosec B302 - packed above
        known = command if command in redactor.words else ""
        about = {"adapter": self.sender[0], "command": known, "locale": locale, "payload": payload}
        return [int(entry[0] * 1000), "received", 0, "", "", "", 0, about]


def _size(entry: Entry) -> int:
    """Return the bytes of what was sent and answered."""
    if entry[2] == "received":
        return len(entry[4][2])
    return entry[4].held if isinstance(entry[4], PlatformCall | RecordedApiCall) else 0


def _describe(entry: Entry, redactor: RecordingRedactor) -> list[Any]:
    at, ended, kind, error, rest = entry
    begun = int(at * 1000)
    if ended != _OWN:
        found = [begun, kind, int(ended * 1000) - begun if ended else 0]
        return [*found, error, "", "", 0, rest] if rest else [*found, error] if error else found
    call: RecordedApiCall | PlatformCall = rest
    call.let_go()
    if isinstance(call, PlatformCall):
        path, details = call.url.raw_path, platform_calls.details(call, redactor)
    else:
        path, details = call.url.path, api_calls.details(call, redactor)
    took = int(call.ended * 1000) - begun
    return [begun, kind, took, call.error, call.method, redactor.path(path), call.status, details]
