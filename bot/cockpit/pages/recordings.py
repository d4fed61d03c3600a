"""The recording of a request as a file."""

import json

import structlog
from starlette.responses import Response

from bot.cockpit.page import Rights, Visit, page, read_number
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


def may_export(visit: Visit, job: Job) -> bool:
    """Whether the visitor may have the file: with texts only where pages show them, too.

    What was said in private, or will be, is nobody's but the person's own and the operator's.
    """
    settings, answer = visit.sources.settings, job.answer
    if visit.visitor.is_operator or settings.bot_recorder != "full":
        return True
    is_private = job.event.location.is_private or answer is None or answer.private
    return settings.bot_cockpit_texts and (not is_private or job.event.actor.id == visit.visitor.actor)


@page("/requests/{seq}/recording", rights=Rights.ADMINISTRATOR)
async def export_recording(visit: Visit) -> Response:
    """Return the file of one request."""
    from bot.cockpit.pages.requests import find_request

    row = await find_request(visit, read_number(visit.request.path_params["seq"]))
    job = None if row is None else await visit.sources.journal.job(row.adapter, row.id)
    if row is None or job is None:
        return visit.not_found("cockpit.requests.unknown")
    recording = await find_recording(visit, row)
    if recording is None or not may_export(visit, job):
        return visit.not_found("cockpit.requests.no_recording")
    await visit.audit("request.exported", adapter=row.adapter, workspace=row.workspace, subject=row.id)
    text = json.dumps(recording.to_json(visit.sources.settings), ensure_ascii=False, indent=1)
    headers = {"Content-Disposition": f'attachment; filename="request-{row.seq}.json"'}
    return Response(text, media_type="application/json", headers=headers)
