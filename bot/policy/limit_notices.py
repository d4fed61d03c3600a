"""Private notices that a limit is nearly used up: one for each limit, window and person."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import structlog

from bot.background import BackgroundTasks
from bot.errors import DeliveryError, StoreError
from bot.events.notice import make_beside
from bot.i18n import translate
from bot.limits import NEAR, Limit, NearLimit, Subject, utc_now, window_end
from bot.models import Answer, Event, Lane
from bot.policy.quota import describe_amount, format_duration
from bot.ports import EventQueue, KeyValues, Owner, Sender
from bot.spending.limits import to_units
from bot.values import valueclass

log = structlog.get_logger(__name__)


@valueclass(frozen=True, slots=True, kw_only=True)
class LimitNotices:
    """Tells people in private that a limit of a day or month is nearly used up.

    The notices that a person has read are kept in the store until the window ends. Of several processes that tell it at
    the same time one does, as the message is an event with an id of its own.
    """

    queue: EventQueue
    values: KeyValues
    adapters: Mapping[str, Sender]
    zone: ZoneInfo  #: in which days and months begin
    background: BackgroundTasks
    now: Callable[[], datetime] = utc_now

    def tell(self, event: Event, near: Sequence[NearLimit]) -> None:
        """Tell the author of a request that was admitted, unless they know. Returns at once."""
        self.background.start(self._tell(event, near))

    async def _tell(self, event: Event, near: Sequence[NearLimit]) -> None:
        values = self.values.namespace(f"near-limits:{event.adapter}:{event.actor.id}")
        owner = Owner.of(event)
        now = self.now().timestamp()
        try:
            known = await values.items()
            for one in near:
                ends = window_end(one.limit.period, now, self.zone)
                name = _name(one.limit, event, ends)
                if name not in known:
                    await self._record(event, one, name, ends - now)
                    await values.set(name, "", expires=datetime.fromtimestamp(ends, UTC), owner=owner)
        except (StoreError, DeliveryError) as exc:  # the next request tries again
            log.warning("no notice of a limit", reason=str(exc))

    async def _record(self, event: Event, one: NearLimit, name: str, seconds: float) -> None:
        conversation = f"limit{name}"
        place = await self.adapters[event.adapter].place_beside(
            event.reply_to, conversation=conversation, person=event.actor.id
        )
        notice = make_beside(event, f"limit/{event.actor.id}/{name}", place, conversation)
        await self.queue.record(notice, lane=Lane.FREE, answer=Answer(text=_text(one, seconds, event.actor.locale)))


def _name(limit: Limit, event: Event, ends: float) -> str:
    """Return a short name of a limit, of whose use it counts, and of its window."""
    place = {Subject.MEMBER: event.location.workspace, Subject.CHANNEL: event.location.channel}
    place[Subject.WORKSPACE] = event.location.workspace
    key = json.dumps([limit.subject, place.get(limit.subject, ""), limit.measure, limit.period, limit.amount, ends])
    return hashlib.sha256(key.encode()).hexdigest()[:12]


def _text(one: NearLimit, seconds: float, locale: str) -> str:
    """The usage of others is not shown: of a limit that is shared only that it is nearly used up."""
    limit = one.limit
    return translate(
        f"policy.near.{limit.subject}",
        locale,
        percent=NEAR,
        used=to_units(limit.measure, one.used),
        limit=describe_amount(limit, locale),
        wait=format_duration(seconds, locale),
    )
