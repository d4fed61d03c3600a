"""People, channels and workspaces: what each may use, has spent and has set; and everybody's own page."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from bot.cockpit.page import Rights, Visit, act, page, read_number
from bot.cockpit.pages.usage import zone_of
from bot.cockpit.places.names import read_places_of
from bot.cockpit.places.settings_place import PlaceMenu, SettingsPlace, find_place, names_of, read_menu
from bot.cockpit.profile import read_profile
from bot.cockpit.rendering import days_ago
from bot.cockpit.request_acts import states_of
from bot.memory.notes import delete_note, notes_here
from bot.models import Actor
from bot.ports import RequestFilter, Schedule, UsageField, UsageSum
from bot.scoped_settings.scopes import Scope
from bot.sign_in.links import ROOT
from bot.values import valueclass

_DAYS = 30  #: of the sums in the lists
_OWN = 30  #: requests on a person's own page
_PAGE = 100  #: lines of a list on one page


@valueclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A workspace, a channel or a person in a list, with what was used in `_DAYS` days."""

    id: str
    name: str
    detail: str  #: platform and id
    query: str  #: of the address of their profile
    requests: int
    cost: float


@page("/people", rights=Rights.ADMINISTRATOR, title="cockpit.menu.people", order=30)
async def show_people(visit: Visit) -> Response:
    """Show the profile of a place with its channels and people; or that of one of these people."""
    query = visit.request.query_params
    place = await find_place(visit, query)
    person = query.get("person", "")
    if place is None or (person and not await _is_known(visit, place, person)):
        return visit.not_found("cockpit.settings.no_place")
    profile = await read_profile(visit, place, person)
    people = await names_of(visit, place, {note.by for note in profile.notes} | ({person} if person else set()))
    menu = await read_menu(visit, place)
    number = max(read_number(query.get("page", "")) or 1, 1)
    lists = {} if person else await _lists(visit, place, menu)
    shown = {key: lines[(number - 1) * _PAGE : number * _PAGE] for key, lines in lists.items()}
    shown = {key: lines for key, lines in shown.items() if lines or number == 1}
    return visit.render(
        "people.html",
        place=place,
        person=person,
        name=people.get(person, ""),
        menu_of_places=menu,
        profile=profile,
        lists={key: await _named(visit, place, lines) if key == "people" else lines for key, lines in shown.items()},
        next=number + 1 if any(len(lines) > number * _PAGE for lines in lists.values()) else None,
        query=urlencode({**place.query, "person": person}),
        days=_DAYS,
        names=people,
        forgotten="forgotten" in query,
        schedules=await _schedules_of(visit, place, person),
        shows_requests=visit.sources.settings.bot_cockpit_texts,
    )


@act("/people", rights=Rights.ADMINISTRATOR)
async def change_place(visit: Visit) -> Response:
    """Forget a note of a channel or a workspace; pause, resume or delete a schedule there."""
    place = await find_place(visit, visit.form)
    if place is not None and "schedule" in visit.form:
        return await _change_schedule(visit, await _schedules_of(visit, place, ""), f"people?{urlencode(place.query)}")
    if place is None or not await _forget_note(visit, place, place.scope):
        return visit.not_found("cockpit.people.no_note")
    return RedirectResponse(f"{ROOT}/people?{urlencode({**place.query, 'forgotten': '1'})}", status_code=303)


@act("/mine", rights=Rights.PERSON)
async def change_own(visit: Visit) -> Response:
    """Forget a note of the person's own; pause, resume or delete a schedule."""
    place = SettingsPlace(adapter=visit.visitor.adapter, workspace=visit.visitor.workspace)
    if "schedule" in visit.form:
        return await _change_schedule(visit, await _schedules_of(visit, place, visit.visitor.actor), "mine")
    if not await _forget_note(visit, place, Scope.ME):
        return visit.not_found("cockpit.people.no_note")
    return RedirectResponse(f"{ROOT}/mine?forgotten=1", status_code=303)


@page("/mine", rights=Rights.PERSON, title="cockpit.menu.mine", order=5)
async def show_mine(visit: Visit) -> Response:
    """Show a person what they may use and have used, their limits and settings, and their newest requests."""
    who = visit.visitor
    place = SettingsPlace(adapter=who.adapter, workspace=who.workspace)
    which = RequestFilter(adapter=who.adapter, actors=(who.actor,))
    rows = await visit.sources.request_log.list_requests(which, limit=_OWN)
    return visit.render(
        "mine.html",
        places=await read_places_of(visit, rows),
        place=None,
        profile=await read_profile(visit, place, who.actor),
        rows=rows,
        states=await states_of(visit, rows),
        names={},
        forgotten="forgotten" in visit.request.query_params,
        schedules=await _schedules_of(visit, place, who.actor),
        shows_requests=True,
    )


async def _schedules_of(visit: Visit, place: SettingsPlace, person: str) -> Sequence[Schedule]:
    """Return the visitor's own schedules, or those of the channels of a place. Raises `StoreError`."""
    store = visit.sources.schedules.store
    if person:
        is_own = (place.adapter, person) == (visit.visitor.adapter, visit.visitor.actor)
        return await store.schedules(place.adapter, actor=person) if is_own else ()
    if not place.workspace:
        return ()
    return [
        one
        for one in await store.schedules(place.adapter, workspace=place.workspace)
        if not visit.is_private(one.event) and place.channel in ("", one.event.location.channel)
    ]


async def _change_schedule(visit: Visit, found: Sequence[Schedule], back: str) -> Response:
    """Do what the form says with one of these schedules. Raises `StoreError`."""
    one = next((one for one in found if one.id == visit.form["schedule"]), None)
    change = visit.form.get("change", "")
    if one is None:
        return visit.not_found("cockpit.people.no_schedule")
    schedules, is_done = visit.sources.schedules, False
    if change == "delete":
        is_done = await schedules.store.delete_schedule(one)
    elif change == "pause" and one.cron and one.due is not None:
        is_done = await schedules.pause(one)
    elif change == "resume" and one.cron and one.due is None:
        is_done = await schedules.resume(one) is not None
    author, place = one.event.actor.id, one.event.location
    if is_done and author != visit.visitor.actor:
        await visit.audit(
            f"schedule.{change}",
            adapter=one.event.adapter,
            workspace=place.workspace,
            channel=place.channel,
            subject=author,
            before=f"{one.id}: {one.when}",
        )
    return RedirectResponse(f"{ROOT}/{back}", status_code=303)


async def _forget_note(visit: Visit, place: SettingsPlace, scope: Scope) -> bool:
    """Forget the note of the form that is of this scope; return False where it is not there. Raises `StoreError`."""
    actor = Actor(id=visit.visitor.actor if scope is Scope.ME else "")
    effective = await visit.sources.scoped.for_event(replace(place.event(visit), actor=actor))
    named = (scope, visit.form.get("note", ""))
    note = next((note for note in notes_here(effective) if (note.scope, note.id) == named), None)
    if note is not None:
        await delete_note(effective, note, place.audit(visit))
    return note is not None


async def _is_known(visit: Visit, place: SettingsPlace, person: str) -> bool:
    """Return whether somebody has used the service in a workspace. Raises `StoreError`."""
    which = RequestFilter(adapter=place.adapter, workspaces=[place.workspace], actors=[person])
    return bool(place.workspace and await visit.sources.request_log.list_requests(which, limit=1))


async def _named(visit: Visit, place: SettingsPlace, lines: Sequence[Line]) -> Sequence[Line]:
    """Return people with the names that are known. Raises `StoreError`."""
    names = await names_of(visit, place, [line.id for line in lines])
    return [replace(line, name=names[line.id], detail="" if names[line.id] == line.id else line.id) for line in lines]


async def _lists(visit: Visit, place: SettingsPlace, menu: PlaceMenu) -> Mapping[str, Sequence[Line]]:
    """Return what a place consists of, people without their names, by key of the list's name. Raises `StoreError`."""
    if not place.workspace:
        return {"workspaces": await _workspace_lines(visit, menu)}
    spent = await _sums(visit, "person", place)
    people = await visit.sources.journal.people(place.adapter, workspace=place.workspace)
    active = people if not place.channel else [person for person in people if person in spent]
    lists = {"people": _lines(place, "person", {person: person for person in active}, spent)}
    if place.channel:
        return lists
    where = place.adapter, place.workspace
    channels = {channel: menu.names.channel(*where, channel) for channel in menu.channels}
    return {"channels": _lines(place, "channel", channels, await _sums(visit, "channel", place)), **lists}


async def _workspace_lines(visit: Visit, menu: PlaceMenu) -> Sequence[Line]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for adapter, workspace in menu.workspaces:
        found[adapter].append(workspace)
    lines: list[Line] = []
    for adapter, ids in found.items():
        place = SettingsPlace(adapter=adapter)
        spent = await _sums(visit, "workspace", place)
        names = {one: menu.names.workspace(adapter, one) for one in ids}
        lines += _lines(place, "workspace", names, spent)
    return lines


async def _sums(visit: Visit, by: UsageField, place: SettingsPlace) -> Mapping[str, UsageSum]:
    """Return what was used there lately, by the id of a person, channel or workspace. Raises `StoreError`."""
    sums = await visit.sources.reports.usage_sums(
        [by],
        since=days_ago(_DAYS, zone_of(visit)),
        adapter=place.adapter,
        workspace=place.workspace or None,
        channel=place.channel or None,
    )
    return {one.fields[0]: one for one in sums}


def _lines(place: SettingsPlace, field: str, names: Mapping[str, str], spent: Mapping[str, UsageSum]) -> Sequence[Line]:
    """Return a line for each id, the most expensive first."""
    nothing = UsageSum(fields=())
    lines = [
        Line(
            id=one,
            name=name,
            detail=" · ".join([*([place.adapter] if field == "workspace" else []), *([one] if one != name else [])]),
            query=urlencode({**place.query, field: one}),
            requests=spent.get(one, nothing).requests,
            cost=spent.get(one, nothing).cost,
        )
        for one, name in names.items()
    ]
    return sorted(lines, key=lambda line: (-line.cost, -line.requests, line.name))
