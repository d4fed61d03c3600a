"""The log line of an answered event: what it took, never what was said."""

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from bot.models import Answer, Event, Usage

log = structlog.get_logger(__name__)


def log_answered(event: Event, answer: Answer, usage: Sequence[Usage]) -> None:
    """Log that an answer was delivered. `usage`: of this try; none where an earlier one committed the answer."""
    log.info(
        "answered",
        seconds=round(max(0.0, (datetime.now(UTC) - event.received_at).total_seconds()), 3),
        models=sorted({one.model for one in usage}),
        prompt_tokens=sum(one.prompt_tokens for one in usage),
        completion_tokens=sum(one.completion_tokens for one in usage),
        cost=round(sum(one.cost for one in usage), 6),
        files=len(answer.media),
    )
