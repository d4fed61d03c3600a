"""The place whose settings a page shows: the service, a workspace, or one of its channels."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from bot.cockpit.page import Visit
from bot.cockpit.places.names import ShownPlaces, read_places
from bot.cockpit.rendering import days_ago
from bot.limits import UTC_ZONE
from bot.models import Actor, Event, Location
from bot.scoped_settings.changes import Audit
from bot.scoped_settings.effective import EffectiveSettings
from bot.scoped_settings.scopes import Scope
from bot.values import valueclass

#: Days of use after which a workspace or channel is no longer offered.
_DAYS = 90
#: People whom a form offers, at most: any other can be typed.
_OFFERED = 100
_LONGEST_SUBJECT = 200  #: characters of a place that the audit log keeps


@valueclass(frozen=True, slots=True, kw_only=True)
class SettingsPlace:
    """A place that the visitor may see and change."""

    adapter: str = ""  #: "": the whole service
    workspace: str = ""
    channel: str = ""

    @property
    def scope(self) -> Scope:
        """The reach of a value that is set for the place."""
        return Scope.CHANNEL if self.channel else Scope.WORKSPACE if self.workspace else Scope.SERVICE

    @property
    def query(self) -> Mapping[str, str]:
        """The place as an address has it."""
        return {"adapter": self.adapter, "workspace": self.workspace, "channel": self.channel}

    def audit(self, visit: Visit) -> Audit:
        """Return what adds acts of the visitor there to the audit log."""
        return partial(visit.audit, adapter=self.adapter, workspace=self.workspace, channel=self.channel)

    async def effective(self, visit: Visit) -> EffectiveSettings:
        """Return the settings in effect there. Raises `StoreError`."""
        return await visit.sources.scoped.for_event(self.event(visit))

    def event(self, visit: Visit) -> Event:
        """Return an event of the visitor there, for what holds for events."""
        who = visit.visitor
        return Event(
            id="cockpit",
            adapter=self.adapter,
            conversation="",
            actor=Actor(id="", name=who.name, locale=visit.locale, is_admin=True),
            location=Location(workspace=self.workspace, channel=self.channel),
            received_at=datetime.now(UTC),
        )


async def find_place(visit: Visit, given: Mapping[str, str]) -> SettingsPlace | None:
    """Return the place that an address or a form names; None: it is not the visitor's. Raises `StoreError`.

    A form that names the workspace of others is audited.
    A channel counts as one of the workspace when it was used there.
    """
    who = visit.visitor
    if not who.is_operator:
        own = {"adapter": who.adapter, "workspace": who.workspace}
        named = {name: given.get(name, "") or value for name, value in own.items()}
        if named != own:
            if visit.request.method == "POST":
                await visit.audit("cockpit.foreign_place", subject="/".join(named.values())[:_LONGEST_SUBJECT])
            return None
        given = {**own, "channel": given.get("channel", "")}
    place = SettingsPlace(
        adapter=given.get("adapter", ""), workspace=given.get("workspace", ""), channel=given.get("channel", "")
    )
    if not place.workspace:
        return SettingsPlace() if who.is_operator else None
    is_known = place.adapter in visit.sources.adapters or not who.is_operator
    is_there = not place.channel or place.channel in await channels_of(visit, place)
    return place if is_known and is_there else None


async def channels_of(visit: Visit, place: SettingsPlace) -> Sequence[str]:
    """Return the channels of a workspace that were used lately, direct messages left out. Raises `StoreError`."""
    sums = await visit.sources.reports.usage_sums(
        ["channel"], since=days_ago(_DAYS, UTC_ZONE), adapter=place.adapter, workspace=place.workspace
    )
    found = {one.fields[0] for one in sums if one.fields[0]}
    return sorted(channel for channel in found if not visit.is_direct(place.adapter, channel))


async def workspaces(visit: Visit) -> Sequence[tuple[str, str]]:
    """Return the platforms and workspaces that the visitor may see and that were used lately. Raises `StoreError`."""
    who = visit.visitor
    if not who.is_operator:
        return [(who.adapter, who.workspace)]
    found: set[tuple[str, str]] = set()
    for adapter in visit.sources.adapters:
        sums = await visit.sources.reports.usage_sums(["workspace"], since=days_ago(_DAYS, UTC_ZONE), adapter=adapter)
        found |= {(adapter, one.fields[0]) for one in sums if one.fields[0]}
    return sorted(found)


@valueclass(frozen=True, slots=True, kw_only=True)
class PlaceMenu:
    """The places that the visitor can choose, in the order of their names."""

    workspaces: Sequence[tuple[str, str]]  #: each with its platform
    channels: Sequence[str]  #: of the chosen workspace
    names: ShownPlaces


async def read_menu(visit: Visit, place: SettingsPlace) -> PlaceMenu:
    """Return the places that can be chosen in place of this one. Raises `StoreError`."""
    found = await workspaces(visit)
    channels = await channels_of(visit, place) if place.workspace else ()
    here = [(place.adapter, place.workspace, channel) for channel in ("", *channels)]
    names = await read_places(visit, [*((adapter, workspace, "") for adapter, workspace in found), *here])

    def name_of(channel: str) -> tuple[str, str]:
        return names.channel(place.adapter, place.workspace, channel).casefold(), channel

    return PlaceMenu(
        workspaces=sorted(found, key=lambda one: (one[0], names.workspace(*one).casefold(), one[1])),
        channels=sorted(channels, key=name_of),
        names=names,
    )


async def people_to_offer(visit: Visit, place: SettingsPlace) -> Mapping[str, str]:
    """Return people of a workspace by id, with the names that are known: of many those who used the service most.

    Raises `StoreError`.
    """
    if not place.workspace:
        return {}
    sums = await visit.sources.reports.usage_sums(
        ["person"], since=days_ago(_DAYS, UTC_ZONE), adapter=place.adapter, workspace=place.workspace
    )
    people = [one.fields[0] for one in sorted(sums, key=lambda one: -one.requests) if one.fields[0]][:_OFFERED]
    if len(people) < _OFFERED:
        others = await visit.sources.journal.people(place.adapter, workspace=place.workspace)
        people += sorted(set(others) - set(people))[: _OFFERED - len(people)]
    names = await names_of(visit, place, people)
    return {person: names[person] for person in sorted(people)}


async def names_of(visit: Visit, place: SettingsPlace, people: Collection[str]) -> Mapping[str, str]:
    """Return the names of people by id, the id where none is known. Raises `StoreError`."""
    names = await visit.sources.reports.names(place.adapter, people)
    return {person: names.get(person) or person for person in people}
