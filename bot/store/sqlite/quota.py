"""The figures of quotas, in memory; valid as one process makes all changes of the database."""

from collections import Counter, OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.models import Event, QuotaRequest, Usage
from bot.store.shared import codec
from bot.store.shared import quota as rule
from bot.store.shared.quota import QuotaFigures, find_exceeded

Person = tuple[str, str]  #: adapter and actor, as keys


def person_of(event: Event) -> Person:
    """Return the key of the person who sent an event."""
    return codec.to_key(event.adapter), codec.to_key(event.actor.id)


#: People whose requests of the last minute are known.
_PEOPLE = 10_000

_ITEMS = """
SELECT coalesce(sum(items), 0)
    + coalesce((SELECT items FROM allowances WHERE person = :person AND day = :today), 0)
FROM usage WHERE hour >= :hour AND adapter = :adapter AND actor = :actor
"""
#: What was spent each day on each kind, and the dearest of one item or request.
_COST = "SELECT hour / 24 AS day, kind, sum(cost), max(price) FROM usage WHERE hour >= :hour GROUP BY day, kind"


@dataclass(frozen=True, slots=True)
class Reservation:
    """The files and money that a counted request may use until it is answered."""

    person: Person
    kind: str  #: "": it spends nothing that is limited
    items: int
    at: float = 0.0  #: when it was counted against the requests of a minute, seconds since 1970; 0: it was not

    @property
    def amount(self) -> int:
        """The number of items that it may pay for."""
        return max(self.items, 1)


class QuotaLedger:
    """Counts requests and what they use. `read` reads rows; `now` is the time in seconds since 1970.

    Call `load` before `count`. All methods but `load` are synchronous, so that no other request comes between.
    """

    def __init__(
        self, read: Callable[[str, dict[str, object]], Awaitable[list[Any]]], now: Callable[[], float]
    ) -> None:
        self._read = read
        self._now = now
        self._recent: OrderedDict[Person, deque[float]] = OrderedDict()
        self._today = 0
        self._items: dict[Person, int] = {}  #: of finished requests today
        self._cost: float | None = None  #: of finished requests today
        self._prices: dict[str, float] = {}
        self._writes = 0  #: changes of usage so far
        self._open: dict[int, Reservation] = {}  #: of unanswered events by sequence number
        self._next: dict[int, Reservation] = {}  #: of running events that are about to be reopened, beside the first
        self._open_items: Counter[Person] = Counter()
        self._open_amounts: Counter[str] = Counter()

    async def load(self, person: Person, number: int, *, items: bool, cost: bool) -> None:
        """Read today's number of files of a person and today's costs, as far as needed and not known yet.

        `number`: the person's `hash_person`. Raises `StoreError`.
        """
        self._turn_day()
        while items and person not in self._items:
            writes, today = self._writes, self._today
            values = {"person": number, "today": today, "hour": today * 24, "adapter": person[0], "actor": person[1]}
            (row,) = await self._read(_ITEMS, values)
            self._turn_day()
            if (writes, today) == (self._writes, self._today):  # else the row may lack what was written meanwhile
                self._items[person] = int(row[0])
        while cost and self._cost is None:
            writes, today = self._writes, self._today
            rows = await self._read(_COST, {"hour": (today - rule.PRICE_DAYS) * 24})
            self._turn_day()
            if (writes, today) == (self._writes, self._today):
                self._cost = sum(spent for day, _, spent, _ in rows if day >= today)
                for _, kind, _, price in rows:
                    self._learn(kind, price)

    async def priced(self, event: Event, usage: Sequence[Usage]) -> list[Usage]:
        """Give estimates the dearest known price of their kind. Raises `StoreError`."""
        if any(used.is_estimate for used in usage):
            await self.load(person_of(event), 0, items=False, cost=True)
        return [
            replace(used, cost=self._prices.get(used.kind, 0.0) * max(used.items, used.requests))
            if used.is_estimate
            else used
            for used in usage
        ]

    def items(self, person: Person) -> int:
        """Return the number of files made today and being made for a person."""
        return self._items.get(person, 0) + self._open_items[person]

    def count(self, quota: QuotaRequest, person: Person, *, instead_of: int = 0) -> Reservation:
        """Count a request and reserve what it may use. Raises `OverLimit`.

        `instead_of`: sequence number of the event whose reservation it is to replace.
        """
        self._turn_day()
        old = self._open.get(instead_of)
        if old is not None:
            self._remove(old)
        try:
            now = self._now()
            exceeded = find_exceeded(quota, self._figures(quota, person, now), now)
        finally:
            if old is not None:
                self._add(old)
        if exceeded is not None:
            raise exceeded
        if quota.requests_per_minute:
            recent = self._recent.setdefault(person, deque())
            recent.append(now)
            self._recent.move_to_end(person)
            if len(self._recent) > _PEOPLE:
                self._recent.popitem(last=False)
        at = now if quota.requests_per_minute else 0.0
        uses_what_is_limited = quota.media_per_day > 0 or quota.budget_per_day > 0
        kind, items = (quota.kind or "", quota.items) if uses_what_is_limited else ("", 0)
        reservation = Reservation(person, kind, items, at)
        self._add(reservation)
        return reservation

    def take_back(self, reservation: Reservation) -> None:
        """Undo `count` for a request that was not recorded."""
        self._remove(reservation)
        recent = self._recent.get(reservation.person)
        if recent is not None and reservation.at in recent:
            recent.remove(reservation.at)

    def release(self, reservation: Reservation) -> None:
        """Drop the reservation of a counted request whose event has an answer already."""
        self._remove(reservation)

    def open(self, seq: int, reservation: Reservation) -> None:
        """Assign a counted reservation to its event, in place of its earlier one."""
        self.close(seq)
        self._open[seq] = reservation

    def open_next(self, seq: int, reservation: Reservation) -> None:
        """Keep a counted reservation until its running event is answered and reopened."""
        self.drop_next(seq)
        self._next[seq] = reservation

    def drop_next(self, seq: int) -> None:
        """Release the reservation of an event that is not reopened after all."""
        reservation = self._next.pop(seq, None)
        if reservation is not None:
            self._remove(reservation)

    def reopen(self, seq: int, reservation: Reservation) -> None:
        """Reserve what an event may use that is answered again, or that an earlier process recorded."""
        self.drop_next(seq)
        if seq not in self._open and (reservation.kind or reservation.items):
            self._open[seq] = reservation
            self._add(reservation)

    def close(self, seq: int) -> None:
        """Drop the reservation of an event that is answered or erased."""
        reservation = self._open.pop(seq, None)
        if reservation is not None:
            self._remove(reservation)

    def use(self, event: Event, usage: Sequence[Usage]) -> None:
        """Count usage that was stored for an event."""
        self._writes += 1
        if self._cost is None and not self._items:  # nothing was read yet, and later reads include it
            return
        self._turn_day()
        person = person_of(event)
        for used in usage:
            self._learn(used.kind, used.cost / max(used.items, used.requests, 1))
            if self._cost is not None:
                self._cost += used.cost
            if person in self._items:
                self._items[person] += used.items

    def _figures(self, quota: QuotaRequest, person: Person, now: float) -> QuotaFigures:
        recent = self._recent.get(person, deque())
        while recent and recent[0] <= now - rule.MINUTE:
            recent.popleft()
        kind = quota.kind or ""
        reserved = sum(self._prices.get(one, 0.0) * amount for one, amount in self._open_amounts.items())
        return QuotaFigures(
            recent=recent,
            items=self.items(person),
            cost=(self._cost or 0.0) + reserved,
            price=self._prices.get(kind),
            is_open=self._open_amounts[kind] > 0,
        )

    def _add(self, reservation: Reservation) -> None:
        self._open_items[reservation.person] += reservation.items
        if reservation.kind:
            self._open_amounts[reservation.kind] += reservation.amount

    def _remove(self, reservation: Reservation) -> None:
        self._open_items[reservation.person] -= reservation.items
        if not self._open_items[reservation.person]:
            del self._open_items[reservation.person]
        if reservation.kind:
            self._open_amounts[reservation.kind] -= reservation.amount

    def _learn(self, kind: str, price: float) -> None:
        self._prices[kind] = max(price, self._prices.get(kind, 0.0))

    def _turn_day(self) -> None:
        today = rule.day_of(self._now())
        if today != self._today:
            self._today = today
            self._items.clear()
            self._cost = None
