"""Retries of requests that failed: when the next try is, and what people see until then and afterwards."""

import math
from datetime import UTC, datetime, timedelta

from aimodels.errors import ApiError, RateLimited
from bot.errors import DeliveryDelayed, DeliveryError, Paused
from bot.i18n import translate
from bot.models import Answer, Job, Status
from bot.pipeline.timing import PipelineTiming
from bot.ports import Journal
from bot.settings.core import Settings
from bot.values import valueclass

#: The end of a try that had no outcome.
Failure = ApiError | Paused


_NONE = Status("")
#: Tries to deliver an answer to a platform that asks to try later; chosen: each waits as long as the platform says.
_DELIVERIES = 20


@valueclass(frozen=True, slots=True)
class Retry:
    """The next try of a request."""

    seconds: float  #: until then
    status: Status = _NONE
    failing_since: datetime | None = None  #: the beginning of the outage that is waited out; None: there is none
    is_counted: bool = True  #: it is one of `BOT_MAX_ATTEMPTS`


class Retries:
    """An outage of the API is waited out for `BOT_PATIENCE` seconds from a request's first failure.

    With 0 a request has `BOT_MAX_ATTEMPTS` tries instead.
    """

    def __init__(self, settings: Settings, timing: PipelineTiming) -> None:
        self._patience = timedelta(seconds=settings.bot_patience)
        self._max_attempts = settings.bot_max_attempts
        self._timing = timing

    def delivery_wait(self, error: Exception, failures: int) -> float:
        """Return the seconds until an answer is tried to be delivered again, after so many failures."""
        wait = self._timing.backoff(failures)
        if isinstance(error, DeliveryDelayed):
            wait = max(wait, self._timing.delayed if error.retry_after is None else error.retry_after)
        return wait

    def max_deliveries(self, error: Exception) -> int:
        """Return how often an answer is tried to be delivered at most, the try that ended with this error included."""
        if isinstance(error, DeliveryDelayed):
            return _DELIVERIES
        # One more than for the command: the error message is delivered, too.
        return 1 if isinstance(error, DeliveryError) else self._max_attempts + 1

    def next_try(self, job: Job, error: Failure, *, is_counted: bool) -> Retry | None:
        """Return the next try after an error that may pass; None: there is none.

        `is_counted`: each try may be billed, so that `BOT_MAX_ATTEMPTS` holds for it in any case.
        """
        if isinstance(error, Paused):
            return Retry(self._timing.pause_check, _paused(job, str(error)), job.failing_since, is_counted=False)
        is_busy = isinstance(error, RateLimited)
        if is_counted or not self._patience:
            if not error.is_retryable or job.attempt >= self._max_attempts:
                return None
            seconds = error.retry_after if isinstance(error, RateLimited) else self._timing.backoff(job.attempt)
            return Retry(seconds, _waiting(job, seconds))
        since, left = self._outage(job)
        elapsed = (self._patience - left).total_seconds()
        wait = error.retry_after if isinstance(error, RateLimited) else self._timing.outage_backoff(elapsed)
        remaining = left.total_seconds()
        if remaining <= 0 or (is_busy and wait > remaining):
            return None
        seconds = max(self._timing.shortest_pause, min(wait, remaining))
        return Retry(seconds, self._outage_status(job, left, is_busy=is_busy), since, is_counted=False)

    def describe_wait(self, job: Job, seconds: float, reason: str) -> Status:
        """Return the status of a wait within a try. In an outage it stays the same: most tries fail again."""
        if job.failing_since is None or reason == "rate_limit":
            return _waiting(job, seconds)
        _, left = self._outage(job)
        return self._outage_status(job, left, is_busy=False)

    def _outage(self, job: Job) -> tuple[datetime, timedelta]:
        """Return the outage's beginning and what is left of the patience. A beginning in the future is now."""
        now = datetime.now(UTC)
        since = min(job.failing_since or now, now)  # the clock may have been set back
        return since, self._patience - (now - since)

    def _outage_status(self, job: Job, left: timedelta, *, is_busy: bool) -> Status:
        minutes = max(1, math.ceil(left.total_seconds() / 60))
        key = "status.busy" if is_busy else "status.outage"
        return Status(translate(key, job.event.actor.locale, minutes=minutes), is_waiting=True)


async def remove_failure(journal: Journal, job: Job, answer: Answer) -> None:
    """Remove the error message that this answer's request was to try again. Safe to repeat. Raises `StoreError`."""
    event = job.event
    if not event.replaces or (answer.private and not answer.is_failure):  # a refusal: the button is still needed
        return
    failed = await journal.job(event.adapter, event.replaces)
    if failed is not None and failed.answer is not None and failed.answer.is_failure:
        await journal.reopen(failed.event, answer=Answer())


def _waiting(job: Job, seconds: float) -> Status:
    return Status(translate("status.waiting", job.event.actor.locale, seconds=max(1, round(seconds))))


def _paused(job: Job, reason: str) -> Status:
    text = translate("status.paused", job.event.actor.locale)
    return Status(f"{text} {reason}".strip(), is_waiting=True)
