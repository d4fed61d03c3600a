"""The people who are signed in, and signing out."""

from starlette.responses import RedirectResponse, Response

from bot.cockpit.links import ROOT
from bot.cockpit.page import Rights, Visit, act, page


@page("/sessions", rights=Rights.ADMINISTRATOR, title="cockpit.menu.sessions", order=90)
async def show_sessions(visit: Visit) -> Response:
    """List the sessions: the operator sees all, an administrator those of the workspace."""
    found = [
        session
        for session in await visit.cockpit.sessions.all()
        if visit.visitor.is_operator
        or (
            not session.visitor.is_operator
            and visit.visitor.may_see(session.visitor.adapter, session.visitor.workspace)
        )
    ]
    return visit.render("sessions.html", sessions=found, own=visit.session.key)


@act("/sessions/end", rights=Rights.ADMINISTRATOR)
async def end_session(visit: Visit) -> Response:
    """End a session that the visitor sees; the own one is signing out."""
    key = visit.form.get("session", "")
    for session in await visit.cockpit.sessions.all():
        who = session.visitor
        is_visible = visit.visitor.is_operator or (
            not who.is_operator and visit.visitor.may_see(who.adapter, who.workspace)
        )
        if session.key == key and is_visible:
            await visit.cockpit.sessions.end(key)
            await visit.audit("cockpit.end_session", adapter=who.adapter, workspace=who.workspace, subject=who.actor)
    if key == visit.session.key:
        return visit.render("message.html", text=visit.translate("cockpit.signed_out_now"))
    return RedirectResponse(f"{ROOT}/sessions", status_code=303)
