"""Requests that are made at set times, as they are stored."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bot.models import Event

#: Why a schedule is paused: "asked" by a person, it failed again and again, its channel or its person is gone, or its
#: channel is hidden from the person.
PauseReason = Literal["", "asked", "failing", "channel", "person", "hidden"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A request that is made again and again, or once later."""

    id: str  #: unique within the adapter
    event: Event  #: the request, as its author asked for it; its conversation and `reply_to` tell where
    when: str  #: its times as they were typed
    cron: str = ""  #: expression of its times; "": once
    zone: str  #: time zone of the expression, such as Asia/Taipei
    due: datetime | None  #: the next time, aware, UTC; None: paused
    pause: PauseReason = ""
    last: str = ""  #: id of the event that was made last
    failures: int = 0  #: times in a row at which the request could not be made


class ScheduleStore(Protocol):
    """All schedules. They are erased with their author."""

    @property
    def schedules_changed(self) -> asyncio.Event:
        """Set when schedules may have changed, also by another process; to be cleared before they are read."""

    async def add_schedule(self, schedule: Schedule, *, most: int, most_here: int) -> bool:
        """Add a schedule; return whether it is there: a known id changes nothing.

        False: its author has `most` already, or their workspace `most_here`, or the request was erased with its author.
        """

    async def change_schedule(self, schedule: Schedule, *, was: Schedule) -> bool:
        """Replace a schedule that is still due when it was. False: it has changed or is gone; nothing was changed."""

    async def delete_schedule(self, schedule: Schedule) -> bool:
        """Delete a schedule. False: it is gone already."""

    async def find_schedule(self, adapter: str, schedule_id: str) -> Schedule | None:
        """Return one schedule."""

    async def schedules(self, adapter: str, *, actor: str = "", workspace: str = "") -> Sequence[Schedule]:
        """Return the schedules of a person, of a workspace, or all of the adapter's, the earliest first."""

    async def due_schedules(self, adapters: Collection[str], at: datetime, *, limit: int) -> Sequence[Schedule]:
        """Return schedules of these adapters that are due at that time or before, the earliest first."""

    async def next_due(self, adapters: Collection[str], after: datetime) -> datetime | None:
        """Return the earliest time after that at which one is due; None: there is none."""
