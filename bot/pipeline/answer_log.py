"""The log lines of a request, and the one at its end: what it took, never what was said."""

import structlog

from bot.models import Answer, Job
from bot.pipeline.jobs import RunningJob
from bot.telemetry.logs import bind_context
from bot.telemetry.metrics import Metrics, age_of, outcome_of
from bot.telemetry.tracing import Tracing, current

log = structlog.get_logger(__name__)


def begin_request(job: Job, tracing: Tracing | None) -> None:
    """Let what this task logs name its event; begin the trace."""
    event = job.event
    bind_context(event_id=event.id, adapter=event.adapter, command=event.command, attempt=job.attempt)
    if tracing is not None:
        tracing.begin(job)


def end_request(metrics: Metrics, running: RunningJob, answer: Answer, *, is_shown: bool) -> None:
    """Count and log the end of a request. Of an answer that another process committed, the usage is not known.

    `is_shown`: False for an answer that its platform refused. An answer that was taken back later is no end.
    """
    event, seconds = running.job.event, age_of(running.job.event)
    if not is_shown:
        metrics.undelivered(event)
    elif running.answer is None and answer.is_empty and not answer.ending:
        return
    else:
        metrics.answered(event, answer, seconds)
    outcome = outcome_of(answer) if is_shown else "undelivered"
    models: list[str] = []
    prompt_tokens, completion_tokens, cost = 0, 0, 0.0
    for one in running.usage:
        if one.model not in models:
            models.append(one.model)
        prompt_tokens += one.prompt_tokens
        completion_tokens += one.completion_tokens
        cost += one.cost
    models.sort()
    figures = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "cost": round(cost, 6),
        "files": len(answer.media),
    }
    write = log.info if is_shown else log.warning
    write("request ended", outcome=outcome, seconds=round(seconds, 3), models=models, **figures)
    for trace in current.get():
        trace.end(outcome, {"models": ", ".join(models), **figures, **(_facts(answer) if answer.media else {})})


def _facts(answer: Answer) -> dict[str, str]:
    """Return type, size and length of the files that the API made, as far as they are known."""
    made = [one for one in answer.media if one.origin is not None]
    facts = [f"{one.content_type} {one.width or 0}x{one.height or 0} {one.duration or 0:g}" for one in made]
    return {"made": ", ".join(facts)} if facts else {}
