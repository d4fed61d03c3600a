"""The log of what people did that concerns others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

#: What stands in a text of an entry for a person who was erased.
ERASED_PERSON = "person:"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One act of a person that concerns others: who did what, where, and what it was before."""

    adapter: str
    actor: str  #: id of the person; "": erased
    action: str  #: such as "settings.set"
    workspace: str = ""
    channel: str = ""
    subject: str = ""  #: what was changed, such as a setting's name
    scope: str = ""  #: how far it reaches
    before: str | None = None  #: None: there was no value
    after: str | None = None  #: None: there is no value
    event: str = ""  #: id of the actor's request, not kept: once that was erased, the entry does not name the actor
    at: datetime | None = None  #: aware, UTC; set by the store
    seq: int = 0  #: order within the store; set by the store


class AuditLog(Protocol):
    """The log of administrators' changes. Entries are only added; erasing a person removes their id from theirs."""

    async def add_audit(self, entry: AuditEntry) -> None:
        """Add an entry; returns once it is durable."""

    async def audit(
        self,
        adapter: str,
        *,
        workspace: str | None = None,
        actor: str | None = None,
        action: str = "",
        since: datetime | None = None,
        limit: int,
        before: int | None = None,
    ) -> Sequence[AuditEntry]:
        """Return the newest entries, newest first.

        `workspace`, `actor`: only of these; `action`: only of this one, or of all that begin with this word; `since`:
        only of this time or later; `before`: only of lower `seq`.
        """
