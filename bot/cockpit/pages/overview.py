"""The first page: whether all is well, what waits, how fast it is, and what it costs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import Response

from bot.cockpit.page import Rights, Visit, page
from bot.cockpit.places.settings_place import SettingsPlace
from bot.cockpit.profile import read_spent, read_standings
from bot.cockpit.rendering import window_begin
from bot.limits import Measure, Period
from bot.models import Lane
from bot.ops.status import find_problem
from bot.ops.timing import OpsTiming
from bot.telemetry.figures import read_counts, read_durations
from bot.values import valueclass

_MOST = 20  #: running requests in the list


@valueclass(frozen=True, slots=True, kw_only=True)
class RunningNow:
    """A request that is being answered."""

    seq: int
    command: str
    seconds: int  #: since it was received
    progress: float | None  #: 0 to 1; None: not known


@page("", rights=Rights.ADMINISTRATOR, title="cockpit.menu.overview", order=0)
async def show_overview(visit: Visit) -> Response:
    """Show the page; its parts are refreshed while somebody looks."""
    return visit.render("overview.html", **await read_overview(visit))


@page("/overview/live", rights=Rights.ADMINISTRATOR)
async def stream_overview(visit: Visit) -> Response:
    """Stream the changing parts of the page."""

    async def render() -> Mapping[str, str]:
        values = await read_overview(visit)
        parts = ("verdict", "live")
        return {part: visit.cockpit.render_part(visit, f"overview_{part}.html", **values) for part in parts}

    return visit.cockpit.stream(visit, "overview", render)


async def read_overview(visit: Visit) -> dict[str, Any]:
    """Read the values of the page. Raises `StoreError`."""
    sources = visit.sources
    zone = ZoneInfo(sources.settings.bot_time_zone)
    platforms = {name: look() for name, look in sources.health.items() if name in visit.adapters}
    values: dict[str, Any] = {
        "platforms": platforms,
        "elsewhere": sorted(set(visit.adapters) - sources.health.keys()),  # other processes receive from these
        "today": await read_spent(visit, window_begin(Period.DAY, zone), visit.adapters, workspace=visit.workspace),
        "month": await read_spent(visit, window_begin(Period.MONTH, zone), visit.adapters, workspace=visit.workspace),
    }
    if visit.visitor.is_operator:
        values |= await _read_service(visit)
    who = visit.visitor
    place = SettingsPlace() if who.is_operator else SettingsPlace(adapter=who.adapter, workspace=who.workspace)
    values["budgets"] = await read_standings(visit, place, place.event(visit), measure=Measure.MONEY)
    values["running"] = _read_running(visit)
    return values


def _read_running(visit: Visit) -> Sequence[RunningNow]:
    """Return what this process answers now, of what the visitor may see, the longest first."""
    now = datetime.now(UTC)
    found = [(one.job.event, one) for one in visit.sources.running()]
    seen = [(event, one) for event, one in found if visit.visitor.may_see(event.adapter, event.location.workspace)]
    seen.sort(key=lambda pair: pair[0].received_at)
    return [
        RunningNow(
            seq=one.job.seq,
            command=event.command,
            seconds=round((now - event.received_at).total_seconds()),
            progress=one.progress,
        )
        for event, one in seen[:_MOST]
    ]


async def _read_service(visit: Visit) -> dict[str, Any]:
    sources = visit.sources
    counts = await sources.queue.counts()
    api, registry = sources.rate_limiter, sources.metrics.registry
    return {
        "database_problem": await find_problem(sources.maintenance.check, OpsTiming().database_check),
        "api_problem": sources.metrics.api_problem(),
        "api": {"limit": api.limit, "remaining": api.remaining, "waiting": api.waiting},
        "processes": [asdict(one) for one in await sources.processes.processes()],
        "circuits": sources.circuits(),
        "queue": counts,
        "lanes": {lane.value: int(counts.get(f"waiting_{lane}", 0)) for lane in Lane},
        "first_sign": read_durations(registry, "bot_first_sign_seconds"),
        "answer": read_durations(registry, "bot_answer_seconds"),
        "outcomes": read_counts(registry, "bot_events", "outcome"),
        "retries": sum(read_counts(registry, "bot_retries", "command").values()),
    }
