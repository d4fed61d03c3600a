"""Access in a place: the rules, why somebody may not, and pauses."""

from collections.abc import Mapping
from dataclasses import replace
from typing import get_args
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from bot.cockpit.page import Rights, Visit, act, page
from bot.cockpit.places.settings_place import SettingsPlace, find_place, people_to_offer, read_menu
from bot.cockpit.rendering import plain_text
from bot.commandline.mentions import Mention, Subject, read_mention
from bot.errors import UsageError
from bot.models import Actor, CommandSpec
from bot.policy.explanations import explain_decision
from bot.scoped_settings.access import EVERYTHING, AccessRule, rule_targets
from bot.scoped_settings.changes import change_pause, change_rule, read_target, read_until
from bot.scoped_settings.effective import EffectiveSettings
from bot.scoped_settings.scopes import ADMINISTERED, Scope
from bot.sign_in.links import ROOT

_SUBJECTS: tuple[Subject, ...] = get_args(Subject)
_EMPTY = {"what": EVERYTHING, "rule": "deny", "who": "person", "id": "", "until": ""}
_LONGEST_ID, _LONGEST_REASON = 200, 500  #: characters
_DONE = ("set", "cleared", "paused", "resumed")


@page("/access", rights=Rights.ADMINISTRATOR, title="cockpit.menu.access", order=50)
async def show_access(visit: Visit) -> Response:
    """List the rules that hold in a place; explain a refusal where the address names a person."""
    query = visit.request.query_params
    place = await find_place(visit, query)
    if place is None:
        return visit.not_found("cockpit.settings.no_place")
    return await _show(visit, place, query)


@act("/access", rights=Rights.ADMINISTRATOR)
async def change_access(visit: Visit) -> Response:
    """Set or clear a rule of a place; what is wrong with it is shown with the form."""
    place = await find_place(visit, visit.form)
    if place is None:
        return visit.not_found("cockpit.settings.no_place")
    clears = visit.form.get("act") == "clear"
    try:
        until = None if clears else read_until(visit.form.get("until", ""), visit.locale)
        what = visit.form.get("what", "")
        if not clears:  # one on a command that is gone can be cleared
            what = read_target(what, visit.sources.registry.specs, visit.locale)
        rule = _read_rule(visit, place, what, None if until is None else until.timestamp())
        await change_rule(await place.effective(visit), rule, until, place.audit(visit), is_removed=clears)
    except UsageError as exc:
        return await _show(visit, place, visit.form, problem=plain_text(str(exc)))
    return _back(place, "cleared" if clears else "set")


@act("/access/pause", rights=Rights.ADMINISTRATOR)
async def pause(visit: Visit) -> Response:
    """Pause a place, or end its pause: then what waits is answered."""
    place = await find_place(visit, visit.form)
    if place is None:
        return visit.not_found("cockpit.settings.no_place")
    ends = visit.form.get("act") == "resume"
    reason = " ".join(visit.form.get("reason", "").split())[:_LONGEST_REASON]
    await change_pause(await place.effective(visit), None if ends else reason, place.scope, place.audit(visit))
    if ends:
        await visit.sources.queue.wake()
    return _back(place, "resumed" if ends else "paused")


async def _show(visit: Visit, place: SettingsPlace, given: Mapping[str, str], *, problem: str = "") -> Response:
    who = visit.visitor
    effective = await place.effective(visit)
    of_scope = {scope: reason for scope, reason in effective.paused() if _may_read(visit, scope)}
    rules = effective.access_rules()
    shown = sorted(
        (rule for rule in rules if _may_read(visit, rule.scope)),
        key=lambda rule: (ADMINISTERED.index(rule.scope), rule.what, rule.subject, rule.id),
    )
    environment = visit.sources.policy.environment_rules() if who.is_operator else ()
    done = visit.request.query_params.get("saved", "")
    return visit.render(
        "access.html",
        status=400 if problem else 200,
        place=place,
        menu_of_places=await read_menu(visit, place),
        people=await people_to_offer(visit, place),
        rules=shown,
        hidden=len(rules) - len(shown),
        environment=environment,
        targets=rule_targets(visit.sources.registry.specs),
        subjects=_SUBJECTS,
        paused=of_scope,
        is_paused_wider=len(effective.paused()) > (place.scope in of_scope),
        explanation=_explain(visit, place, effective) if visit.request.query_params.get("why") else "",
        why=visit.request.query_params,
        given={**_EMPTY, **given},
        problem=problem,
        saved=done if done in _DONE else "",
    )


def _explain(visit: Visit, place: SettingsPlace, effective: EffectiveSettings) -> str:
    """Return why the person or role of the address may use a command there, or not."""
    query = visit.request.query_params
    whom = query.get("whom", "").strip()[:_LONGEST_ID]
    subject = read_mention(whom) or Mention("person", whom)
    is_role = subject.subject == "role"
    actor = Actor(
        id="" if is_role else subject.id, roles=(subject.id,) if is_role else (), locale=visit.locale, name=subject.id
    )
    spec = visit.sources.registry.find_spec(query["why"]) or CommandSpec(name="chat", description="")
    text = explain_decision(
        visit.sources.policy,
        replace(place.event(visit), actor=actor),
        spec,
        effective,
        who=subject.id or visit.translate("cockpit.access.anybody"),
        may_read=lambda scope: _may_read(visit, scope),
        are_roles_known=is_role,
    )
    return plain_text(text)


def _read_rule(visit: Visit, place: SettingsPlace, what: str, until: float | None) -> AccessRule:
    """Return the rule of a form. Raises `UsageError`."""
    form = visit.form
    named = form.get("id", "").strip()
    subject = next((subject for subject in _SUBJECTS if subject == form.get("who")), None)
    mention = None if subject is None else read_mention(f"{subject}:{named}")
    if mention is None or len(named) > _LONGEST_ID or form.get("rule") not in ("allow", "deny"):
        raise UsageError(visit.translate("cockpit.access.bad_rule"))
    return AccessRule(
        scope=place.scope,
        what=what,
        subject=mention.subject,
        id=mention.id,
        allows=form["rule"] == "allow",
        until=until,
    )


def _may_read(visit: Visit, scope: Scope) -> bool:
    """Return whether the visitor administers a scope of a place that is theirs."""
    return visit.visitor.is_operator or scope is not Scope.SERVICE


def _back(place: SettingsPlace, done: str) -> Response:
    return RedirectResponse(f"{ROOT}/access?{urlencode({**place.query, 'saved': done})}", status_code=303)
