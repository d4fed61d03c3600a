"""Reports on usage: sums by day, place, person and model."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Literal, Protocol

from bot.models import Kind

#: What usage is summed by. `roles`: all roles that the person had, a line each; `day`: ISO date.
UsageField = Literal["day", "workspace", "channel", "person", "roles", "kind", "model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """Usage totals of a day, a kind and a model."""

    day: str  #: ISO date, UTC
    kind: Kind
    model: str
    requests: int
    prompt_tokens: int
    completion_tokens: int
    items: int
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageSum:
    """Usage with the same values in some fields."""

    fields: tuple[str, ...]  #: the values, in the order of the fields
    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    items: int = 0
    cost: float = 0.0
    own_cost: float = 0.0  #: of this, paid by workspaces that have brought their own API


class UsageReports(Protocol):
    """Usage by person and place. Every method raises `StoreError`."""

    async def usage_sums(
        self,
        by: Sequence[UsageField],
        *,
        since: datetime,
        adapter: str,
        actor: str | None = None,
        channel: str | None = None,
        workspace: str | None = None,
        zone: tzinfo = UTC,
    ) -> Sequence[UsageSum]:
        """Return usage summed by these fields, in the order of their values. `zone`: of the days."""

    async def names(self, adapter: str, actors: Collection[str]) -> Mapping[str, str]:
        """Return the display names of people by id, as far as they are stored."""
