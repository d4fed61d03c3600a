"""The life of an event in the store: what a process claims, and what it commits."""

from datetime import datetime
from typing import Literal

from bot.models.answer import Answer, Usage
from bot.models.conversation import Turn
from bot.models.event import Event
from bot.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An event claimed by this process."""

    seq: int  #: order of recording
    event: Event
    attempt: int = 1  #: 1 for the first try
    ref: str | None = None  #: reference of the draft that an earlier try opened
    answer: Answer | None = None  #: set if an earlier try committed it: only the delivery is left
    failing_since: datetime | None = None  #: aware, UTC; the first failed try of an outage of the API
    is_only_placed: bool = False  #: `ref` is of its place in the queue, which may have been posted before any try

    @property
    def is_repeated(self) -> bool:
        """Whether there was an earlier try, which may have called the API."""
        return self.attempt > 1 or (self.ref is not None and not self.is_only_placed)


@valueclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The results of an event, written in one transaction."""

    answer: Answer
    turns: tuple[Turn, ...] = ()
    usage: tuple[Usage, ...] = ()
    call: Literal["", "used", "refused", "unreserved"] = ""  #: end of the open call in the ledger; "": there was none
