"""Notices of refusals: one that a person has just read is not repeated, so that nobody makes the service talk."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.limits import utc_now
from bot.models import Event
from bot.policy.policy import Refusal
from bot.ports import KeyValues, Owner

_CACHED = 10_000
_MINUTE = timedelta(minutes=1)


class RefusalNotices:
    """The refusals that each person has read, kept in the store: the same in every process and after a restart."""

    def __init__(self, values: KeyValues, now: Callable[[], datetime] = utc_now) -> None:
        self._values = values
        self._now = now
        #: The event that each refusal was said to, and until when it is not said again. In front of the store, as
        #: several events of a person may be refused at the same time.
        self._said: OrderedDict[tuple[str, ...], tuple[str, datetime]] = OrderedDict()

    async def once(self, event: Event, refusal: Refusal) -> Refusal:
        """Return the refusal, silent where its person has read it lately. Raises `StoreError`.

        The same event is refused with the same words again, as platforms deliver events again.
        """
        if refusal.silent:
            return refusal
        now = self._now()
        namespace, name = f"refusals:{event.adapter}:{event.actor.id}", _name(event, refusal)
        key = (namespace, name)
        values = self._values.namespace(namespace)
        said_to = self._find(key, now) or await values.get(name) or self._find(key, now)
        if not said_to:
            until = now + (_MINUTE if refusal.once_a == "minute" else _until_tomorrow(now))
            said_to = event.id
            self._keep(key, said_to, until)
            owner = Owner.of(event)
            await values.set(name, said_to, expires=until, owner=owner)
        return refusal if said_to == event.id else Refusal("", silent=True)

    def _find(self, key: tuple[str, ...], now: datetime) -> str:
        event, until = self._said.get(key, ("", now))
        return event if now < until else ""

    def _keep(self, key: tuple[str, ...], event: str, until: datetime) -> None:
        self._said[key] = (event, until)
        self._said.move_to_end(key)
        if len(self._said) > _CACHED:
            self._said.popitem(last=False)


def _until_tomorrow(now: datetime) -> timedelta:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=1) - now


def _name(event: Event, refusal: Refusal) -> str:
    """A stranger reads one refusal for all channels and reasons; a limit is the same in every channel."""
    if event.actor.is_stranger:
        return "stranger"
    return refusal.reason if refusal.once_a == "minute" else f"{event.location.channel} {refusal.reason}"
