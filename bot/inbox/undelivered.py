"""Undelivered answers: a retry of such an event delivers its answer without generating it again."""

from datetime import timedelta

from bot.models import Event
from bot.ports import KeyValues, Namespace, Owner
from bot.values import valueclass


@valueclass(frozen=True, slots=True)
class UndeliveredAnswers:
    """The events whose committed answer was not delivered. Every method raises `StoreError`."""

    values: KeyValues
    retention_days: int  #: days after which the answers are erased; 0: never

    async def add(self, event: Event) -> None:
        """Record that the answer to an event was not delivered."""
        expires = event.received_at + timedelta(days=self.retention_days) if self.retention_days else None
        owner = Owner.of(event, conversation=event.conversation)
        await self._of(event).set(event.id, "undelivered", expires=expires, owner=owner)

    async def has(self, event: Event) -> bool:
        """Return whether the answer to an event was not delivered."""
        return await self._of(event).get(event.id) is not None

    async def pop(self, event: Event) -> bool:
        """Return whether the answer of the event that this one repeats is undelivered, and forget that."""
        if not event.replaces:
            return False
        namespace = self._of(event)
        if await namespace.get(event.replaces) is None:
            return False
        await namespace.delete(event.replaces)
        return True

    def _of(self, event: Event) -> Namespace:
        return self.values.namespace(f"undelivered:{event.adapter}:{event.conversation}")
