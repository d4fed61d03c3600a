"""The times at which people last caught up with a channel; erased with the people."""

from datetime import UTC, datetime, timedelta

from bot.models import Event
from bot.ports import KeyValues, Namespace, Owner, within
from bot.values import valueclass

_KEPT = timedelta(days=365)


@valueclass(frozen=True, slots=True)
class Visits:
    """The last `/catchup` of each person in each channel. Every method raises `StoreError`."""

    values: KeyValues

    async def last(self, event: Event) -> datetime | None:
        """Return up to when the person has caught up before this event; None: they have not."""
        at, name, before = await self._read(event)
        found = before if name == event.id else at
        return datetime.fromtimestamp(float(found), UTC) if found else None

    async def note(self, event: Event, until: datetime) -> None:
        """Note that the person has caught up until then. Safe to repeat."""
        at, name, before = await self._read(event)
        value = f"{until.timestamp()} {event.id} {before if name == event.id else at}"
        expires = datetime.now(UTC) + _KEPT
        await self._of(event).set(_place(event), value, expires=expires, owner=Owner.of(event))

    async def _read(self, event: Event) -> tuple[str, str, str]:
        """Return the time, the event that noted it, and the time before that."""
        at, name, before = ((await self._of(event).get(_place(event)) or "") + "  ").split(" ")[:3]
        return at, name, before

    def _of(self, event: Event) -> Namespace:
        return self.values.namespace(within(event.location.workspace, f"caught-up:{event.adapter}:{event.actor.id}"))


def _place(event: Event) -> str:
    """Return the thread that is read, else the channel: a thread that the event itself begins has nothing to read."""
    thread = event.location.thread
    is_begun = bool(thread) and event.id.endswith(thread)
    return (not is_begun and thread) or event.location.channel or event.conversation
