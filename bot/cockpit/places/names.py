"""The names under which pages show workspaces, channels and people, and by which filters find them."""

from collections.abc import Collection, Iterable, Mapping

from bot.cockpit.page import Visit
from bot.ports import AuditEntry, PlaceKey, PlaceName, RequestRow
from bot.values import valueclass


@valueclass(frozen=True, slots=True)
class ShownPlaces:
    """The places of a page. One whose name is not known has its id instead."""

    visit: Visit
    names: Mapping[PlaceKey, PlaceName]

    def workspace(self, adapter: str, workspace: str) -> str:
        """Return the name of a workspace; "" of none."""
        return self.name_of(adapter, workspace) or workspace

    def channel(self, adapter: str, workspace: str, channel: str) -> str:
        """Return the name of a channel as people write it, or that it is direct messages; "" of none."""
        found = self.names.get((adapter, workspace, channel))
        if channel and found is not None and found.name:
            return f"#{found.name}"
        return self.name_of(adapter, workspace, channel) or channel

    def name_of(self, adapter: str, workspace: str, channel: str = "") -> str:
        """Return the name of a channel, or of a workspace, or that it is direct messages; "": it is not known."""
        if channel and self.is_direct(adapter, workspace, channel):
            return self.visit.translate("cockpit.places.direct")
        found = self.names.get((adapter, workspace, channel))
        if found is None:
            return ""
        return found.name or self.visit.translate("cockpit.places.several")

    def is_direct(self, adapter: str, workspace: str, channel: str) -> bool:
        """Return whether a channel is direct messages, which belong to no workspace on some platforms."""
        return bool(channel) and (not workspace or self.visit.is_direct(adapter, channel))

    def is_private(self, adapter: str, workspace: str, channel: str) -> bool:
        """Return whether not everybody in the workspace sees a channel; False also where the platform does not tell."""
        found = self.names.get((adapter, workspace, channel))
        return found is not None and found.is_private


async def read_places(visit: Visit, places: Iterable[PlaceKey]) -> ShownPlaces:
    """Read the names of channels and of their workspaces. Raises `StoreError`."""
    wanted = {
        key
        for adapter, workspace, channel in places
        for key in ((adapter, workspace, channel), (adapter, workspace, ""))
    }
    return ShownPlaces(visit, await visit.sources.places.find_places({key for key in wanted if key[1]}))


async def read_places_of(visit: Visit, entries: Iterable[RequestRow | AuditEntry]) -> ShownPlaces:
    """Read the names of the places of requests, or of entries of the audit log. Raises `StoreError`."""
    return await read_places(visit, [(one.adapter, one.workspace, one.channel) for one in entries])


async def find_ids(visit: Visit, name: str, *, adapter: str, is_channel: bool) -> Collection[str]:
    """Return what a filter for workspaces or channels may mean: the ids of that name, and itself as one.

    `adapter`: only there; "": anywhere. Raises `StoreError`.
    """
    if not name:
        return ()
    where = {
        "adapter": adapter or (visit.visitor.adapter if visit.workspace else ""),
        "workspace": visit.workspace or "",
    }
    found = await visit.sources.places.places_named(name.removeprefix("#"), **where)
    ids = {place.channel if is_channel else place.workspace for place in found if bool(place.channel) == is_channel}
    return sorted(ids | {name})


async def find_people(visit: Visit, name: str, *, adapter: str) -> Collection[str]:
    """Return whom a filter for people may mean: the ids of people of that name, and itself as one. Raises `StoreError`.

    The names of all people are read, unless a platform says that it is an id.
    """
    adapters = [adapter] if adapter in visit.adapters else visit.adapters
    platforms = [visit.sources.adapters[one] for one in adapters if one in visit.sources.adapters]
    if not name or any(platform.kind_of(name) == "person" for platform in platforms):
        return (name,) if name else ()
    found = {name}
    for one in adapters:
        people = await visit.sources.journal.people(one, workspace=visit.workspace)
        names = await visit.sources.reports.names(one, people)
        found |= {person for person, known in names.items() if known.casefold() == name.casefold()}
    return sorted(found)
