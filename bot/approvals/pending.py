"""The requests that wait for an approver, as they are stored."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from bot.models import Event
from bot.ports import KeyValues, Namespace, Owner
from bot.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class PendingApproval:
    """A request that waits for an approver's decision."""

    adapter: str
    event: str  #: its id
    digest: str
    price: int  #: micros
    until: float  #: when it lapses, seconds since 1970
    asks: tuple[str, ...] = ()  #: ids of the events that ask approvers
    workspace: str = ""
    decision: str = ""  #: id of the press that has decided; "": open


@valueclass(frozen=True, slots=True)
class PendingApprovals:
    """All requests that wait; erased with their author. Every method raises `StoreError`."""

    values: KeyValues

    async def all(self) -> Sequence[PendingApproval]:
        """Return them, the one that lapses first in front."""
        found = [_parse(value) for value in (await self._namespace().items()).values()]
        return sorted(found, key=lambda one: one.until)

    async def find(self, adapter: str, event: str) -> PendingApproval | None:
        """Return what is kept of an event; None: it does not wait."""
        value = await self._namespace().get(_name(adapter, event))
        return None if value is None else _parse(value)

    async def keep(self, pending: PendingApproval, event: Event) -> None:
        """Keep a request; `event`: it, as it is recorded."""
        name, value = _name(pending.adapter, pending.event), json.dumps(asdict(pending))
        await self._namespace().set(name, value, owner=Owner.of(event))

    async def delete(self, pending: PendingApproval) -> None:
        """Forget a request: it waits no longer."""
        await self._namespace().delete(_name(pending.adapter, pending.event))

    def _namespace(self) -> Namespace:
        return self.values.namespace("approvals")


def _name(adapter: str, event: str) -> str:
    return f"{adapter}:{event}"


def _parse(value: str) -> PendingApproval:
    fields = json.loads(value)
    return PendingApproval(**{**fields, "asks": tuple(fields["asks"])})
