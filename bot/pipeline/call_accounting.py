"""The accounting of requests' calls of the API, also of those that were cancelled, failed, given up or lost."""

from collections.abc import Sequence
from dataclasses import replace

from aimodels.errors import DeadlineExceeded, JobFailed
from bot.background import BackgroundTasks
from bot.calls.api_job import ApiJob, events_with_jobs
from bot.calls.guarded_api import GuardedApi
from bot.commands import Registry
from bot.models import MEDIA_KINDS, Job, Outcome, Usage
from bot.pipeline.jobs import OutcomeBuilder
from bot.pipeline.retries import Failure
from bot.policy import Quotas
from bot.ports import Journal, KeyValues, UsageLedger
from bot.scoped_settings.effective import ScopedSettings
from bot.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class CallAccounting:
    """Counts what calls used whose answers did not come, and ends the API's jobs behind them."""

    registry: Registry
    scoped: ScopedSettings
    quotas: Quotas
    ledger: UsageLedger
    journal: Journal
    values: KeyValues
    api: GuardedApi
    background: BackgroundTasks  #: tasks that nobody waits for

    async def end_call(self, outcome: Outcome, job: Job, builder: OutcomeBuilder) -> Outcome:
        """Return the outcome with the end of the event's open call. Raises `StoreError`."""
        if builder.entries is None or (builder.entries.expected is None and builder.entries.unreserved is None):
            return outcome
        if not outcome.usage and builder.is_posted:  # an answer of no use is paid for all the same
            outcome = replace(outcome, usage=await self.estimate_usage(job, builder))
        return await builder.entries.end(outcome)

    async def count_failed_try(self, error: Failure, job: Job, builder: OutcomeBuilder) -> None:
        """Count the call of a try that failed, after which there is another. Raises `StoreError`."""
        note_failed_job(error, builder)
        if builder.has_api_job:
            return
        usage = await self.unanswered_usage(error, job, builder)
        if usage:
            await self.ledger.add_usage(job, usage, is_reserved=not is_unreserved(builder))
            builder.is_posted = False  # it is counted
        elif builder.entries is not None and builder.entries.is_refused:
            await self.ledger.return_call(job)
        elif (builder.entries is None or is_unreserved(builder)) and not builder.is_posted:
            await self.ledger.return_call(job, unreserved=self._any_call(job))

    async def settle_lost(self, job: Job) -> None:
        """Count the call that a process which died may have left. Raises `StoreError`."""
        await self.ledger.settle_lost_calls(job, unreserved=self._any_call(job))

    def may_be_billed(self, job: Job, builder: OutcomeBuilder) -> bool:
        """Return whether another try may be billed anew: the API got a request for media, and made no job of it."""
        command = self.registry.find(job.event.command)
        is_lost = builder.has_lost or (builder.is_posted and not builder.has_api_job)
        return is_lost and command is not None and command.spec.kind in MEDIA_KINDS

    async def unanswered_usage(self, error: Failure, job: Job, builder: OutcomeBuilder) -> tuple[Usage, ...]:
        """Return the estimated usage of a request that the API accepted and did not answer in time."""
        return await self.estimate_usage(job, builder) if isinstance(error, DeadlineExceeded) else ()

    def end_api_job(self, builder: OutcomeBuilder) -> None:
        """End the API's job behind a command that was cancelled, where the API can do that."""
        if builder.api_job is not None:
            builder.api_job.cancel(self.api)

    async def unanswered_api_jobs(self, adapter: str, conversation: str) -> Sequence[Job]:
        """Return the unanswered events of a conversation for which the API has a job. Raises `StoreError`."""
        events = await events_with_jobs(self.values, adapter, conversation)
        jobs = [await self.journal.job(adapter, event) for event in events]
        return [job for job in jobs if job is not None and job.answer is None]

    async def settle_api_job(self, job: Job) -> None:
        """Count and end the API's job of an event that was given up between two tries. Raises `StoreError`."""
        api_job = ApiJob(self.values, job.event, self.background)
        if not await api_job.find():
            return
        builder = OutcomeBuilder(api_job=api_job)
        await self.ledger.add_usage(job, await self.estimate_usage(job, builder))
        self.end_api_job(builder)
        await api_job.forget()

    async def estimate_usage(self, job: Job, builder: OutcomeBuilder) -> tuple[Usage, ...]:
        """Return what an ended command used: a request that was posted counts although its answer is not awaited."""
        command = self.registry.find(job.event.command)
        is_pending = builder.is_posted or builder.has_api_job
        if not is_pending or command is None or command.spec.kind is None:
            return ()
        kind, effective = command.spec.kind, await self.scoped.for_event(job.event)
        asked = builder.api_job.model if builder.api_job is not None else ""
        model = asked or job.event.options.get("model") or effective.model(kind)
        if kind not in MEDIA_KINDS:
            return (Usage(kind=kind, model=model, is_estimate=True),)
        options = {**effective.defaults_of(command.spec), **job.event.options}
        used = self.quotas.prices.given.expected_usage(replace(job.event, options=options), command.spec, kind, model)
        return (self.quotas.prices.pricing(job.event)(replace(used, is_estimate=True)),)

    def _any_call(self, job: Job) -> Usage | None:
        """Return a call of an event for which nothing was reserved; None: it has none such."""
        command = self.registry.find(job.event.command)
        kind = None if command is None else command.spec.kind
        return (
            None if kind is None or kind in MEDIA_KINDS else Usage(kind=kind, model=job.event.options.get("model", ""))
        )


def note_failed_job(error: Failure, builder: OutcomeBuilder) -> None:
    """Give the call back where the API says that its job has failed: it made nothing."""
    if isinstance(error, JobFailed) and builder.entries is not None:
        builder.is_posted = False
        builder.entries.posted(is_pending=False)


def is_unreserved(builder: OutcomeBuilder) -> bool:
    """Return whether the call of a request was made without a reservation in the ledger."""
    return builder.entries is not None and builder.entries.unreserved is not None
