"""The commit of an outcome, which waits for the database: the answer has been paid for. And the end of a job."""

import asyncio
from dataclasses import replace

import structlog

from bot.errors import MediaUnavailable, StoreError, StoreUnavailable
from bot.media.spool import Spool
from bot.models import Answer, Job, Outcome
from bot.pipeline.error_messages import failure_outcome
from bot.pipeline.timing import PipelineTiming
from bot.ports import EventQueue, Journal
from bot.spending.prices import PriceBook
from bot.telemetry.metrics import Metrics
from bot.telemetry.tracing import span

log = structlog.get_logger(__name__)


async def commit(
    queue: EventQueue,
    journal: Journal,
    job: Job,
    outcome: Outcome,
    *,
    prices: PriceBook,
    metrics: Metrics,
    timing: PipelineTiming,
) -> Answer:
    """Commit; wait while the database is locked or full. Return the answer, which may be that of an earlier try.

    Where the command has put a value of another type into its answer, it becomes a sentence, as after a crash.
    """
    pause, is_failure = timing.shortest_pause, False
    while True:
        try:
            with span("commit"):
                is_new = await queue.commit(job, outcome)
        except StoreUnavailable as exc:
            log.error("commit waits", reason=str(exc), seconds=pause)  # noqa: TRY400 - a traceback adds nothing
            await asyncio.sleep(pause)
            pause = min(pause * 2, timing.longest_pause)
            continue
        except TypeError as exc:
            if is_failure:
                raise
            log.exception("command crashed")
            outcome, is_failure = replace(failure_outcome(exc, job, outcome.usage), call=outcome.call), True
            continue
        if is_new:
            metrics.used(outcome.usage)
            if not job.event.has_own_api:  # its prices are another API's
                await prices.learn(outcome.usage)
            return outcome.answer
        committed = await journal.job(job.event.adapter, job.event.id)
        return committed.answer if committed is not None and committed.answer is not None else outcome.answer


async def complete(queue: EventQueue, spool: Spool, job: Job, answer: Answer, *, ref: str | None = None) -> None:
    """Complete a job; erase its files and its answer where its author was forgotten meanwhile."""
    await queue.complete(job, ref=ref)
    if answer.media:
        try:
            await spool.remove(await queue.erase_forgotten(job))
        except (StoreError, MediaUnavailable, OSError) as exc:  # the answer was shown: it is not to be shown again
            log.error("files of a forgotten person stay until they are too old", reason=str(exc))  # noqa: TRY400
