"""A request with its answer, as bytes, for a log of what went over the wire."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Exchange:
    """One request and its answer, as bytes. Times are in seconds since the epoch."""

    report: "Callable[[Exchange], None]"  #: called at its end
    method: str
    url: str
    sent: bytes  #: the body; empty where it is a stream
    began: float
    answered: float = 0.0  #: when the answer began; 0: none came
    status: int = 0
    headers: Sequence[tuple[bytes, bytes]] = ()  #: of the answer
    pieces: list[bytes] = field(default_factory=list)  #: of the beginning of the answer's body, as they came
    size: int = 0  #: bytes of that body
    is_whole: bool = False  #: the body was read to its end
    error: str = ""  #: kind of the error that ended it
