"""The log lines of a request, and the one at its end: what it took, never what was said."""

import structlog

from bot.models import Answer, Job
from bot.ops.metrics import Metrics, age_of, outcome_of
from bot.ops.tracing import Tracing, current
from bot.pipeline.jobs import RunningJob

log = structlog.get_logger(__name__)


def begin_request(job: Job, tracing: Tracing | None) -> None:
    """Let what this task logs name its event; begin the trace."""
    event = job.event
    structlog.contextvars.bind_contextvars(
        event_id=event.id, adapter=event.adapter, command=event.command, attempt=job.attempt
    )
    if tracing is not None:
        tracing.begin(job)


def end_request(metrics: Metrics, running: RunningJob, answer: Answer, *, is_shown: bool) -> None:
    """Count and log the end of a request. Of an answer that another process committed, the usage is not known.

    `is_shown`: False for an answer that its platform refused. An answer that was taken back later is no end.
    """
    event, usage = running.job.event, running.usage
    if not is_shown:
        metrics.undelivered(event)
    elif running.answer is None and answer.is_empty and not answer.ending:
        return
    else:
        metrics.answered(event, answer)
    outcome = outcome_of(answer) if is_shown else "undelivered"
    models = sorted({one.model for one in usage})
    figures = {
        "prompt_tokens": sum(one.prompt_tokens for one in usage),
        "completion_tokens": sum(one.completion_tokens for one in usage),
        "cost": round(sum(one.cost for one in usage), 6),
        "files": len(answer.media),
    }
    write = log.info if is_shown else log.warning
    write("request ended", outcome=outcome, seconds=round(age_of(event), 3), models=models, **figures)
    for trace in current.get():
        trace.end(outcome, {"models": ", ".join(models), **figures})
