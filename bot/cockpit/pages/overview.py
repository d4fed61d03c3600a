"""The first page: whether all is well, what waits, how fast it is, and what it costs."""

from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import Response

from bot.cockpit.page import Rights, Visit, page
from bot.cockpit.profile import read_spent
from bot.cockpit.rendering import window_begin
from bot.limits import Period
from bot.models import Lane
from bot.ops.figures import read_counts, read_durations


@page("", rights=Rights.ADMINISTRATOR, title="cockpit.menu.overview", order=0)
async def show_overview(visit: Visit) -> Response:
    """Show the page; its parts are refreshed while somebody looks."""
    return visit.render("overview.html", **await read_overview(visit))


@page("/overview/live", rights=Rights.ADMINISTRATOR)
async def stream_overview(visit: Visit) -> Response:
    """Stream the changing part of the page."""

    async def render() -> str:
        return visit.cockpit.render_part(visit, "overview_live.html", **await read_overview(visit))

    return visit.cockpit.stream(visit, "overview", render)


async def read_overview(visit: Visit) -> dict[str, Any]:
    """Read the values of the page. Raises `StoreError`."""
    sources = visit.sources
    zone = ZoneInfo(sources.settings.bot_time_zone)
    platforms = {name: find_problem() for name, find_problem in sources.health.items() if name in visit.adapters}
    values: dict[str, Any] = {
        "platforms": platforms,
        "today": await read_spent(visit, window_begin(Period.DAY, zone), visit.adapters, workspace=visit.workspace),
        "month": await read_spent(visit, window_begin(Period.MONTH, zone), visit.adapters, workspace=visit.workspace),
    }
    if visit.visitor.is_operator:
        values |= await _read_service(visit)
    return values


async def _read_service(visit: Visit) -> dict[str, Any]:
    sources = visit.sources
    counts = await sources.queue.counts()
    api, registry = sources.rate_limiter, sources.metrics.registry
    return {
        "api_problem": sources.metrics.api_problem(),
        "api": {"limit": api.limit, "remaining": api.remaining, "waiting": api.waiting},
        "circuits": sources.circuits(),
        "queue": counts,
        "lanes": {lane.value: int(counts.get(f"waiting_{lane}", 0)) for lane in Lane},
        "first_sign": read_durations(registry, "bot_first_sign_seconds"),
        "answer": read_durations(registry, "bot_answer_seconds"),
        "outcomes": read_counts(registry, "bot_events", "outcome"),
        "retries": sum(read_counts(registry, "bot_retries", "command").values()),
    }
