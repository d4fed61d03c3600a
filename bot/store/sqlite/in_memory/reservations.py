"""Usage of requests, made and possible, summed in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from bot.limits import OPERATORS, Amounts, Subject
from bot.models import Event, Location, Usage
from bot.store.shared import codec
from bot.store.shared.rows import to_micros

Key = tuple[str, ...]


class Place(NamedTuple):
    """The author and the place of a request, as keys."""

    adapter: str
    actor: str
    workspace: str
    channel: str

    def key(self, subject: Subject) -> Key:
        """Return the key of whose use counts together."""
        match subject:
            case Subject.PERSON:
                return subject, self.adapter, self.actor
            case Subject.MEMBER:
                return subject, self.adapter, self.workspace, self.actor
            case Subject.CHANNEL:
                return subject, self.adapter, self.channel
            case Subject.WORKSPACE:
                return subject, self.adapter, self.workspace
            case Subject.SERVICE:
                return (subject,)


def place_of(event: Event) -> Place:
    """Return the keys of an event's person and place."""
    return make_place(event.adapter, event.actor.id, event.location)


def make_place(adapter: str, actor: str, location: Location) -> Place:
    """Return the keys of a person and a place."""
    to_key = codec.to_key
    return Place(to_key(adapter), to_key(actor), to_key(location.workspace), to_key(location.channel))


@dataclass(slots=True)
class Sums:
    """Sums of one kind of content. Those of requests whose price is not known are counted in `unpriced`."""

    requests: int = 0
    tokens: int = 0
    items: int = 0
    milliseconds: int = 0
    micros: int = 0
    unpriced: int = 0  #: items, else requests

    def add(self, uses: Amounts, sign: int = 1) -> None:
        """Add what was used, or may be; a sign of -1 takes it away."""
        self.requests += sign * uses.requests
        self.tokens += sign * uses.tokens
        self.items += sign * uses.items
        self.milliseconds += sign * uses.milliseconds
        if uses.micros is None:
            self.unpriced += sign * max(uses.items, 1)
        else:
            self.micros += sign * uses.micros

    def amounts(self, kind: str, price: int) -> Amounts:
        """Return the sums. `price`: of what has none of its own."""
        return Amounts(
            kind=kind,
            requests=self.requests,
            tokens=self.tokens,
            items=self.items,
            milliseconds=self.milliseconds,
            micros=self.micros + self.unpriced * price,
        )


ByKind = dict[str, Sums]


@dataclass(slots=True)
class Moment:
    """The usage of one request, in the windows of a minute."""

    at: float
    uses: Amounts


@dataclass(frozen=True, eq=False)
class Reservation:
    """The amounts that a counted request may use until it is answered."""

    place: Place
    uses: Amounts = field(default_factory=Amounts)  #: of kind "": nothing that is limited
    rates: tuple[Subject, ...] = ()  #: whose requests of a minute it was counted in
    at: float = 0.0  #: when it was counted, seconds since 1970
    moment: Moment | None = None

    @cached_property
    def keys(self) -> Sequence[Key]:
        """The keys of all whose use it counts in."""
        return [self.place.key(subject) for subject in Subject]


def counted(key: Key, uses: Amounts) -> Amounts:
    """Return what counts of a use for whom the key names."""
    return replace(uses, micros=0) if uses.is_own and key[0] in OPERATORS else uses


def to_amounts(used: Usage, *, is_own: bool = False) -> Amounts:
    """Return what a call has used. `is_own`: paid by the workspace that has brought its own API."""
    return Amounts(
        kind=used.kind,
        requests=used.requests,
        tokens=used.prompt_tokens + used.completion_tokens,
        items=used.items,
        milliseconds=round(used.seconds * 1000),
        micros=to_micros(used),
        is_own=is_own,
    )


def count_usage(reservation: Reservation, usage: Sequence[Usage]) -> None:
    """Let what was used count in the windows of a minute, in place of what might have been."""
    if reservation.moment is not None:
        total = Sums()
        for used in usage:
            total.add(to_amounts(used))
        reservation.moment.uses = replace(total.amounts(reservation.uses.kind, 0), is_own=reservation.uses.is_own)
