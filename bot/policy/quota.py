"""How much of a day is used up: finished usage from the store, and what has been admitted since."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.models import Event, Kind, Usage
from bot.ports import Store

MEDIA_KINDS = frozenset({"image", "audio", "video"})
#: Days looked back for what a request of a kind costs.
_PRICE_DAYS = 30
#: A reservation that nobody settles (a request that was stopped while it waited) ends by itself.
_RESERVED_FOR = timedelta(hours=1)

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Reservation:
    """What an admitted request may still use."""

    person: Key
    kind: Kind
    items: int
    until: datetime


@dataclass(slots=True)
class Ledger:
    """Today's usage in UTC. `load` before reading; everything else is immediate, so that no request slips between."""

    store: Store
    _day: datetime | None = None
    _media: dict[Key, int] = field(default_factory=dict)  # finished today, by (adapter, person)
    _cost: float | None = None  # of everybody's finished requests today
    _prices: dict[Kind, float] = field(default_factory=dict)  # the dearest seen for one item or request
    _reserved: dict[Key, Reservation] = field(default_factory=dict)  # by (adapter, event id)
    _settled: int = 0

    async def load_media(self, person: Key, now: datetime) -> None:
        """Make `media` true for a person. Raises `StoreError`."""
        self._turn_day(now)
        while person not in self._media:
            settled = self._settled
            rows = await self.store.usage(since=_midnight(now), actor=person[1], adapter=person[0])
            # Something was settled meanwhile: nobody knows whether the rows have it.
            if settled == self._settled:
                self._media.setdefault(person, sum(row.items for row in rows if row.kind in MEDIA_KINDS))

    async def load_cost(self, now: datetime) -> None:
        """Make `cost` and `price` true. Raises `StoreError`."""
        self._turn_day(now)
        today = _midnight(now)
        while self._cost is None:
            settled = self._settled
            rows = await self.store.usage(since=today - timedelta(days=_PRICE_DAYS))
            if settled == self._settled and self._cost is None:
                self._cost = sum(row.cost for row in rows if row.day >= today.date().isoformat())
                for row in rows:
                    self._learn(row.kind, row.cost / max(row.items, row.requests, 1))

    def media(self, person: Key, now: datetime) -> int:
        """Files made today and being made for a person."""
        reserved = sum(r.items for r in self._open(now) if r.person == person and r.kind in MEDIA_KINDS)
        return self._media.get(person, 0) + reserved

    def cost(self, now: datetime) -> float:
        """Money spent today, and what is being made at the dearest price seen."""
        reserved = sum(self._prices.get(r.kind, 0.0) * r.items for r in self._open(now))
        return (self._cost or 0.0) + reserved

    def price(self, kind: Kind) -> float | None:
        """The dearest seen for one request or file of a kind; None: none was ever finished."""
        return self._prices.get(kind)

    def is_open(self, kind: Kind, now: datetime) -> bool:
        """Whether a request of this kind is being answered."""
        return any(r.kind == kind for r in self._open(now))

    def reserve(self, event: Event, kind: Kind, items: int, now: datetime) -> None:
        """Count an admitted request until `settle`."""
        person = (event.adapter, event.actor.id)
        self._reserved[event.adapter, event.id] = Reservation(person, kind, items, now + _RESERVED_FOR)

    def settle(self, event: Event, usage: Sequence[Usage], now: datetime) -> None:
        """Replace an event's reservation by what it used; the store has it already."""
        self._reserved.pop((event.adapter, event.id), None)
        self._turn_day(now)
        self._settled += 1
        person = (event.adapter, event.actor.id)
        for used in usage:
            self._learn(used.kind, used.cost / max(used.items, used.requests, 1))
            if self._cost is not None:
                self._cost += used.cost
            if used.kind in MEDIA_KINDS and person in self._media:
                self._media[person] += used.items

    def _learn(self, kind: Kind, price: float) -> None:
        self._prices[kind] = max(price, self._prices.get(kind, 0.0))

    def _open(self, now: datetime) -> list[Reservation]:
        for key in [key for key, reservation in self._reserved.items() if reservation.until <= now]:
            del self._reserved[key]
        return list(self._reserved.values())

    def _turn_day(self, now: datetime) -> None:
        if self._day != _midnight(now):
            self._day = _midnight(now)
            self._media.clear()
            self._cost = None


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def until_tomorrow(now: datetime) -> float:
    """Seconds until the day's limits start anew."""
    return (_midnight(now) + timedelta(days=1) - now).total_seconds()
