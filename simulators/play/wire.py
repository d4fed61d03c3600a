"""The wire log: calls between the platforms, the service and the AI API, in the order in which they began."""

import itertools
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

_KEPT = 2000  #: entries
#: What a clock of `time.monotonic()` lacks to the time of day.
_OFFSET = time.time() - time.monotonic()


@dataclass(slots=True, kw_only=True)
class Entry:
    """One event, call or change. Times are those of `time.monotonic()`."""

    platform: str  #: "slack", "discord", "api" or "service"
    kind: str  #: "event", "call", "api" or "note"
    title: str
    at: float
    ended: float = 0.0  #: when it was acknowledged or answered; 0.0: not yet
    status: str = ""  #: such as "ok", "acknowledged", "429"
    is_wrong: bool = False
    tries: int = 1  #: how often it was sent
    note: str = ""
    values: Json = field(default_factory=dict)  #: of the title of a note, which the page shows in its language
    detail: Callable[[], Any] = field(default=dict, repr=False)
    id: int = 0
    version: int = 0

    def to_json(self) -> Json:
        """The entry as the page lists it."""
        return {
            "id": self.id,
            "platform": self.platform,
            "kind": self.kind,
            "title": self.title,
            "values": self.values,
            "at": round((self.at + _OFFSET) * 1000),
            "ms": round((self.ended - self.at) * 1000) if self.ended else None,
            "status": self.status,
            "is_wrong": self.is_wrong,
            "tries": self.tries,
            "note": self.note,
        }


class Wire:
    """The newest entries. Each change of one gets a version, by which a page asks for what is new to it."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=_KEPT)
        self._numbers = itertools.count(1)
        self._versions = itertools.count(1)
        self.version = 0

    def add(self, entry: Entry) -> Entry:
        """Append an entry."""
        entry.id = next(self._numbers)
        self.entries.append(entry)
        self.touch(entry)
        return entry

    def touch(self, entry: Entry) -> None:
        """Announce that an entry changed."""
        entry.version = self.version = next(self._versions)

    def note(self, title: str, *, platform: str = "service", is_wrong: bool = False, **values: Any) -> None:
        """Append what somebody did to the service or a platform. `values` are filled into the title."""
        now = time.monotonic()
        self.add(
            Entry(platform=platform, kind="note", title=title, at=now, ended=now, is_wrong=is_wrong, values=values)
        )

    def since(self, version: int) -> list[Json]:
        """The entries that changed after a version, oldest first."""
        return [entry.to_json() for entry in self.entries if entry.version > version]

    def find(self, number: int) -> Entry | None:
        """The entry of a number."""
        return next((entry for entry in self.entries if entry.id == number), None)
