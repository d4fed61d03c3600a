"""The entries of one event in the ledger of calls: each call is reserved before it is posted."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

import structlog

from bot.calls.api_job import ApiJob
from bot.errors import OverLimit, StoreUnavailable
from bot.models import CommandSpec, Event, Job, Outcome, Usage
from bot.policy import ExpectedCall, Quotas
from bot.scoped_settings.effective import EffectiveSettings
from bot.spending.quotes import is_within

log = structlog.get_logger(__name__)

_PAUSE = 0.2  #: seconds until a database that is locked or full is tried again


@dataclass(slots=True, kw_only=True)
class CallEntries:
    """The calls of one try of an event.

    Without `expected` nothing is reserved for them, as they cost nothing that is known or limited: each is an entry
    when it has ended, in the step that commits the answer.
    """

    quotas: Quotas
    job: Job
    expected: Mapping[str, ExpectedCall] | None = None  #: by the model that is asked, the chosen one first
    api_job: ApiJob  #: names the model that is asked
    is_afterwards: bool = False  #: the calls come after the event's end, as those of a summary
    has_lost: bool = False  #: an earlier call of this try is counted that nobody got anything of
    unreserved: Usage | None = None  #: a call of this try, where nothing is reserved for it
    is_open: bool = False  #: a call of this try was reserved
    is_refused: bool = False  #: the API has refused the newest
    is_in_doubt: bool = False  #: the entry of the next call may be stored, though storing it has failed

    @property
    def may_be_lost(self) -> bool:
        """Whether an earlier try may have left an open call."""
        return self.expected is not None and self.job.is_repeated

    @property
    def hook(self) -> Callable[[], Awaitable[None]] | None:
        """The function to be awaited before each call is posted; None: there is none."""
        return None if self.expected is None else self.before_post

    async def before_post(self) -> None:
        """Reserve the call that is about to be posted. Raises `OverLimit` where there is no money left for it.

        A call whose end nobody knows is paid for: the money that was reserved for the event has been spent on it.
        """
        if self.expected is None:
            return
        while True:
            try:
                await self._reserve(self.expected.get(self.api_job.model) or next(iter(self.expected.values())))
            except StoreUnavailable as exc:  # no longer than the call may take
                log.warning("call waits", reason=str(exc))
                await asyncio.sleep(_PAUSE)
            else:
                return

    async def _reserve(self, expected: ExpectedCall) -> None:
        ledger = self.quotas.ledger
        may_be_lost = not self.is_refused if self.is_open else self.may_be_lost
        is_lost = may_be_lost and not self.is_in_doubt  # else it is counted already
        if is_lost:
            await ledger.settle_lost_calls(self.job)
        if is_lost or self.has_lost:  # also where another process, or a try whose answer was lost, has counted it
            limit = await self.quotas.find_overdrawn(self.job.event)
            if limit is not None:
                self.is_open = self.has_lost = False
                raise OverLimit(limit, wait=self.quotas.seconds_left(limit))
        is_refused, self.is_in_doubt = self.is_refused or self.is_in_doubt, True
        await ledger.begin_call(
            self.job, expected.usage, expected.micros, is_refused=is_refused, is_afterwards=self.is_afterwards
        )
        self.is_in_doubt = False
        self.is_open, self.is_refused, self.has_lost = True, False, False

    def posted(self, is_pending: bool) -> None:
        """Note that a call was posted, or refused by the API."""
        self.is_refused = self.is_open and not is_pending

    async def give_back(self) -> None:
        """Give back the open call, if there is one: the API has made nothing. Raises `StoreError`."""
        if self.is_open:
            self.is_open = False
            await self.quotas.ledger.return_call(self.job)

    async def end(self, outcome: Outcome) -> Outcome:
        """Return the outcome with the end of the open call. Raises `StoreError`."""
        if self.unreserved is not None:
            if not outcome.usage:  # so that a later try takes it for no lost one
                await self.quotas.ledger.return_call(self.job, unreserved=self.unreserved)
            return replace(outcome, call="unreserved")
        if not (self.is_open or self.may_be_lost):
            return outcome
        if outcome.usage:
            return replace(outcome, call="used")
        if self.is_open:
            return replace(outcome, call="refused")
        await self.quotas.ledger.settle_lost_calls(self.job)
        return outcome


async def open_entries(
    quotas: Quotas, job: Job, event: Event, spec: CommandSpec, effective: EffectiveSettings, api_job: ApiJob
) -> CallEntries:
    """Return the entries of a try of an event, of which `event` has what is asked. Raises `StoreError`.

    After a try that may have left a call without an entry, calls are reserved whatever they cost.
    """
    if spec.kind is None:
        return CallEntries(quotas=quotas, job=job, api_job=api_job)
    is_paid = await quotas.is_paid(event, spec, effective)
    if not is_paid and not job.is_repeated:
        call = Usage(kind=spec.kind, model=event.options.get("model") or effective.model(spec.kind))
        return CallEntries(quotas=quotas, job=job, api_job=api_job, unreserved=call)
    expected = await quotas.expected(event, spec, spec.kind, effective)
    if not is_paid:
        await quotas.ledger.settle_lost_calls(job, unreserved=next(iter(expected.values())).usage)
    return CallEntries(quotas=quotas, job=job, api_job=api_job, expected=expected)


async def find_too_expensive(
    quotas: Quotas, event: Event, spec: CommandSpec, effective: EffectiveSettings
) -> frozenset[str]:
    """Return the fallback models that would cost more than was agreed on, or than the budget has been asked for.

    Raises `StoreError`.
    """
    if spec.kind is None or not effective.fallbacks(spec.kind):
        return frozenset()
    (_, chosen), *others = (await quotas.expected(event, spec, spec.kind, effective)).items()

    def is_allowed(price: int | None) -> bool:
        fits = price is not None and chosen.micros is not None and price <= chosen.micros
        return is_within(price, event, effective) and (fits or not event.keeps_price)

    return frozenset(model for model, call in others if not is_allowed(call.micros))
