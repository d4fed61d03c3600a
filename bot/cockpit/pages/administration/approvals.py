"""The requests that wait for an approver, and the decision on one."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from bot.approvals.pending import PendingApproval
from bot.cockpit.page import Rights, Visit, act, page
from bot.cockpit.places.names import read_places
from bot.cockpit.rendering import plain_text
from bot.errors import UsageError
from bot.models import Actor, Event, Job
from bot.sign_in.links import ROOT
from bot.spending.money import money
from bot.values import valueclass

_MOST = 100  #: requests on the page
_LONGEST_REASON = 500  #: characters
_CHOICES = ("approve", "decline")


@valueclass(frozen=True, slots=True, kw_only=True)
class ShownRequest:
    """A request that waits."""

    pending: PendingApproval
    job: Job
    price: str
    until: datetime
    problems: Mapping[str, str]  #: why the visitor may not decide so, by choice; "": they may


@page("/approvals", rights=Rights.ADMINISTRATOR, title="cockpit.menu.approvals", order=55)
async def show_approvals(visit: Visit) -> Response:
    """List what waits for a decision, of the workspaces that the visitor may see."""
    return await _show(visit)


@act("/approvals", rights=Rights.ADMINISTRATOR)
async def decide(visit: Visit) -> Response:
    """Approve or decline a request, as a button of the platform does."""
    form, approvals = visit.form, visit.sources.approvals
    pending = await approvals.pending.find(form.get("adapter", ""), form.get("event", ""))
    job = None if pending is None else await visit.sources.journal.job(pending.adapter, pending.event)
    choice = form.get("act", "")
    if pending is None or not visit.visitor.may_see(pending.adapter, pending.workspace):
        return visit.not_found("cockpit.approvals.gone")
    if job is None or choice not in _CHOICES or pending.adapter not in visit.sources.adapters:
        return await _show(visit, problem=visit.translate("cockpit.approvals.not_here"))
    try:
        await approvals.decide(_press(visit, pending, job, choice, digest=form.get("digest", "")))
    except UsageError as exc:
        return await _show(visit, problem=plain_text(str(exc)))
    return RedirectResponse(f"{ROOT}/approvals?{urlencode({'decided': choice})}", status_code=303)


async def _show(visit: Visit, *, problem: str = "") -> Response:
    approvals = visit.sources.approvals
    shown: list[ShownRequest] = []
    for pending in await approvals.pending.all():
        if not visit.visitor.may_see(pending.adapter, pending.workspace) or len(shown) == _MOST:
            continue
        job = await visit.sources.journal.job(pending.adapter, pending.event)
        if job is None:
            continue
        is_here = pending.adapter in visit.sources.health
        elsewhere = "" if is_here else visit.translate("cockpit.approvals.not_here")
        problems = {
            choice: elsewhere or await approvals.problem_of(_press(visit, pending, job, choice), job, choice)
            for choice in _CHOICES
        }
        shown.append(
            ShownRequest(
                pending=pending,
                job=job,
                price=money(pending.price),
                until=datetime.fromtimestamp(pending.until, UTC),
                problems=problems,
            )
        )
    decided = visit.request.query_params.get("decided", "")
    return visit.render(
        "approvals.html",
        status=400 if problem else 200,
        requests=shown,
        places=await read_places(
            visit,
            [(one.adapter, one.location.workspace, one.location.channel) for one in (each.job.event for each in shown)],
        ),
        has_texts=visit.sources.settings.bot_cockpit_texts,
        decided=decided if decided in _CHOICES else "",
        problem=problem,
    )


def _press(visit: Visit, pending: PendingApproval, job: Job, choice: str, *, digest: str = "") -> Event:
    """Return the press of a button by the visitor. The same press has the same id, so that it can be repeated."""
    who = visit.visitor
    is_of_platform = who.adapter == pending.adapter and bool(who.actor)
    actor = Actor(
        id=who.actor if is_of_platform else Rights.OPERATOR.value,
        name=who.name,
        locale=visit.locale,
        is_admin=not who.is_operator,
        is_operator=who.is_operator,
    )
    reason = " ".join(visit.form.get("reason", "").split())[:_LONGEST_REASON]
    options = {"event": pending.event, "stage": "approval", "digest": digest, "choice": choice}
    return Event(
        id=f"cockpit/{pending.digest}/{choice}/{actor.id}",
        adapter=pending.adapter,
        conversation=job.event.conversation,
        actor=actor,
        location=job.event.location,
        options={**options, "reason": reason} if reason else options,
        received_at=datetime.now(UTC),
    )
