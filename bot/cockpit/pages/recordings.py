"""The recording of a request, and who may have it."""

import structlog

from bot.cockpit.page import Visit
from bot.models import Job
from bot.ports import RequestRow
from bot.recorder.recordings import Recording

log = structlog.get_logger(__name__)


async def find_recording(visit: Visit, row: RequestRow) -> Recording | None:
    """Return what the flight recorder has of a request; None: nothing, or it is off."""
    recorder = visit.sources.recorder
    try:
        return None if recorder is None else await recorder.find(row.id, since=row.received_at.timestamp())
    except OSError as exc:
        log.warning("recording not read", reason=str(exc))
        return None


def may_export(visit: Visit, job: Job, recording: Recording) -> bool:
    """Whether the visitor may have the file: with texts only where pages show them, too.

    Private requests, also scheduled ones, are for the person and the operator alone.
    """
    if visit.visitor.is_operator or not recording.has_texts:
        return True
    answer = job.answer
    is_private = visit.is_private(job.event) or answer is None or answer.private
    return visit.sources.settings.bot_cockpit_texts and (not is_private or job.event.actor.id == visit.visitor.actor)
