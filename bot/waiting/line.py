"""Shows people whose requests wait for their turn at which place they are, and about how long it takes.

The process that has recorded a request does it, until the request begins or is answered, in whichever process. Nothing
is done for what begins within a second: a request is noted when it is recorded and struck off when it is claimed, both
in memory. The others are looked up together. The place is shown in a draft of the answer, which the answer goes on
with. Behind an earlier question of the same conversation nothing is shown: a message would be above that one's answer,
and stay there where its process is killed. Nor is anything shown of a private request, as others would see it.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial

import structlog

from bot.background import BackgroundTasks
from bot.concurrency.delivery_timeout import DeliveryTimeout
from bot.concurrency.shared_timer import SharedTimer
from bot.errors import DeliveryError, StoreError
from bot.models import Event, Job, Lane
from bot.ports import Confirm, EventKey, PlatformDraft, QueuePlace, Sender, WaitingEvents
from bot.waiting.recent_durations import RecentDurations
from bot.waiting.sentences import describe
from bot.waiting.timing import WaitingTiming

log = structlog.get_logger(__name__)

#: Requests whose place is being shown at the same time: the rest of the platforms' rates is for answers. Chosen.
_SHOWN_AT_ONCE = 8
#: Pause after a look at the queue, in lengths of that look: looks take at most some 5 % of the time; chosen.
_LOOK_PAUSE = 20


@dataclass(slots=True, eq=False)
class _Ownership:
    """Confirms that a request may be shown."""

    check: Confirm

    async def confirm(self) -> None:
        """See `bot.ports.Confirm`."""
        await self.check()


@dataclass(slots=True, eq=False)
class _Waiting:
    """A request that was recorded here and has not begun here."""

    event: Event
    lane: Lane
    look_at: float = math.inf  #: monotonic; not before it is recorded
    draft: PlatformDraft | None = None  #: from when its place is shown
    place: QueuePlace | None = None  #: as shown
    shown_at: float = 0.0  #: monotonic
    shown: int = 0  #: how often, tries that failed included
    is_showing: bool = False
    opened: _Ownership | None = None  #: of the draft, while that is being opened


@dataclass(slots=True, eq=False)
class WaitingLine:
    """The requests of this process that wait for their turn."""

    events: WaitingEvents
    confirm_running: Callable[[Job], Awaitable[None]]  #: that a request which has begun is this process's
    adapters: Mapping[str, Sender]
    timing: WaitingTiming
    on_doubt: Callable[[str, str], None]  #: for adapter and id of an event
    durations: RecentDurations = field(default_factory=RecentDurations)
    _waiting: dict[EventKey, _Waiting] = field(default_factory=dict)
    _is_used: asyncio.Event = field(default_factory=asyncio.Event)  #: a request may wait: a quiet process has no timer
    _timer: SharedTimer = field(default_factory=SharedTimer)
    _tasks: BackgroundTasks = field(default_factory=lambda: BackgroundTasks("places in the queue"))

    def note(self, event: Event, lane: Lane, *, is_private: bool) -> None:
        """Note a request that is about to be recorded, and may be claimed before that has returned."""
        if not is_private:
            self._is_used.set()
            self._waiting.setdefault((event.adapter, event.id), _Waiting(event, lane))

    def recorded(self, event: Event) -> None:
        """Look after a request from now on, unless it begins within a second; one that was not recorded is dropped."""
        waiting = self._waiting.get((event.adapter, event.id))
        if waiting is not None and math.isinf(waiting.look_at):
            waiting.look_at = time.monotonic() + self.timing.look

    def take(self, job: Job) -> PlatformDraft | None:
        """Strike off a request that begins here, or is none; return its draft, if its place was shown."""
        waiting = self._waiting.pop((job.event.adapter, job.event.id), None)
        if waiting is None:
            return None
        if waiting.opened is not None:  # it is the answer's draft, too, and may get this confirm after the answer's
            waiting.opened.check = partial(self.confirm_running, job)
        return waiting.draft

    async def run(self) -> None:
        """Look after what waits, until cancelled."""
        pause = self.timing.look
        try:
            while True:
                await self._is_used.wait()
                await asyncio.sleep(pause)
                pause = self.timing.look
                if not self._waiting:
                    self._is_used.clear()
                    continue
                now = time.monotonic()
                if due := [key for key, waiting in self._waiting.items() if waiting.look_at <= now]:
                    await self._look(due)
                    # In a long queue it takes a while: most of the database's time is for answers.
                    pause = max(pause, _LOOK_PAUSE * (time.monotonic() - now))
        finally:
            await self._tasks.close()

    async def _look(self, due: Collection[EventKey]) -> None:
        try:
            places = await self.events.places(due)
        except StoreError as exc:
            log.warning("places in the queue not read", reason=str(exc))
            return
        shown: list[tuple[float, _Waiting, QueuePlace]] = []
        now = time.monotonic()
        for key in due:
            place, waiting = places.get(key), self._waiting.get(key)
            if waiting is None or waiting.is_showing:
                continue
            if place is None:  # another process has it, or it was answered, erased or taken back
                del self._waiting[key]
            elif self._is_due(waiting, place, now):
                shown.append((waiting.shown_at, waiting, place))
        shown.sort(key=lambda one: one[:1])
        for _, waiting, place in shown[: max(_SHOWN_AT_ONCE - len(self._tasks), 0)]:
            waiting.is_showing = True
            self._tasks.start(self._show(waiting, place))

    def _is_due(self, waiting: _Waiting, place: QueuePlace, now: float) -> bool:
        """Whether a place is to be shown now: less and less often, the longer the request waits."""
        if place.follows and waiting.lane is Lane.CONVERSATION:
            return False
        pause = self.timing.edit * waiting.shown if place != waiting.place else self.timing.repeat
        return not waiting.shown or now - waiting.shown_at >= pause

    async def _show(self, waiting: _Waiting, place: QueuePlace) -> None:
        event, key = waiting.event, (waiting.event.adapter, waiting.event.id)
        confirm = partial(self.events.confirm_waiting, *key)
        seconds = self.durations.expected_wait(event.command, place)
        try:
            await confirm()
            if self._waiting.get(key) is not waiting:  # it has begun here meanwhile: the draft is the answer's
                return
            with DeliveryTimeout(self.timing.step, self._timer):
                draft = await self._open_draft(waiting, confirm)
                if self._waiting.get(key) is not waiting:
                    return
                waiting.draft = draft
                text = describe(place, seconds, event.actor.locale)
                posted = partial(confirm, is_posted=True)
                await draft.show_place(text, follows=place.follows, before_message=posted)
            waiting.place = place
            if self._waiting.get(key) is waiting:
                await self._confirm_after(key, confirm)
        except (DeliveryError, StoreError) as exc:  # it begins just now, or the platform is busy
            log.debug("place in the queue not shown", event_id=event.id, reason=str(exc))
        finally:
            waiting.is_showing, waiting.shown_at, waiting.shown = False, time.monotonic(), waiting.shown + 1

    async def _open_draft(self, waiting: _Waiting, confirm: Confirm) -> PlatformDraft:
        """Open the draft of a request, which may begin meanwhile."""
        event, waiting.opened = waiting.event, (ownership := _Ownership(confirm))
        place = event.answer_to or event.reply_to
        try:
            return await self.adapters[event.adapter].draft(
                place, key=event.id, ref=None, private=False, confirm=ownership.confirm
            )
        finally:
            waiting.opened = None

    async def _confirm_after(self, key: EventKey, confirm: Confirm) -> None:
        """See to it that nothing stays which was shown after another process had begun to answer."""
        try:
            await confirm()
        except StoreError:
            self.on_doubt(*key)
            raise
