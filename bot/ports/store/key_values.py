"""Small durable values by name, which belong to no event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from bot.models import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """With what a value is erased: a person who is forgotten, a conversation whose last event is pruned, or either."""

    adapter: str
    actor: str = ""  #: "": no person's
    conversation: str = ""  #: "": no conversation's
    event: str = ""  #: id of the request that writes it: nothing is written once that was erased with its author

    @classmethod
    def of(cls, event: Event, *, conversation: str = "") -> Self:
        """Return the owner of what a request keeps of its author."""
        return cls(adapter=event.adapter, actor=event.actor.id, conversation=conversation, event=event.id)


def within(workspace: str, namespace: str) -> str:
    """Return the name of a namespace whose values are erased with their owner's data of that workspace."""
    return f"in:{workspace}:{namespace}"


class Namespace(Protocol):
    """Small durable values by name, held in memory as a whole. A value that has expired is not there."""

    async def get(self, name: str) -> str | None:
        """Return one value, None when there is none."""

    async def items(self) -> Mapping[str, str]:
        """Return every value by its name."""

    async def set(self, name: str, value: str, *, expires: datetime | None = None, owner: Owner | None = None) -> None:
        """Set or replace a value with its expiry and owner. Without either it stays until it is deleted."""

    async def replace(
        self, name: str, value: str, *, was: str | None, expires: datetime | None = None, owner: Owner | None = None
    ) -> bool:
        """Set a value as `set` does if the present one is `was`, in one step; return whether it was set.

        `was`: None: there must be none.
        """

    async def delete(self, name: str) -> None:
        """Remove a value; nothing happens when there is none."""


class KeyValues(Protocol):
    """Values that belong to no event, such as preferences."""

    async def find_values(self, name: str) -> Mapping[str, str]:
        """Return the values of that name by their namespaces. Reads them all: not for every event."""

    async def find_by_prefix(self, prefix: str) -> Mapping[tuple[str, str], str]:
        """Return the values whose names begin so, by namespace and name. Reads them all: not for every event."""

    def namespace(self, name: str) -> Namespace:
        """Return the values under that name."""

    async def read_namespaces(self, *names: str) -> Sequence[Mapping[str, str]]:
        """Return the values of each of these namespaces, read in one step.

        Values that another process has written since the last claim may be missing.
        """
