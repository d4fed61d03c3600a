"""The seam of the flight recorder: what platforms send and are sent, by request."""

import time
from collections.abc import Callable, Collection, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

LOWEST_ERROR_STATUS = 400  #: HTTP status from which a call has failed


@dataclass(frozen=True, slots=True, kw_only=True)
class WireFormat:
    """The fields of a platform's payloads, requests and answers that the flight recorder keeps, hides or replaces.

    Texts in fields that it does not name are taken for people's own: recordings have no letters and digits of them.
    """

    words: Collection[str] = ()  #: names of fields with words of the protocol, wherever they are
    outer_words: Collection[str] = ()  #: names of such fields in the outer objects; further in they may be people's own
    foreign: Collection[str] = ()  #: names of fields in which everything, names included, belongs to people and apps
    #: Parts of names of fields with secrets, contents of files, or addresses that work without a token.
    secrets: Collection[str] = ()
    ids: str = ""  #: regular expression of ids
    timestamps: str = ""  #: regular expression of times as texts
    epoch: int = 0  #: of the times with which ids begin, in milliseconds since 1970; 0: they begin with none
    bits_after_time: int = 0  #: of an id
    outcome: Collection[str] = ()  #: names of fields of an answer that say what became of a call
    message: Collection[str] = ()  #: names of fields that stay of each message in an answer
    form_part: str = ""  #: name of the part with the JSON, of a form with files


#: One HTTP request to a platform: its method, its path with the query as sent, the status (0: no answer), whether it
#: was sent, when to try again as the answer says, the body without the contents of files (empty where it is too big),
#: and that of the answer, or its beginning.
PlatformCall = tuple[str, str, int, bool, str, bytes, bytes]


class CallLog(Protocol):
    """The log of the calls that are made for one request."""

    def add_call(self, at: float, status: int, error: str, read: Callable[[], PlatformCall]) -> None:
        """Add a call that ends now.

        `at`: when it began, in seconds since the epoch; `error`: kind of the error where no answer came; `read` returns
        the call, and is called once its answer was read, or never will be.
        """


@dataclass(slots=True, eq=False)
class Receipt:
    """A payload of a platform, as it came, and the log of the calls made for it until its request is claimed."""

    #: The payload; or the JSON that came, and the payload's name in it. None once its request is recorded.
    payload: Mapping[str, Any] | tuple[str, str] | None
    at: float  #: seconds since the epoch
    pressed: tuple[str, str] = ("", "")  #: id of the event whose button was pressed, and the button's action
    find_log: Callable[[], CallLog | None] | None = None  #: returns that of its request; None: none is recorded yet
    #: Made before the request was recorded: when each began and ended, its status, its error and what returns it.
    calls: tuple[tuple[float, float, int, str, Callable[[], PlatformCall]], ...] = ()

    def add_call(self, at: float, status: int, error: str, read: Callable[[], PlatformCall]) -> None:
        """See `CallLog`."""
        if self.find_log is None:
            self.calls += ((at, time.time(), status, error, read),)
        elif (log := self.find_log()) is not None:
            log.add_call(at, status, error, read)


#: What the present task processes. Set only where `AdapterServices.call_recorder` is not None.
receipt: ContextVar[Receipt | None] = ContextVar("receipt", default=None)


class CallRecorder(Protocol):
    """Records the calls of platforms."""

    @property
    def answered(self) -> ContextVar[Any]:
        """The `CallLog` of the request that the present task answers; None: it answers none."""
