"""The requests of the service, for those who watch over it: what waits, what runs, what was answered."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bot.models import Kind, Lane

#: `waiting`: recorded, or given back to be tried again; `running`: a process has it; `failed`: answered with an error;
#: `cancelled`: stopped by a person; `dropped`: ended without an answer, as its message was deleted or it was dropped.
RequestState = Literal["waiting", "running", "answered", "failed", "cancelled", "dropped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """One request, without its words."""

    seq: int  #: order of recording
    adapter: str
    id: str
    workspace: str
    channel: str
    conversation: str
    actor: str  #: id of the person; "": erased
    name: str  #: the person's display name; "" where it is not known
    command: str
    state: RequestState
    received_at: datetime  #: aware, UTC
    next_try: datetime | None = None  #: aware, UTC; of one that waits for its next try
    failing_since: datetime | None = None  #: aware, UTC; the API's outage that is waited out
    attempts: int = 0  #: tries that have begun to show an answer
    files: int = 0  #: in the answer
    asks: str = ""  #: the decision that the answer's buttons ask for, such as "quote"; "": none


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """One entry of the ledger of calls."""

    at: datetime  #: aware, UTC
    kind: Kind
    model: str
    items: int
    cost: float | None  #: in the API's currency; None: not known
    state: Literal["reserved", "settled", "returned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFilter:
    """The requests to list; what is "", empty or None does not matter. Several ids are alternatives."""

    adapter: str = ""
    workspaces: Collection[str] = ()
    channels: Collection[str] = ()
    actors: Collection[str] = ()
    command: str = ""
    lane: Lane | None = None
    is_open: bool | None = None  #: whether an answer is still owed
    has_files: bool = False  #: only with files in the answer
    before: int | None = None  #: only of lower `seq`


class RequestLog(Protocol):
    """Reads what was asked, of anybody. Raises `StoreError`."""

    async def list_requests(self, which: RequestFilter, *, limit: int) -> Sequence[RequestRow]:
        """Return the newest requests, newest first. Erased ones are left out."""

    async def calls_of(self, adapter: str, event_id: str) -> Sequence[CallRow]:
        """Return the entries of the ledger of calls for an event, oldest first."""
