"""The figures of quotas, in memory; valid as one process makes all changes of the database."""

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from bot.limits import (
    MINUTE,
    OPERATORS,
    Amounts,
    Limit,
    Measure,
    Period,
    QuotaRequest,
    Subject,
    window_end,
    window_start,
)
from bot.models import Event, Usage
from bot.store.shared import calls
from bot.store.shared.quota import HOUR, OF_SUBJECT, PRICE_DAYS, QuotaFigures, find_exceeded, find_near, is_rate
from bot.store.shared.rows import price_of_one
from bot.store.sqlite.in_memory.reservations import (
    ByKind,
    Key,
    Moment,
    Place,
    Reservation,
    Sums,
    count_usage,
    counted,
    place_of,
    to_amounts,
)

T = TypeVar("T")

#: People, channels and so on whose requests of the last minute are known.
_SUBJECTS = 10_000

_AMOUNTS = "SELECT kind, sum(requests), sum(prompt_tokens + completion_tokens), sum(items), sum(milliseconds)"
_SUMS = {
    subject: f"{_AMOUNTS}, sum(micros{' - own_micros' if subject in OPERATORS else ''}) FROM" for subject in Subject
}
_CARRIED = {
    subject: f" UNION ALL {_SUMS[subject]} carried WHERE person = :person{where} AND hour >= :hour GROUP BY kind"
    for subject, where in ((Subject.PERSON, ""), (Subject.MEMBER, " AND workspace = :workspace"))
}
_PRICES = "SELECT kind, max(price) FROM usage WHERE hour >= :hour GROUP BY kind"


class QuotaLedger:
    """Counts requests and what they use. `now` is the time in seconds since 1970, `zone` that of days and months.

    `read` reads rows after all writes before it and before those after it. Call `load` before `count`. All methods but
    `load` are synchronous, so that no other request comes between.
    """

    def __init__(
        self,
        read: Callable[[str, dict[str, object], Callable[[list[Any]], None]], Awaitable[None]],
        now: Callable[[], float],
        zone: ZoneInfo,
    ) -> None:
        self._read = read
        self._now = now
        self._zone = zone
        self._recent: OrderedDict[Key, deque[float]] = OrderedDict()
        self._moments: OrderedDict[Key, deque[Moment]] = OrderedDict()
        self._turned_at = self._turns_at = 0.0  #: when windows were last looked at, and when the first of them ends
        self._starts: dict[Period, float] = {}  #: of the present windows
        self._used: dict[Period, dict[Key, ByKind]] = {}  #: of finished requests in the present window
        self._prices: dict[str, int] | None = None  #: the highest of one item or request, by kind
        self._open: dict[int, Reservation] = {}  #: of unanswered events by sequence number
        self._calls: set[int] = set()  #: events with an open call
        self._ended: set[int] = set()  #: of those, the ones whose reservation ends with the call
        self._next: dict[int, Reservation] = {}  #: of running events that are about to be reopened
        self._reserved: dict[Key, ByKind] = {}  #: by open requests

    async def load(self, place: Place, person: int, limits: Sequence[Limit]) -> None:
        """Read what was used in the windows of these limits, as far as it is not known yet.

        `person`: the person's `hash_person`. Raises `StoreError`.
        """
        for limit in limits:
            if limit.period is Period.MINUTE:
                continue
            self._turn()
            key, used = place.key(limit.subject), self._used[limit.period]
            if key not in used:
                await self._load_used(place, person, limit, key)
            if limit.measure is Measure.MONEY:
                await self.load_prices()

    async def _load_used(self, place: Place, person: int, limit: Limit, key: Key) -> None:
        start, used = self._starts[limit.period], self._used[limit.period]
        carried = _CARRIED.get(limit.subject, "")
        sql = f"{_SUMS[limit.subject]} usage WHERE hour >= :hour AND {OF_SUBJECT[limit.subject]} GROUP BY kind{carried}"
        values = {"hour": int(start // HOUR), "person": person, **place._asdict()}

        def keep(rows: list[Any]) -> None:
            by_kind: ByKind = {}
            for kind, *sums in rows:
                requests, tokens, items, milliseconds, micros = map(int, sums)
                uses = Amounts(requests=requests, tokens=tokens, items=items, milliseconds=milliseconds, micros=micros)
                by_kind.setdefault(kind, Sums()).add(uses)
            used[key] = by_kind

        await self._read(sql, values, keep)

    async def load_prices(self) -> None:
        """Read the highest prices. Raises `StoreError`."""
        if self._prices is None:

            def keep(rows: list[Any]) -> None:
                self._prices = {kind: int(price) for kind, price in rows}

            await self._read(_PRICES, {"hour": int(self._now() // HOUR) - PRICE_DAYS * 24}, keep)

    @property
    def prices(self) -> Mapping[str, int]:
        """The highest price of one item or request, by kind; empty until `load_prices`."""
        return self._prices or {}

    async def priced(self, usage: Sequence[Usage]) -> list[Usage]:
        """Give estimates the highest known price of their kind. Raises `StoreError`."""
        if any(used.is_estimate for used in usage):
            await self.load_prices()
        return calls.priced(usage, self.prices)

    def used(self, place: Place, limits: Sequence[Limit]) -> list[int]:
        """Return what counts against each limit: what was used in its window, and what may be used by open requests."""
        now = self._now()
        return [
            len(self._recent_of(place.key(limit.subject), now)) if is_rate(limit) else self._used_of(place, limit, now)
            for limit in limits
        ]

    def count(self, quota: QuotaRequest, place: Place, *, instead_of: int = 0) -> Reservation:
        """Count a request and reserve what it may use. Raises `OverLimit`.

        `instead_of`: sequence number of the event whose reservation it is to replace.
        """
        old = self._open.get(instead_of)
        if old is not None:
            self._remove(old)
        try:
            now = self._now()
            figures = self._figures(quota, place, now)
            exceeded = find_exceeded(quota, figures, now, self._zone)
        finally:
            if old is not None:
                self._add(old)
        if exceeded is not None:
            raise exceeded
        rates = tuple({limit.subject: None for limit in quota.limits if is_rate(limit)})
        for subject in rates:
            _touch(self._recent, place.key(subject)).append(now)
        if quota.is_counted_by_the_minute:
            return Reservation(place, rates=rates, at=now)
        quota.near[:] = find_near(quota, figures)
        moment = None
        minutes = {
            limit.subject: None for limit in quota.limits if limit.period is Period.MINUTE and not is_rate(limit)
        }
        if minutes:
            moment = Moment(now, quota.uses)
            for subject in minutes:
                _touch(self._moments, place.key(subject)).append(moment)
        reservation = Reservation(place, quota.uses, rates, now, moment)
        self._add(reservation)
        return reservation

    def take_back(self, reservation: Reservation) -> None:
        """Undo `count` for a request that was not recorded."""
        self.release(reservation)
        for subject in reservation.rates:
            recent = self._recent.get(reservation.place.key(subject))
            if recent is not None and reservation.at in recent:
                recent.remove(reservation.at)

    def release(self, reservation: Reservation) -> None:
        """Drop the reservation of a counted request whose event has an answer already."""
        self._remove(reservation)
        count_usage(reservation, ())

    def open(self, seq: int, reservation: Reservation) -> None:
        """Assign a counted reservation to its event, in place of its earlier one."""
        self._close(seq, ())
        self._open[seq] = reservation

    def open_next(self, seq: int, reservation: Reservation) -> None:
        """Keep a counted reservation until its running event is answered and reopened."""
        self.drop_next(seq)
        self._next[seq] = reservation

    def drop_next(self, seq: int) -> None:
        """Release the reservation of an event that is not reopened after all."""
        reservation = self._next.pop(seq, None)
        if reservation is not None:
            self.release(reservation)

    def reopen(self, seq: int, reservation: Reservation) -> None:
        """Reserve what an event may use that is answered again, or that an earlier process recorded."""
        self.drop_next(seq)
        self._ended.discard(seq)
        if seq not in self._open and reservation.uses.kind:
            self._open[seq] = reservation
            self._add(reservation)

    def close(self, seq: int, usage: Sequence[Usage] = ()) -> None:
        """Drop the reservation of an event that is answered, with what it used, or erased.

        That of an event whose call is open still stays until `end_call`: the call may be paid for.
        """
        if seq in self._calls:
            self._ended.add(seq)
        else:
            self._close(seq, usage)

    def begin_call(self, seq: int) -> None:
        """Note that an event has an open call."""
        self._calls.add(seq)

    def end_call(self, seq: int) -> None:
        """Note that the call of an event, if it had an open one, is settled or given back."""
        self._calls.discard(seq)
        if seq in self._ended:
            self._close(seq, ())

    def _close(self, seq: int, usage: Sequence[Usage]) -> None:
        self._ended.discard(seq)
        reservation = self._open.pop(seq, None)
        if reservation is not None:
            self._remove(reservation)
            count_usage(reservation, usage)

    def use(self, event: Event, usage: Sequence[Usage]) -> None:
        """Count usage that was stored for an event."""
        self._turn()
        is_own = event.has_own_api
        read = [by_key for by_key in self._used.values() if by_key]
        keys = list(map(place_of(event).key, Subject)) if read else []
        for used in usage:
            if self._prices is not None and not is_own:
                self._prices[used.kind] = max(price_of_one(used), self._prices.get(used.kind, 0))
            for by_key in read:
                for key in keys:
                    by_kind = by_key.get(key)
                    if by_kind is not None:
                        by_kind.setdefault(used.kind, Sums()).add(counted(key, to_amounts(used, is_own=is_own)))

    def recall(self, place: Place, at: float) -> None:
        """Count a request of the last minute that an earlier process recorded."""
        for subject in Subject:
            _touch(self._recent, place.key(subject)).append(at)

    def _figures(self, quota: QuotaRequest, place: Place, now: float) -> QuotaFigures:
        self._turn()
        counted = [limit for limit in quota.limits if not is_rate(limit)]
        rates = {limit.subject for limit in quota.limits if is_rate(limit)}
        reserved = self._reserved.get(place.key(Subject.SERVICE), {}).get(quota.uses.kind)
        return QuotaFigures(
            recent={subject: self._recent_of(place.key(subject), now) for subject in rates},
            used={limit: self._used_of(place, limit, now) for limit in counted},
            price=self.prices.get(quota.uses.kind),
            is_open=reserved is not None and reserved.requests > 0,
        )

    def _recent_of(self, key: Key, now: float) -> Sequence[float]:
        recent = self._recent.get(key)
        if recent is None:
            return ()
        while recent and recent[0] <= now - MINUTE:
            recent.popleft()
        while recent and recent[-1] >= now + MINUTE:  # of a clock that was set back
            recent.pop()
        return recent

    def _used_of(self, place: Place, limit: Limit, now: float) -> int:
        key = place.key(limit.subject)
        if limit.period is Period.MINUTE:
            moments = self._moments.get(key, deque())
            while moments and moments[0].at <= now - MINUTE:
                moments.popleft()
            while moments and moments[-1].at >= now + MINUTE:
                moments.pop()
            return sum(counted(key, moment.uses).of(limit.measure) for moment in moments)
        prices = self.prices
        return sum(
            sums.amounts(kind, prices.get(kind, 0)).of(limit.measure)
            for by_key in (self._used[limit.period], self._reserved)
            for kind, sums in by_key.get(key, {}).items()
        )

    def _add(self, reservation: Reservation) -> None:
        if reservation.uses.kind:
            for key in reservation.keys:
                self._reserved.setdefault(key, {}).setdefault(reservation.uses.kind, Sums()).add(
                    counted(key, reservation.uses)
                )

    def _remove(self, reservation: Reservation) -> None:
        kind = reservation.uses.kind
        for key in reservation.keys if kind else ():
            by_kind = self._reserved[key]
            by_kind[kind].add(counted(key, reservation.uses), -1)
            if not by_kind[kind].requests:
                del by_kind[kind]
            if not by_kind:
                del self._reserved[key]

    def _turn(self) -> None:
        """Forget the use of windows that are over."""
        now = self._now()
        if self._turned_at <= now < self._turns_at:
            return
        self._turned_at, self._turns_at = now, window_end(Period.DAY, now, self._zone)
        for period in (Period.DAY, Period.MONTH):
            start = window_start(period, now, self._zone)
            if self._starts.get(period) != start:
                self._starts[period] = start
                self._used[period] = {}


def _touch(values: OrderedDict[Key, deque[T]], key: Key) -> deque[T]:
    found = values.setdefault(key, deque())
    values.move_to_end(key)
    if len(values) > _SUBJECTS:
        values.popitem(last=False)
    return found
