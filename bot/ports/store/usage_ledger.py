"""Usage by day, and the ledger of the calls that may cost something."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.limits import Limit, QuotaRequest
from bot.models import Event, Job, Location, Usage
from bot.ports.store.usage_reports import UsageRow


class UsageLedger(Protocol):
    """Usage by day, and what is left of it; and each call that may cost something.

    A call is reserved before it is posted, and settled or given back when it ends. An event has one open call at most.
    """

    async def add_usage(self, job: Job, usage: Sequence[Usage], *, is_reserved: bool = True) -> None:
        """Count what was used for an event in addition to its outcome, whether or not this process still has it.

        An open call of the event is settled with it. `is_reserved`: none was reserved, each is an entry now.
        """

    async def begin_call(
        self, job: Job, usage: Usage, micros: int | None, *, is_refused: bool = False, is_afterwards: bool = False
    ) -> None:
        """Reserve a call that is about to be posted, with what it will use at most; returns once it is durable.

        `micros`: its price; None: not known. `is_refused`: the event's earlier call was, and is given back. The event's
        next try is a repeated one, see `Job`. `is_afterwards`: the event has ended, and the call counts as no try.
        Raises `OwnershipLost` where another process has taken the event over.
        """

    async def return_call(self, job: Job, *, unreserved: Usage | None = None) -> None:
        """Give back the event's open call, which the API refused; or one not reserved, if the event has no entry."""

    async def settle_lost_calls(self, job: Job, *, unreserved: Usage | None = None) -> bool:
        """Settle the event's open call, whose end nobody knows, at its price. False: there is none.

        `unreserved`: what a call may have used that was not reserved; it is settled where the event has no entry yet.
        """

    async def lost_calls(self, before: datetime) -> Sequence[Job]:
        """Return completed events with a call that was begun before that time and whose end nobody knows."""

    async def usage(
        self,
        *,
        since: datetime,
        actor: str | None = None,
        adapter: str | None = None,
        channel: str | None = None,
        within: str | None = None,
    ) -> Sequence[UsageRow]:
        """Return usage by day, kind and model, newest day first. `within`: prefix of channel ids."""

    async def admit(self, event: Event, quota: QuotaRequest) -> None:
        """Count one request more for a known event, which is to be reopened.

        Its new estimate counts in place of the earlier one. Raises `OverLimit`; nothing was counted then.
        """

    async def used(self, adapter: str, actor: str, location: Location, limits: Sequence[Limit]) -> Sequence[int]:
        """Return what counts against each limit of a person there: in its window, and being made."""
