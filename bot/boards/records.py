"""Storage of films and duels."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from bot.models import Event
from bot.ports import KeyValues, Owner
from bot.values import valueclass

T = TypeVar("T")


@cache
def _codec(kind: Any) -> TypeAdapter[Any]:
    """Return the codec of a type, made when it is first needed: that takes milliseconds."""
    return TypeAdapter(kind)


@valueclass(frozen=True, slots=True)
class Records(Generic[T]):
    """Values of one type in the database, by namespace and name. Every method raises `StoreError`."""

    values: KeyValues
    kind: type[T]
    days: int  #: that a value is kept after its last change; 0: for ever

    @property
    def codec(self) -> TypeAdapter[T]:
        """The converter of values to JSON and back."""
        return _codec(self.kind)  # type: ignore[arg-type]  # a type can be hashed

    async def find(self, namespace: str, name: str) -> T | None:
        """Return a value; None: there is none such."""
        text = await self.values.namespace(namespace).get(name)
        return None if text is None else self.codec.validate_json(text)

    async def all(self, namespace: str) -> Sequence[T]:
        """Return every value of a namespace."""
        return [self.codec.validate_json(text) for text in (await self.values.namespace(namespace).items()).values()]

    async def save(self, namespace: str, name: str, value: T, event: Event) -> None:
        """Keep a value, which goes when the author of `event` is forgotten."""
        text = self.codec.dump_json(value, exclude_defaults=True).decode()
        owner = Owner.of(event, conversation=event.conversation)
        await self.values.namespace(namespace).set(name, text, expires=self.expiry(), owner=owner)

    def expiry(self) -> datetime | None:
        """Return when a value that is changed now expires; None: never."""
        return datetime.now(UTC) + timedelta(days=self.days) if self.days else None
