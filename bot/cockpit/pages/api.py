"""JSON for programs, such as the command line: status, requests, recordings and usage."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from starlette.responses import JSONResponse, Response

from bot.cockpit.page import Rights, Visit, act, page, read_number
from bot.cockpit.pages.overview import read_overview
from bot.cockpit.pages.recordings import find_recording
from bot.cockpit.pages.requests import find_request, list_requests
from bot.cockpit.pages.usage import sums_of, zone_of
from bot.cockpit.places.names import ShownPlaces, read_places_of
from bot.cockpit.request_acts import ACTS, run_act, states_of
from bot.ports import RequestRow
from bot.sign_in.links import UNKNOWN


@page("/api/status", rights=Rights.OPERATOR)
async def status(visit: Visit) -> Response:
    """Return the figures of the overview."""
    return _json(await read_overview(visit))


@page("/api/requests", rights=Rights.OPERATOR)
async def requests(visit: Visit) -> Response:
    """Return the newest requests, by the filters of the address."""
    rows = await list_requests(visit, dict(visit.request.query_params))
    states = await states_of(visit, rows)
    places = await read_places_of(visit, rows)
    return _json([_row(visit, row, states, places) for row in rows])


@page("/api/request", rights=Rights.OPERATOR)
async def request(visit: Visit) -> Response:
    """Return one request with its calls, by its id or number; 404 when there is none."""
    row = await _find(visit, visit.request.query_params.get("event", ""))
    if row is None:
        return _json(UNKNOWN, status=404)
    calls = await visit.sources.request_log.calls_of(row.adapter, row.id)
    states = await states_of(visit, [row])
    found = [{**asdict(call), "at": call.at.astimezone(zone_of(visit))} for call in calls]
    return _json({**_row(visit, row, states, await read_places_of(visit, [row])), "calls": found})


@act("/api/requests/act", rights=Rights.OPERATOR)
async def act_on_request(visit: Visit) -> Response:
    """Do something with one request, by its id or number; 404 when there is none, 409 when it is not possible.

    `retry` answers one that has failed anew.
    """
    name = visit.form.get("act", "")
    row = await _find(visit, visit.form.get("request", ""))
    if row is None or name not in ACTS:
        return _json(UNKNOWN, status=404)
    if name == "retry" and row.state == "failed":  # there is nothing to be waited for any more
        name = "requeue"
    is_done = await run_act(visit, name, row)
    return _json({"request": row.id, "state": row.state, "is_done": is_done}, status=200 if is_done else 409)


@page("/api/recordings", rights=Rights.OPERATOR)
async def recording(visit: Visit) -> Response:
    """Return the recording of one request, by its id or number; 404 when there is none."""
    row = await _find(visit, visit.request.query_params.get("request", ""))
    found = None if row is None else await find_recording(visit, row)
    if row is None or found is None:
        return _json(UNKNOWN, status=404)
    await visit.audit("request.exported", adapter=row.adapter, workspace=row.workspace, subject=row.id)
    return _json(found.to_json(visit.sources.settings))


@page("/api/usage", rights=Rights.OPERATOR)
async def usage(visit: Visit) -> Response:
    """Return usage by day in the service's time zone, kind and model, of `days` days, the newest first."""
    given = visit.request.query_params.get("days", "30")
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for sums in (await sums_of(visit, ("day", "kind", "model"), min(read_number(given) or 30, 3660))).values():
        for one in sums:
            counts = {name: value for name, value in asdict(one).items() if name not in ("fields", "own_cost")}
            before = rows.get(one.fields, {})
            rows[one.fields] = {name: value + before.get(name, 0) for name, value in counts.items()}
    ordered = sorted(rows.items(), key=lambda row: row[0])
    ordered.sort(key=lambda row: row[0][0], reverse=True)
    return _json([{**dict(zip(("day", "kind", "model"), fields, strict=True)), **row} for fields, row in ordered])


def _row(visit: Visit, row: RequestRow, states: Mapping[int, str], places: ShownPlaces) -> dict[str, Any]:
    """Return a request with its times in the service's time zone, and with the names of its place."""
    zone = zone_of(visit)
    found = {
        name: value.astimezone(zone) if isinstance(value, datetime) else value for name, value in asdict(row).items()
    }
    where = row.adapter, row.workspace
    names = {"workspace_name": places.name_of(*where), "channel_name": places.name_of(*where, row.channel)}
    return {**found, **names, "state": states[row.seq]}


async def _find(visit: Visit, wanted: str) -> RequestRow | None:
    """Find a request by its number or id."""
    row = await find_request(visit, read_number(wanted))
    for adapter in visit.adapters if row is None else ():
        job = await visit.sources.journal.job(adapter, wanted)
        row = row or await find_request(visit, None if job is None else job.seq)
    return row


def _json(value: Any, *, status: int = 200) -> Response:
    return _JsonResponse(value, status_code=status)


class _JsonResponse(JSONResponse):
    def render(self, content: Any) -> bytes:
        return super().render(_plain(content))


def _plain(value: Any) -> Any:
    """Convert dates and dataclasses within a value."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return _plain(asdict(value)) if hasattr(value, "__dataclass_fields__") else value
