"""The limits that are set in a place, what is used of them, the prices, and a form to set and clear limits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from bot.cockpit.page import Rights, Visit, act, page
from bot.cockpit.places.settings_place import PlaceMenu, SettingsPlace, find_place, people_to_offer, read_menu
from bot.cockpit.rendering import plain_text
from bot.errors import UsageError
from bot.i18n import choice_label, kind_label
from bot.limits import Limit, Measure, Period, Subject
from bot.models import KINDS, Location
from bot.policy.quota import describe_amount
from bot.sign_in.links import ROOT
from bot.spending.limit_changes import change_limit, read_amount
from bot.spending.limits import LimitRule, Who, environment_limits, to_units
from bot.spending.prices import describe_price
from bot.values import valueclass

_LONGEST_ID = 200  #: characters
_EMPTY = {"amount": "", "of": "requests", "per": "day", "who": "everybody", "id": ""}


@valueclass(frozen=True, slots=True, kw_only=True)
class ShownLimit:
    """One line of the table."""

    text: str
    who: str  #: key of a sentence
    id: str = ""
    name: str = ""  #: of the person or channel; "": not known
    used: str = ""  #: "": not known for one subject alone
    rule: LimitRule | None = None  #: None: of the environment


@page("/limits", rights=Rights.ADMINISTRATOR, title="cockpit.menu.limits", order=45)
async def show_limits(visit: Visit) -> Response:
    """List the limits of a place, with a form for more, and the prices."""
    place = await find_place(visit, _without_channel(visit.request.query_params))
    if place is None:
        return visit.not_found("cockpit.settings.no_place")
    return await _show(visit, place, {})


@act("/limits", rights=Rights.ADMINISTRATOR)
async def set_limit(visit: Visit) -> Response:
    """Set a limit or clear one; what is wrong with it is shown with the form."""
    place = await find_place(visit, _without_channel(visit.form))
    if place is None:
        return visit.not_found("cockpit.settings.no_place")
    clears = visit.form.get("act") == "clear"
    try:
        rule = _read_rule(visit, place, clears=clears)
        await change_limit(
            visit.sources.quotas.limits, rule, place.audit(visit), is_removed=clears, locale=visit.locale
        )
    except UsageError as exc:
        return await _show(visit, place, visit.form, problem=plain_text(str(exc)))
    query = urlencode({**place.query, "saved": "cleared" if clears else "set"})
    return RedirectResponse(f"{ROOT}/limits?{query}", status_code=303)


async def _show(visit: Visit, place: SettingsPlace, given: Mapping[str, str], *, problem: str = "") -> Response:
    saved = visit.request.query_params.get("saved", "")
    menu = await read_menu(visit, place)
    people = await people_to_offer(visit, place)
    return visit.render(
        "limits.html",
        status=400 if problem else 200,
        place=place,
        menu_of_places=replace(menu, channels=()),
        limits=await _limits(visit, place, menu, people),
        people=people,
        used_channels={one: menu.names.channel(place.adapter, place.workspace, one) for one in menu.channels},
        prices=await _prices(visit),
        saved=saved if saved in ("set", "cleared") else "",
        given={**_EMPTY, **given},
        problem=problem,
        measures=[(measure.value, choice_label(measure, visit.locale)) for measure in Measure],
        periods=[(period.value, choice_label(period, visit.locale)) for period in Period],
        subjects=[who.value for who in Who],
    )


def _without_channel(given: Mapping[str, str]) -> Mapping[str, str]:
    """Return a place as an address or form names it: limits are set for a workspace or the service."""
    return {name: given.get(name, "") for name in ("adapter", "workspace")}


def _read_rule(visit: Visit, place: SettingsPlace, *, clears: bool) -> LimitRule:
    """Return the limit of a form. Raises `UsageError`."""
    form = visit.form
    try:
        measure, period, who = Measure(form.get("of", "")), Period(form.get("per", "")), Who(form.get("who", ""))
    except ValueError:
        raise UsageError(visit.translate("cockpit.limits.choose")) from None
    named = form.get("id", "").strip()
    if (who is Who.ROLE and not named) or (who is Who.EVERYBODY and named) or len(named) > _LONGEST_ID:
        raise UsageError(visit.translate("cockpit.limits.bad_id"))
    return LimitRule(
        adapter=place.adapter,
        workspace=place.workspace,
        who=who,
        id=named,
        measure=measure,
        period=period,
        amount=0 if clears else read_amount(measure, form.get("amount", "").strip(), visit.locale),
    )


async def _limits(
    visit: Visit, place: SettingsPlace, menu: PlaceMenu, people: Mapping[str, str]
) -> Sequence[ShownLimit]:
    """Return the limits of a place; for the whole service also those of the environment. Raises `StoreError`."""
    found = []
    if not place.workspace:
        for limit in environment_limits(visit.sources.settings):
            used = await _used(visit, limit) if limit.subject is Subject.SERVICE else ""
            who = "each_person" if limit.subject is Subject.PERSON else "everybody"
            found.append(ShownLimit(text=describe_amount(limit, visit.locale), who=who, used=used))
    rules = [
        rule
        for rule in await visit.sources.quotas.limits.rules()
        if (rule.adapter, rule.workspace) == (place.adapter, place.workspace)
    ]
    for rule in sorted(rules, key=lambda rule: (rule.who, rule.id, rule.measure, rule.period)):
        is_each = not rule.id and rule.who is not Who.EVERYBODY
        found.append(
            ShownLimit(
                text=describe_amount(rule.to_limit(), visit.locale),
                who=f"each_{rule.who}" if is_each or rule.who is Who.ROLE else rule.who.value,
                id=rule.id,
                name=_name_of(rule, menu, people),
                used=await _used_of(visit, place, rule, menu.channels),
                rule=rule,
            )
        )
    return found


def _name_of(rule: LimitRule, menu: PlaceMenu, people: Mapping[str, str]) -> str:
    """Return the name of the person or channel that a limit is for; "": it is not known."""
    subject, name = rule.id.removeprefix(f"{rule.adapter}:"), ""
    if rule.who is Who.CHANNEL and subject in menu.channels:
        name = menu.names.channel(rule.adapter, rule.workspace, subject)
    elif rule.who is Who.PERSON:
        name = people.get(subject, "")
    return "" if name == subject else name


async def _used_of(visit: Visit, place: SettingsPlace, rule: LimitRule, channels: Collection[str]) -> str:
    """Return what counts against a limit of one subject; "": each has an own count, or it is not one of the place."""
    if rule.who is Who.EVERYBODY:
        return await _used(visit, rule.to_limit(), place)
    if rule.who is Who.PERSON and rule.id and rule.adapter:
        return await _used(visit, rule.to_limit(), place, actor=rule.id.removeprefix(f"{rule.adapter}:"))
    if rule.who is Who.CHANNEL and rule.adapter and (channel := rule.id.removeprefix(f"{rule.adapter}:")) in channels:
        return await _used(visit, rule.to_limit(), place, channel=channel)
    return ""


async def _used(
    visit: Visit, limit: Limit, place: SettingsPlace | None = None, *, actor: str = "", channel: str = ""
) -> str:
    place = place or SettingsPlace()
    location = Location(workspace=place.workspace, channel=channel)
    [amount] = await visit.sources.ledger.used(place.adapter, actor, location, [limit])
    return to_units(limit.measure, amount) or "0"


async def _prices(visit: Visit) -> Sequence[tuple[str, str, str]]:
    """Return kind, model and price in words of the models that are offered. Raises `StoreError`."""
    prices = await visit.sources.prices.current()
    offered = {spec.kind for spec in visit.sources.registry.specs}
    return [
        (kind_label(kind, visit.locale), model, describe_price(prices, kind, model, visit.locale))
        for kind in KINDS
        if kind in offered
        for model in visit.sources.settings.models(kind)
    ]
