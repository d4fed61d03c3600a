"""The whole interface of a database engine: the protocols of this package as one, with opening and erasing."""

from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from bot.models import Media
from bot.ports.store.audit import AuditLog
from bot.ports.store.context_store import ContextStore
from bot.ports.store.event_queue import EventQueue
from bot.ports.store.journal import Journal
from bot.ports.store.key_values import KeyValues
from bot.ports.store.places import PlaceStore
from bot.ports.store.processes import Processes
from bot.ports.store.request_log import RequestLog
from bot.ports.store.schedules import ScheduleStore
from bot.ports.store.usage_ledger import UsageLedger
from bot.ports.store.usage_reports import UsageReports
from bot.ports.store.waiting import WaitingEvents


class Maintenance(Protocol):
    """Opening, closing and erasing.

    Use as an async context manager: entering opens, migrates, takes ownership and recovers; leaving closes.
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def forget(self, adapter: str, actor: str, *, workspace: str | None = None) -> Sequence[Media]:
        """Erase what is stored of a person; returns the media whose files are to be deleted.

        Their turns and the answers to them, the content of their events and the values that they own are erased; usage
        stays as sums that no longer name them. `workspace`: in this one and its conversations alone, unless there is
        nothing of other places. Safe to repeat.
        """

    async def prune(self, before: datetime, *, audit_before: datetime | None = None) -> Sequence[Media]:
        """Erase events, turns and media older than `before`; returns the media whose files are to be deleted.

        So are expired values, those of conversations without events, names of places that were saved before `before`,
        audit entries older than `audit_before`, and what a process that ended before `erase_forgotten` left.
        """

    async def prune_place(
        self, before: datetime, *, adapter: str, channel: str = "", workspace: str = ""
    ) -> Sequence[Media]:
        """Erase a channel's or a workspace's events like `prune`; returns the media whose files are to be deleted."""

    async def check(self) -> None:
        """Return when the database can be read and written."""


class Store(
    EventQueue,
    WaitingEvents,
    Journal,
    RequestLog,
    ContextStore,
    KeyValues,
    AuditLog,
    UsageLedger,
    UsageReports,
    Processes,
    ScheduleStore,
    PlaceStore,
    Maintenance,
    Protocol,
):
    """The whole interface that an engine implements. Consumers take the protocols that they need."""
