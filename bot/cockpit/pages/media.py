"""The gallery of generated files: who made each, where and how, and a way to delete it."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from starlette.responses import RedirectResponse, Response

from bot.cockpit.page import Rights, Visit, act, page, read_number
from bot.cockpit.pages.requests import find_job, visible
from bot.cockpit.places.names import ShownPlaces, read_places_of
from bot.errors import MediaUnavailable
from bot.models import Job, Media
from bot.ops.file_response import file_response, unavailable
from bot.ports import CallRow, RequestFilter, RequestRow
from bot.sign_in.links import ROOT
from bot.values import valueclass

_PAGE = 30
#: Files that a browser shows in a page. Others are downloaded: a page of somebody else's making is never opened here.
_SHOWN = ("image/png", "image/jpeg", "image/webp", "image/gif", "audio/mpeg", "audio/wav", "audio/ogg", "video/mp4")


@valueclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One file of the gallery, with its request."""

    row: RequestRow
    media: Media
    number: int  #: place in the answer
    prompt: str
    models: Sequence[str]  #: that were asked for the answer; none while people vote on it
    cost: float | None  #: of the whole answer; None: not known
    is_hidden: bool  #: made in private, and the operator does not show texts


@page("/media", rights=Rights.ADMINISTRATOR, title="cockpit.menu.media", order=15)
async def show_media(visit: Visit) -> Response:
    """Show the newest files."""
    before = visit.request.query_params.get("before", "")
    which = visible(visit, RequestFilter(has_files=True, before=read_number(before)))
    rows = await visit.sources.request_log.list_requests(which, limit=_PAGE)
    places = await read_places_of(visit, rows)
    pieces: list[Piece] = []
    for row in rows:
        job = await visit.sources.journal.job(row.adapter, row.id)
        if job is not None:
            calls = await visit.sources.request_log.calls_of(row.adapter, row.id)
            is_blind = await visit.sources.composites.duels.is_blind(job.event)
            pieces += _pieces(visit, row, job, places, calls, is_blind=is_blind)
    older = rows[-1].seq if len(rows) == _PAGE else None
    return visit.render("media.html", pieces=pieces, older=older, places=places)


@page("/media/{seq}/{number}", rights=Rights.ADMINISTRATOR)
async def show_file(visit: Visit) -> Response:
    """Return a file that the visitor may see."""
    row, job = await find_job(visit, visit.request.path_params["seq"])
    pieces = [] if row is None or job is None else _pieces(visit, row, job, await read_places_of(visit, [row]))
    number = read_number(visit.request.path_params["number"])
    piece = next((one for one in pieces if one.number == number and not one.is_hidden), None)
    try:
        file = None if piece is None else await visit.sources.spool.find(piece.media)
    except MediaUnavailable:
        return unavailable()
    if piece is None or file is None:
        return visit.not_found("cockpit.media.gone")
    is_shown = piece.media.content_type in _SHOWN
    media_type = piece.media.content_type if is_shown else "application/octet-stream"
    return file_response(visit.request, file, media_type=media_type, name=piece.media.name, is_shown=is_shown)


@act("/media/delete", rights=Rights.ADMINISTRATOR)
async def delete_media(visit: Visit) -> Response:
    """Remove an answer with its files from the channel and the disk."""
    row, job = await find_job(visit, visit.form.get("request", ""))
    if row is not None and job is not None:
        await _remove(visit, row, job)
    return RedirectResponse(f"{ROOT}/media", status_code=303)


async def _remove(visit: Visit, row: RequestRow, job: Job) -> None:
    sources = visit.sources
    cancel = partial(sources.cancel, row.adapter, by=job.event.actor)
    removed = await sources.composites.remove(job, cancel)
    if removed is not None:
        await sources.spool.remove(removed)
        await visit.audit("media.delete", adapter=row.adapter, workspace=row.workspace, subject=row.id)


def _pieces(
    visit: Visit,
    row: RequestRow,
    job: Job,
    places: ShownPlaces,
    calls: Sequence[CallRow] = (),
    *,
    is_blind: bool = False,
) -> list[Piece]:
    """Return the files of an answer. `is_blind`: people still vote on them, so that nothing names the model."""
    has_texts = visit.sources.settings.bot_cockpit_texts
    used = [call for call in calls if call.state == "settled"]
    costs = [call.cost for call in used if call.cost is not None]
    is_private = visit.is_private(job.event) or (job.answer is not None and job.answer.private)
    is_private |= places.is_private(row.adapter, row.workspace, row.channel)
    return [
        Piece(
            row=row,
            media=media if has_texts and not is_blind else replace(media, name="", description=""),
            number=number,
            prompt=job.event.prompt if has_texts else "",
            models=[] if is_blind else list(dict.fromkeys(call.model for call in used)),
            cost=sum(costs) if costs else None,
            is_hidden=is_private and not has_texts,
        )
        for number, media in enumerate(job.answer.media if job.answer is not None else ())
    ]
