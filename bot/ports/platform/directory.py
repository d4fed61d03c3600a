"""The people, roles and channels of a platform."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, Protocol

from bot.models import Actor, Location
from bot.ports.store.places import PlaceName

#: There is no such channel, or it is hidden from the service; the service may not write there; a person may not see it.
ChannelProblem = Literal["", "absent", "closed", "hidden"]


class Directory(Protocol):
    """The people, roles and channels of a platform, by the ids of the core. Works without `connected`, too."""

    async def role_ids(self) -> Collection[str] | None:
        """Return the ids of the roles that people may have, as rules name them; None: they can't be known."""

    def kind_of(self, name: str) -> Literal["person", "role"] | None:
        """Return what an id names; None: nobody on this platform."""

    async def find_actor(self, reply_to: Mapping[str, str], person: str) -> Actor | None:
        """Read a person anew, with roles and rights, in the workspace of a request; None: they can't be read."""

    async def is_gone(self, reply_to: Mapping[str, str], person: str) -> bool:
        """Return whether a person has left the workspace of a request. Raises `DeliveryError` where nobody tells."""

    async def channel_problem(
        self, channel: str, *, reply_to: Mapping[str, str] | None = None, person: str = ""
    ) -> ChannelProblem:
        """Return why the service can't write in a channel; "": it can, or that can't be known.

        `reply_to`: of a request; a channel of another workspace is absent then. `person`: its author; a place that they
        may not see is hidden. Raises `DeliveryError` where nobody tells now what they may see.
        """

    def is_direct(self, channel: str) -> bool:
        """Return whether a channel of a workspace is direct messages: what is kept for it is for nobody else there."""

    async def name_places(self, location: Location) -> Sequence[PlaceName]:
        """Return the names of a workspace and of its channel, as far as the platform tells.

        Without a channel in `location` that of the workspace alone. Only once `connected`. Raises `DeliveryError`.
        """


class NoDirectory:
    """The directory of a platform that has no roles, and channels that are always open to everybody."""

    async def role_ids(self) -> Collection[str] | None:
        """Return no roles."""
        return ()

    def kind_of(self, name: str) -> Literal["person", "role"] | None:  # noqa: ARG002
        """Return None: nobody is known."""
        return None

    async def find_actor(self, reply_to: Mapping[str, str], person: str) -> Actor | None:  # noqa: ARG002
        """Return None: nobody is known."""
        return None

    async def is_gone(self, reply_to: Mapping[str, str], person: str) -> bool:  # noqa: ARG002
        """Return False: nobody leaves."""
        return False

    async def channel_problem(
        self,
        channel: str,  # noqa: ARG002
        *,
        reply_to: Mapping[str, str] | None = None,  # noqa: ARG002
        person: str = "",  # noqa: ARG002
    ) -> ChannelProblem:
        """Return no problem."""
        return ""

    def is_direct(self, channel: str) -> bool:  # noqa: ARG002
        """Return False: direct messages belong to no workspace."""
        return False

    async def name_places(self, location: Location) -> Sequence[PlaceName]:  # noqa: ARG002
        """Return no names."""
        return ()
