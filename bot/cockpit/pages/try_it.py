"""Trying the service on the simulated platforms of `make play`, where no AI API is set, and from within `make play`."""

from starlette.responses import RedirectResponse, Response

from bot.cockpit.page import Rights, Visit, act, page
from bot.platforms import find_platforms
from bot.settings.core import Settings
from bot.sign_in.links import ROOT


def is_offered(settings: Settings) -> bool:
    """Whether there is something to try here."""
    return bool(settings.bot_play_url) or settings.needs_sandbox


@page("/try", rights=Rights.OPERATOR, title="cockpit.menu.try", order=85, is_offered=is_offered)
async def show_play(visit: Visit) -> Response:
    """Lead to the pages of the simulated platforms, or say how to start them."""
    return _show(visit)


@act("/try", rights=Rights.OPERATOR, is_offered=is_offered)
async def run_play(visit: Visit) -> Response:
    """Start or stop the pages of the simulated platforms on this machine."""
    play, name = visit.cockpit.play, visit.form.get("act", "")
    if name == "stop":
        play.stop()
    elif not _can_start(visit) or not await play.start():
        return _show(visit, problem=visit.translate("cockpit.try.failed"))
    await visit.audit(f"cockpit.play_{'stopped' if name == 'stop' else 'started'}")
    return RedirectResponse(f"{ROOT}/try", status_code=303)


def _can_start(visit: Visit) -> bool:
    """Whether the pages can be started here: they are for browsers of this machine alone."""
    return visit.cockpit.is_local and visit.cockpit.play.is_installed and not visit.sources.settings.bot_play_url


def _show(visit: Visit, *, problem: str = "") -> Response:
    own = visit.sources.settings.bot_play_url
    return visit.render(
        "try.html",
        status=500 if problem else 200,
        url=(own or visit.cockpit.play.url).rstrip("/"),
        is_own=bool(own),
        can_start=_can_start(visit),
        names=sorted(name for name, found in find_platforms().items() if found.manifest is not None),
        problem=problem,
    )
