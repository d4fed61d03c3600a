"""The seam of the flight recorder: what platforms send and are sent, by request."""

from collections.abc import Callable, Collection
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol

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


class PlatformUrl(Protocol):
    """The address of a call."""

    @property
    def raw_path(self) -> str:
        """The path, as it is sent."""

    @property
    def raw_query_string(self) -> str:
        """The query, as it is sent."""


@dataclass(slots=True, eq=False)
class PlatformCall:
    """One HTTP request to a platform."""

    method: str
    url: PlatformUrl
    at: float  #: seconds since the epoch
    sent: bytes  #: the body, without the contents of files; empty where it is too big
    ended: float = 0.0  #: seconds since the epoch
    status: int = 0  #: 0: no answer
    retry_after: str = ""
    error: str = ""  #: kind of the error where no answer came
    is_sent: bool = True  #: False: it failed before it was sent
    read_answer: Callable[[], bytes] = bytes  #: returns the body of the answer once it was read, or its beginning


@dataclass(slots=True, eq=False)
class Receipt:
    """A payload of a platform, as it came, and the calls made for it until its request is claimed."""

    payload: object  #: None once its request is recorded
    at: float  #: seconds since the epoch
    request: str = ""  #: id of the event that was recorded for it; "": none yet
    pressed: tuple[str, str] = ("", "")  #: id of the event whose button was pressed, and the button's action
    calls: list[PlatformCall] = field(default_factory=list)  #: made before the request was recorded


#: What the present task processes. Set only where `AdapterServices.call_recorder` is not None.
receipt: ContextVar[Receipt | None] = ContextVar("receipt", default=None)


class CallRecorder(Protocol):
    """Records the calls of platforms."""

    def begin_call(self) -> Callable[[PlatformCall], None] | None:
        """Return what records a call of the present task once it has ended; None: it works for no request.

        The answer may be read after that.
        """
