"""The people who are signed in, and signing out."""

from collections.abc import Sequence

from starlette.responses import RedirectResponse, Response

from bot.cockpit.page import Rights, Visit, act, page
from bot.cockpit.places.names import read_places
from bot.cockpit.sessions import Session
from bot.sign_in.links import ROOT


@page("/sessions", rights=Rights.EVERYBODY, title="cockpit.menu.sessions", order=90)
async def show_sessions(visit: Visit) -> Response:
    """List the sessions: the operator sees all, an administrator those of the workspace, others their own."""
    found = await _visible(visit)
    places = await read_places(visit, [(one.visitor.adapter, one.visitor.workspace, "") for one in found])
    return visit.render("sessions.html", sessions=found, own=visit.session.key, places=places)


@act("/sessions/end", rights=Rights.EVERYBODY)
async def end_session(visit: Visit) -> Response:
    """End a session that the visitor sees; the own one is signing out."""
    key = visit.form.get("session", "")
    for session in await _visible(visit):
        who = session.visitor
        if session.key == key:
            await visit.cockpit.sessions.end(key)
            await visit.audit("cockpit.end_session", adapter=who.adapter, workspace=who.workspace, subject=who.actor)
    if key == visit.session.key:
        return visit.render("message.html", text=visit.translate("cockpit.signed_out_now"))
    return RedirectResponse(f"{ROOT}/sessions", status_code=303)


async def _visible(visit: Visit) -> Sequence[Session]:
    """Return the sessions that the visitor sees; only an operator sees those of operators. Raises `StoreError`."""
    own, found = visit.visitor, await visit.cockpit.sessions.all()
    return [
        session
        for session in found
        if own.is_operator
        or (own.may_see(session.visitor.adapter, session.visitor.workspace) and not session.visitor.is_operator)
        or (session.visitor.adapter, session.visitor.actor) == (own.adapter, own.actor)
    ]
