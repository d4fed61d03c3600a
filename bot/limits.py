"""Limits on what may be used, as values, and the windows of time that they hold for. Imports nothing of the service."""

from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.values import valueclass

MINUTE = 60.0  #: seconds
MICROS = 1_000_000  #: micros, in which money is counted, of one unit of the API's currency
NEAR = 80  #: percent of a limit that may be used before people are warned
UTC_ZONE = ZoneInfo("UTC")


def utc_now() -> datetime:
    """Return the present time, aware: the clock of windows and sessions, in whose place tests give another."""
    return datetime.now(UTC)


def decimal_text(number: float) -> str:
    """Return a number with six decimals at most, without zeros at their end."""
    return f"{number:.6f}".rstrip("0").rstrip(".")


class Subject(StrEnum):
    """The people whose use counts together."""

    PERSON = "person"  #: one person, wherever they ask
    MEMBER = "member"  #: one person within a workspace or server
    CHANNEL = "channel"
    WORKSPACE = "workspace"
    SERVICE = "service"  #: everybody


class Measure(StrEnum):
    """A quantity that is counted."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    PICTURES = "pictures"
    SOUND = "sound"  #: milliseconds
    VIDEO = "video"  #: milliseconds
    MEDIA = "media"  #: files: pictures, sounds and videos
    MONEY = "money"  #: micros


#: The kind of content that a measure counts; the others count several.
KIND_OF: Mapping[Measure, str] = {Measure.PICTURES: "image", Measure.SOUND: "audio", Measure.VIDEO: "video"}


class Period(StrEnum):
    """The window of a limit: any 60 seconds, or a day or month of the service's time zone."""

    MINUTE = "minute"
    DAY = "day"
    MONTH = "month"


#: Whose money is the operator's: it leaves out what workspaces that have brought their own API pay.
OPERATORS = frozenset((Subject.PERSON, Subject.SERVICE))

#: What one unit of a measure, as people write it, is counted as.
UNITS: Mapping[Measure, int] = {Measure.SOUND: 1000, Measure.VIDEO: 1000, Measure.MONEY: MICROS}


@valueclass(frozen=True, slots=True)
class Limit:
    """The most that a subject may use in a window."""

    subject: Subject
    measure: Measure
    period: Period
    amount: int  #: in the measure's unit


@valueclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """Amounts that requests use, or may use at most."""

    kind: str = ""  #: of content; "": they use no API
    requests: int = 0
    tokens: int = 0
    items: int = 0  #: images, audio files or videos
    milliseconds: int = 0  #: length of all sounds or videos
    micros: int | None = 0  #: None: the price is not known
    is_own: bool = False  #: paid by the workspace that has brought its own API

    def of(self, measure: Measure) -> int:
        """Return the amount of a measure; what is not known is 0."""
        if measure in KIND_OF and KIND_OF[measure] != self.kind:
            return 0
        amounts = {
            Measure.REQUESTS: self.requests,
            Measure.TOKENS: self.tokens,
            Measure.PICTURES: self.items,
            Measure.SOUND: self.milliseconds,
            Measure.VIDEO: self.milliseconds,
            Measure.MEDIA: self.items,
            Measure.MONEY: self.micros or 0,
        }
        return amounts[measure]


@valueclass(frozen=True, slots=True)
class NearLimit:
    """A limit of a day or month of which at least `NEAR` is used."""

    limit: Limit
    used: int  #: in the measure's unit


@valueclass(frozen=True, slots=True, kw_only=True)
class QuotaRequest:
    """The amounts that a request may use at most, and the limits that it must keep."""

    uses: Amounts
    limits: tuple[Limit, ...]
    near: list[NearLimit] = field(default_factory=list, compare=False)  #: set by the store that counts the request

    @property
    def is_counted_by_the_minute(self) -> bool:
        """Whether no limit but of requests a minute applies."""
        return all(limit.measure is Measure.REQUESTS and limit.period is Period.MINUTE for limit in self.limits)


def window_start(period: Period, now: float, zone: ZoneInfo) -> float:
    """Return the beginning of the window that `now` is in; both are seconds since 1970."""
    if period is Period.MINUTE:
        return now - MINUTE
    local = datetime.fromtimestamp(now, UTC).astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return (local if period is Period.DAY else local.replace(day=1)).timestamp()


def window_end(period: Period, now: float, zone: ZoneInfo) -> float:
    """Return the end of the window that `now` is in, seconds since 1970."""
    if period is Period.MINUTE:
        return now + MINUTE
    start = datetime.fromtimestamp(window_start(period, now, zone), zone)
    later = start + timedelta(days=1 if period is Period.DAY else 31)
    return (later if period is Period.DAY else later.replace(day=1)).timestamp()
