"""The platforms: their state, the findings of a check, and how the service is registered with each."""

import asyncio
from collections.abc import Sequence

from starlette.responses import Response

from bot.cockpit.page import Rights, Visit, act, page
from bot.errors import SettingsError
from bot.models import CheckResult
from bot.ops.check import check_running
from bot.platforms import find_platforms, write_manifest

_LONGEST = 60.0  #: seconds of a check


@page("/platforms", rights=Rights.OPERATOR, title="cockpit.menu.platforms", order=80)
async def show_platforms(visit: Visit) -> Response:
    """List the platforms, with a button that checks them."""
    return _show(visit)


@act("/platforms", rights=Rights.OPERATOR)
async def check_platforms(visit: Visit) -> Response:
    """Check settings, API and platforms, and show what was found."""
    try:
        async with asyncio.timeout(_LONGEST):
            return _show(visit, results=await check_running(visit.sources.settings, visit.sources.adapters))
    except TimeoutError:
        return _show(visit, problem=visit.translate("cockpit.platforms.slow"))


@page("/platforms/{name}", rights=Rights.OPERATOR)
async def show_manifest(visit: Visit) -> Response:
    """Show what the operator registers the service with at a platform: its manifest, or link and commands."""
    name, url = visit.request.path_params["name"], _url(visit)
    is_called = bool(url) and visit.request.query_params.get("by") == "http"
    try:
        text = write_manifest(visit.sources.settings, name, url=url if is_called else None)
    except SettingsError as exc:
        return visit.render("nothing.html", status=404, text=str(exc).replace("`", ""))
    return visit.render("manifest.html", name=name, text=text, url=url, is_called=is_called)


def _url(visit: Visit) -> str:
    """Return the address at which platforms can call the service; "" without one."""
    url = str(visit.sources.settings.bot_public_url or "").rstrip("/")
    return url if url.startswith("https://") else ""


def _show(visit: Visit, *, results: Sequence[CheckResult] | None = None, problem: str = "") -> Response:
    health = {name: read() for name, read in visit.sources.health.items()}
    return visit.render(
        "platforms.html",
        health=health,
        elsewhere=visit.sources.adapters.keys() - health.keys(),  # this process does not receive
        manifests=sorted(name for name, found in find_platforms().items() if found.manifest is not None),
        results=results,
        problem=problem,
    )
