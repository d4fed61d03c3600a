"""The names of workspaces and channels, as they are stored."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

#: Adapter, workspace and channel; the channel is "" for the workspace itself.
PlaceKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceName:
    """The name of a workspace, or of one of its channels."""

    adapter: str
    workspace: str
    channel: str = ""  #: "": the workspace itself
    name: str  #: without a mark such as `#`; "": it has none, such as direct messages of several people
    is_private: bool = False  #: not every member of the workspace may see the channel

    @property
    def key(self) -> PlaceKey:
        """The place that has the name."""
        return self.adapter, self.workspace, self.channel


class PlaceChanges(Protocol):
    """Notices of adapters that names may have changed. The names themselves are asked of `Directory.name_places`."""

    def changed(self, adapter: str, workspace: str, channel: str = "") -> None:
        """Have the name of a channel, or of a workspace, read again, if the service is used there."""

    async def removed(self, adapter: str, workspace: str) -> None:
        """Erase the names of a workspace that the service is no longer in. Raises `StoreError`."""


class PlaceStore(Protocol):
    """The names of places in which the service was used. Raises `StoreError`."""

    async def save_places(self, places: Sequence[PlaceName]) -> None:
        """Set the names of places, as they are now."""

    async def find_places(
        self, places: Collection[PlaceKey], *, since: datetime | None = None
    ) -> Mapping[PlaceKey, PlaceName]:
        """Return the names that are stored. `since`: only those that were saved after that."""

    async def places_named(self, name: str, *, adapter: str = "", workspace: str = "") -> Sequence[PlaceName]:
        """Return the workspaces and channels of a name, whatever its case. `adapter`, `workspace`: only there."""

    async def forget_places(self, adapter: str, workspace: str) -> None:
        """Erase the names of a workspace and of its channels."""
