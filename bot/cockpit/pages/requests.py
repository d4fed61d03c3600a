"""The requests: a list that moves, one request with its calls and files, and what can be done with them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.responses import RedirectResponse, Response

from bot.cockpit.page import Rights, Visit, act, page, read_number
from bot.cockpit.pages.recordings import find_recording, may_export
from bot.cockpit.places.names import find_ids, find_people, read_places_of
from bot.cockpit.request_acts import ACTS, acts_for, read_request, run_act, states_of
from bot.models import Job, Lane
from bot.ports import RequestFilter, RequestRow
from bot.recorder.timeline import build_timeline
from bot.sign_in.links import ROOT

#: Requests on one page.
_PAGE = 50
_FILTERS = ("adapter", "workspace", "channel", "actor", "command", "lane")
_KEPT = (*_FILTERS, "state", "before")
_STATES: Mapping[str, bool | None] = {"open": True, "done": False}


@page("/requests", rights=Rights.ADMINISTRATOR, title="cockpit.menu.requests", order=10)
async def show_requests(visit: Visit) -> Response:
    """List the newest requests that the visitor may see, by the filters of the address."""
    values = await _read(visit, await _read_filter(visit, _given(visit)))
    known = [spec.name for spec in visit.sources.registry.specs]
    return visit.render(
        "requests.html", **values, commands=known, platforms=list(visit.sources.adapters), lanes=list(Lane)
    )


@page("/requests/live", rights=Rights.ADMINISTRATOR)
async def stream_requests(visit: Visit) -> Response:
    """Stream the list."""
    which = await _read_filter(visit, _given(visit))

    async def render() -> Mapping[str, str]:
        return {"requests": visit.cockpit.render_part(visit, "requests_rows.html", **await _read(visit, which))}

    return visit.cockpit.stream(visit, "requests", render)


@page("/requests/{seq}", rights=Rights.ADMINISTRATOR)
async def show_request(visit: Visit) -> Response:
    """Show one request."""
    row, job = await find_job(visit, visit.request.path_params["seq"])
    if row is None or job is None:
        return visit.not_found("cockpit.requests.unknown")
    calls = await visit.sources.request_log.calls_of(row.adapter, row.id)
    recording = await find_recording(visit, row)
    is_blind = await visit.sources.composites.duels.is_blind(job.event)
    states = await states_of(visit, [row])
    return visit.render(
        "request.html",
        row=row,
        job=job,
        places=await read_places_of(visit, [row]),
        is_blind=is_blind,
        calls=calls,
        steps=build_timeline(row, calls, recording),
        is_recorded=visit.sources.recorder is not None,
        can_export=recording is not None and not is_blind and may_export(visit, job, recording),
        has_texts=visit.sources.settings.bot_cockpit_texts,
        states=states,
        acts=acts_for(visit, row, job, states[row.seq]),
        **_read_act(visit),
        words={name: text for name, text in _words(visit, job).items() if name == "prompt" or not is_blind},
    )


@page("/requests/{seq}/recording", rights=Rights.ADMINISTRATOR)
async def export_recording(visit: Visit) -> Response:
    """Return the file of one request."""
    row, job = await find_job(visit, visit.request.path_params["seq"])
    if row is None or job is None:
        return visit.not_found("cockpit.requests.unknown")
    recording = await find_recording(visit, row)
    is_blind = await visit.sources.composites.duels.is_blind(job.event)
    if recording is None or is_blind or not may_export(visit, job, recording):
        return visit.not_found("cockpit.requests.no_recording")
    if recording.has_texts and not visit.visitor.is_operator:  # the request whose button was pressed may be another's
        recording = replace(recording, before=None)
    await visit.audit("request.exported", adapter=row.adapter, workspace=row.workspace, subject=row.id)
    text = json.dumps(recording.to_json(visit.sources.settings), ensure_ascii=False, indent=1)
    headers = {"Content-Disposition": f'attachment; filename="request-{row.seq}.json"'}
    return Response(text, media_type="application/json", headers=headers)


@act("/requests/act", rights=Rights.ADMINISTRATOR)
async def act_on_requests(visit: Visit) -> Response:
    """Cancel, try again, answer anew or drop the chosen requests, of those that the visitor may see."""
    name = visit.form.get("act", "")
    chosen = dict.fromkeys(visit.chosen("request")[:_PAGE])
    # All are read before the first is changed: one act may let others go on.
    rows = [await find_request(visit, read_number(seq)) for seq in chosen]
    done = 0
    for row in rows:
        if row is not None and name in ACTS and await run_act(visit, name, row):
            done += 1
    back = visit.form.get("back", "")
    to = f"{ROOT}/requests/{back}" if read_number(back) is not None else f"{ROOT}/requests"
    filters = {key: value for key, value in parse_qsl(visit.form.get("filters", "")) if key in _KEPT}
    query = urlencode({**filters, "done": done, "act": name if name in ACTS else ""})
    return RedirectResponse(f"{to}?{query}", status_code=303)


async def find_request(visit: Visit, seq: int | None) -> RequestRow | None:
    """Return a request that the visitor may see; None: there is none, or it is another's."""
    if seq is None:
        return None
    row = await read_request(visit, seq)
    return row if row is not None and visit.visitor.may_see(row.adapter, row.workspace) else None


async def find_job(visit: Visit, seq: str) -> tuple[RequestRow | None, Job | None]:
    """Return a request that the visitor may see, by its number as an address has it, and its event with its answer."""
    row = await find_request(visit, read_number(seq))
    return row, None if row is None else await visit.sources.journal.job(row.adapter, row.id)


async def list_requests(visit: Visit, given: Mapping[str, str]) -> Sequence[RequestRow]:
    """Return the requests that the visitor may see, by filters as an address has them. Raises `StoreError`."""
    return await visit.sources.request_log.list_requests(await _read_filter(visit, given), limit=_PAGE)


async def _read_filter(visit: Visit, given: Mapping[str, str]) -> RequestFilter:
    """Return the filters of an address, which have names or ids, without what the visitor may not see."""
    adapter = given.get("adapter", "")
    which = RequestFilter(
        adapter=adapter,
        workspaces=await find_ids(visit, given.get("workspace", ""), adapter=adapter, is_channel=False),
        channels=await find_ids(visit, given.get("channel", ""), adapter=adapter, is_channel=True),
        actors=await find_people(visit, given.get("actor", ""), adapter=adapter),
        command=given.get("command", ""),
        lane=next((lane for lane in Lane if lane == given.get("lane")), None),
        is_open=_STATES.get(given.get("state", "")),
        before=read_number(given.get("before", "")),
    )
    return visible(visit, which)


def visible(visit: Visit, which: RequestFilter) -> RequestFilter:
    """Return the filter with what the visitor may not see left out."""
    who = visit.visitor
    return which if who.is_operator else replace(which, adapter=who.adapter, workspaces=[who.workspace])


def _given(visit: Visit) -> dict[str, str]:
    """Return the filters as the address has them."""
    return {name: visit.request.query_params.get(name, "").strip() for name in _KEPT}


async def _read(visit: Visit, which: RequestFilter) -> dict[str, Any]:
    act, filters = _read_act(visit), _given(visit)
    rows = await visit.sources.request_log.list_requests(which, limit=_PAGE)
    here = {name: value for name, value in filters.items() if value}
    lasting = {name: value for name, value in here.items() if name != "before"}
    older = urlencode({**lasting, "before": rows[-1].seq}) if len(rows) == _PAGE else ""
    places = await read_places_of(visit, rows)
    shown = {"rows": rows, "states": await states_of(visit, rows), "given": filters | act["given"], "places": places}
    return {**act, **shown, "query": urlencode(lasting), "here": urlencode(here), "older": older}


def _read_act(visit: Visit) -> dict[str, Any]:
    """Return what an address says of an act that was done: its name, and with how many requests."""
    name, done = (visit.request.query_params.get(key, "") for key in ("act", "done"))
    return {"acted": name if name in ACTS else "", "given": {"done": done}}


def _words(visit: Visit, job: Job) -> Mapping[str, str]:
    """Texts of the person and of the answer, by key of the name. Private ones are left out for others."""
    is_theirs = job.answer is not None and job.answer.private and job.event.actor.id != visit.visitor.actor
    answer = "" if job.answer is None or is_theirs else job.answer.text
    found = {"prompt": job.event.prompt, "answer": answer}
    return {name: text for name, text in found.items() if text}
