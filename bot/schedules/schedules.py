"""The schedules of people: made, shown, paused, resumed and deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from bot.events.edits import message_of
from bot.media.names import short_digest
from bot.models import Event
from bot.ports import Schedule, ScheduleStore, Sender
from bot.schedules.clock import Clock
from bot.schedules.phrases.reading import TimeIsOver, When, read_when
from bot.schedules.times import next_time, shortest_interval, times_after
from bot.settings.core import Settings
from bot.values import valueclass

_ID = 10  #: characters of an id


@valueclass(frozen=True, slots=True, kw_only=True)
class Schedules:
    """All schedules. Every method raises `StoreError`."""

    store: ScheduleStore
    adapters: Mapping[str, Sender]
    settings: Settings
    clock: Clock

    async def add(self, when: When, zone: ZoneInfo, request: Event) -> Schedule | None:
        """Keep a schedule of a request, whose place is where it was scheduled; None: there are too many already.

        Safe to repeat. One of the same message, as it was before an edit, is replaced. Raises `DeliveryError`.
        """
        conversation, place = await self.adapters[request.adapter].place_again(
            request.reply_to, conversation=request.conversation
        )
        schedule = Schedule(
            id=short_digest(request.adapter, request.id, when.text, request.command, request.prompt)[:_ID],
            event=replace(request, conversation=conversation, reply_to=place),
            when=when.text,
            cron=when.cron,
            zone=zone.key,
            due=when.first,
        )
        for earlier in await self.store.schedules(request.adapter, actor=request.actor.id):
            if message_of(earlier.event.id) == message_of(request.id) and earlier.id != schedule.id:
                await self.store.delete_schedule(earlier)
        most, most_here = self.settings.bot_schedules_per_person, self.settings.bot_schedules_per_workspace
        return schedule if await self.store.add_schedule(schedule, most=most, most_here=most_here) else None

    def is_too_frequent(self, when: When, zone: ZoneInfo) -> bool:
        """Return whether two of the times are closer than the operator allows."""
        if not when.cron:
            return False
        return shortest_interval(when.cron, zone, self.clock.now()) < timedelta(
            seconds=self.settings.bot_schedule_interval
        )

    async def pause(self, schedule: Schedule) -> bool:
        """Pause a schedule; False: it has changed meanwhile."""
        return await self.store.change_schedule(replace(schedule, due=None, pause="asked"), was=schedule)

    async def resume(self, schedule: Schedule) -> Schedule | None:
        """Resume a schedule from now on; None: it has changed meanwhile."""
        resumed = replace(
            schedule, due=next_time(schedule.cron, ZoneInfo(schedule.zone), self.clock.now()), pause="", failures=0
        )
        return resumed if await self.store.change_schedule(resumed, was=schedule) else None

    async def move(self, schedule: Schedule, zone: ZoneInfo) -> Schedule | None:
        """Read the times of a schedule in another time zone; None: it has changed meanwhile, or its time is over."""
        now = self.clock.now()
        if schedule.cron:
            first = next_time(schedule.cron, zone, now)
        else:
            try:
                found = read_when(schedule.when, zone, now)
            except TimeIsOver:
                found = None
            if found is None:
                return None
            first = found[0].first
        moved = replace(schedule, zone=zone.key, due=None if schedule.due is None else first)
        return moved if await self.store.change_schedule(moved, was=schedule) else None

    def next_times(self, schedule: Schedule, count: int) -> Sequence[datetime]:
        """Return the next times of a schedule; none while it is paused."""
        if schedule.due is None:
            return ()
        if not schedule.cron:
            return (schedule.due,)
        later = islice(times_after(schedule.cron, ZoneInfo(schedule.zone), schedule.due), count - 1)
        return (schedule.due, *later)
