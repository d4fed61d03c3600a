"""Makes the request of a schedule that is due, once, in whichever process, and sets its next time.

Each due time ends in an event whose id names the schedule and the time: the request, or a sentence that it was
missed. It is recorded first, then the schedule goes on; after a crash between the two, the id is known already.
"""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from bot.conversation.single_use import ONCE
from bot.errors import DeliveryDelayed, DeliveryRefused
from bot.events.locks import EventLocks
from bot.events.notice import NOTICE, make_beside
from bot.i18n import translate
from bot.inbox.inbox import Inbox
from bot.models import Action, Actor, Answer, Event, Lane
from bot.ports import Adapter, EventQueue, Journal, PauseReason, Schedule, ScheduleStore
from bot.scheduler.timing import ScheduleTiming
from bot.schedules.reminders import read_reminder
from bot.schedules.texts import change_action, heading, sentence
from bot.schedules.times import last_time, next_time
from bot.values import valueclass

log = structlog.get_logger(__name__)

#: Times in a row at which a request could not be made, before its schedule is paused.
MOST_FAILURES = 3


class FiringStore(ScheduleStore, Journal, EventQueue, Protocol):
    """The part of the store that the making of scheduled requests needs."""


@valueclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """Makes scheduled requests. Every method raises `StoreError`."""

    store: FiringStore
    adapters: Mapping[str, Adapter]
    inbox: Inbox
    grace: timedelta  #: how late a request is still made
    timing: ScheduleTiming
    locks: EventLocks = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "locks", EventLocks(self.store))

    async def fire(self, found: Schedule) -> None:
        """Make the request of a schedule, if it is still due. Raises `DeliveryError`: try again later."""
        adapter = found.event.adapter
        async with self.locks.hold(adapter, f"schedule/{found.id}"):
            schedule = await self.store.find_schedule(adapter, found.id)
            now = self.timing.clock.now()
            if schedule is None or schedule.due is None or schedule.due > now:
                return
            zone = ZoneInfo(schedule.zone)
            following = next_time(schedule.cron, zone, now) if schedule.cron else None
            event_id = _event_id(schedule)
            made = await self.store.job(adapter, event_id)
            after = replace(schedule, due=following, last=event_id)
            if made is None:
                after = await self._make(after, schedule, event_id, now)
            if schedule.cron:
                await self.store.change_schedule(after, was=schedule)
            else:
                await self.store.delete_schedule(schedule)
            log.info("scheduled", schedule=schedule.id, adapter=adapter, event_id=event_id, pause=after.pause)

    async def _make(self, after: Schedule, schedule: Schedule, event_id: str, now: datetime) -> Schedule:
        """Make the request, or say why not; return the schedule as it goes on."""
        assert schedule.due is not None
        due = schedule.due
        if schedule.cron:
            due = last_time(schedule.cron, ZoneInfo(schedule.zone), due, now)
        if now - due > self.grace:
            await self._say_missed(after, schedule, event_id)
            return after
        gone = await self._find_gone(schedule)
        if gone:
            return await self._pause(after, schedule, event_id, gone)
        failures = schedule.failures + 1 if await self._has_failed(schedule) else 0
        if failures >= MOST_FAILURES:
            return await self._pause(replace(after, failures=failures), schedule, event_id, "failing")
        is_late = (now - due).total_seconds() > self.timing.late
        refused = await self._offer(schedule, event_id, now, late=due if is_late else None)
        if not refused:
            return replace(after, failures=failures)
        after = replace(after, failures=schedule.failures + 1)
        if after.failures >= MOST_FAILURES:
            return await self._pause(after, schedule, event_id, "failing", refused)
        if after.failures == 1:
            await self._tell_author(after, event_id, sentence("refused", after, reason=refused))
        return after

    async def _offer(self, schedule: Schedule, event_id: str, now: datetime, *, late: datetime | None) -> str:
        """Record the request; return why it is refused, "" where it is not."""
        asked = schedule.event
        adapter = self.adapters[asked.adapter]
        author = await self._find_author(asked)
        conversation, place = await adapter.place_again(
            asked.reply_to, conversation=_conversation(schedule), heading=heading(schedule)
        )
        spec = self.inbox.registry.find_spec(asked.command)
        is_private = spec is not None and spec.is_private(asked.options) and not asked.location.is_private
        try:
            answer_to = await self._private_place(asked, conversation) if is_private else {}
        except DeliveryRefused:
            return translate("schedule.no_direct", asked.actor.locale)
        event = replace(
            asked,
            id=event_id,
            conversation=conversation,
            actor=replace(author, locale=asked.actor.locale, time_zone=schedule.zone),
            reply_to=place,
            answer_to=answer_to,
            received_at=now,
            footnote=sentence("by" if late is None else "late", schedule, due=late),
        )
        instead = None
        if words := read_reminder(event):
            text = sentence("reminder", schedule, words=words)
            text = text if late is None else f"{text}\n\n{event.footnote}"  # else it says who and when already
            instead = replace(event, command=NOTICE, prompt="", options={}), Answer(text=text)
        if await self._is_deleted(schedule):
            return ""
        refusal = await self.inbox.offer(event, instead=instead)
        return "" if refusal is None else refusal.text or translate("schedule.refused_silently", event.actor.locale)

    async def _find_author(self, asked: Event) -> Actor:
        """Return the author with the roles and rights of now, not of then. Raises `DeliveryDelayed`."""
        adapter, author = self.adapters[asked.adapter], asked.actor
        found = await adapter.find_actor(asked.reply_to, author.id)
        if found is None and asked.location.workspace and adapter.kind_of(author.id) is not None:
            raise DeliveryDelayed("the platform does not tell the author's rights")
        return found or author

    async def _private_place(self, event: Event, conversation: str) -> Mapping[str, str]:
        adapter = self.adapters[event.adapter]
        return await adapter.place_beside(event.reply_to, conversation=conversation, person=event.actor.id)

    async def _find_gone(self, schedule: Schedule) -> PauseReason:
        """Return what a schedule can't go on without; "": nothing is gone. Raises `DeliveryError`."""
        event, adapter = schedule.event, self.adapters[schedule.event.adapter]
        if await adapter.is_gone(event.reply_to, event.actor.id):
            return "person"
        if event.location.is_private:
            return ""
        problem = await adapter.channel_problem(event.location.channel, reply_to=event.reply_to, person=event.actor.id)
        return "hidden" if problem == "hidden" else "channel" if problem else ""

    async def _has_failed(self, schedule: Schedule) -> bool:
        """Return whether the request that was made last has failed."""
        if not schedule.last:
            return False
        job = await self.store.job(schedule.event.adapter, schedule.last)
        if job is None or job.answer is None:
            return False
        is_refused = job.answer.is_failure or job.answer.ending == "refused"
        return is_refused or await self.inbox.undelivered.has(job.event)

    async def _pause(
        self, after: Schedule, schedule: Schedule, event_id: str, why: PauseReason, reason: str = ""
    ) -> Schedule:
        """Pause a schedule and tell its author, who may be gone."""
        if why != "person":
            key = f"paused.{why}_because" if reason else f"paused.{why}"
            await self._tell_author(schedule, event_id, sentence(key, schedule, reason=reason), has_buttons=True)
        return replace(after, due=None, pause=why)

    async def _tell_author(self, schedule: Schedule, event_id: str, text: str, *, has_buttons: bool = False) -> None:
        """Tell the author in private, once for each time. An author who can't be reached gets no message."""
        event, locale = schedule.event, schedule.event.actor.locale
        conversation = _conversation(schedule)
        try:
            place = await self._private_place(event, conversation)
        except DeliveryRefused as exc:
            log.warning("author not reached", schedule=schedule.id, reason=str(exc))
            return
        acts = ("resume", "delete") if has_buttons and schedule.cron else ()
        actions = tuple(change_action(schedule, act, locale) for act in acts)
        notice = make_beside(event, event_id, place, conversation)
        if not await self._is_deleted(schedule):
            await self.store.record(notice, lane=Lane.FREE, answer=Answer(text=text, actions=actions))

    async def _say_missed(self, after: Schedule, schedule: Schedule, event_id: str) -> None:
        """Say where the answer would have been that it was missed, and when the next comes."""
        event = schedule.event
        conversation, place = await self.adapters[event.adapter].place_again(
            event.reply_to, conversation=_conversation(schedule)
        )
        spec = self.inbox.registry.find_spec(event.command)
        try:
            if spec is not None and spec.is_private(event.options) and not event.location.is_private:
                place = await self._private_place(event, conversation)
        except DeliveryRefused as exc:
            log.warning("author not reached", schedule=schedule.id, reason=str(exc))
            return
        notice = make_beside(event, event_id, place, conversation)
        key = "missed" if after.due else "missed_once"
        text = sentence(key, schedule, due=schedule.due, following=after.due)
        now = Action(
            name=ONCE,
            label=translate("schedule.button.now", event.actor.locale),
            command=event.command,
            prompt=event.prompt,
            options=event.options,
        )
        if not await self._is_deleted(schedule):
            await self.store.record(notice, lane=Lane.FREE, answer=Answer(text=text, actions=(now,)))

    async def _is_deleted(self, schedule: Schedule) -> bool:
        """Return whether a schedule was deleted, or erased with its author, while the platform was asked."""
        return await self.store.find_schedule(schedule.event.adapter, schedule.id) is None


def _event_id(schedule: Schedule) -> str:
    assert schedule.due is not None
    return f"schedule/{schedule.id}/{int(schedule.due.timestamp())}"


def _conversation(schedule: Schedule) -> str:
    """Return the key of the conversation that the answer of a time begins in a channel."""
    assert schedule.due is not None
    return f"s{schedule.id}{int(schedule.due.timestamp()):x}"
