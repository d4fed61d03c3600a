"""What forms of phrases in any language are made of. Pure."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cached_property

#: What a phrase means: an expression of times, a local time without a zone, or a time from now on.
Found = str | datetime | timedelta

MORNING = time(9)  #: where a day is given without a time
WEEKDAYS = "1-5"
WEEKEND = "0,6"
LAST_DAY = "L"


class WrongInterval(Exception):
    """An interval that no expression has: it does not fill a day or an hour, or is one of days or weeks."""


@dataclass(frozen=True)
class Form:
    """A form of phrases: a pattern at the beginning of a text, and what it means. `read` gets the local time.

    It returns None, or raises `ValueError`, for what can't be: a 25th hour, a 30th of February.
    """

    source: str
    read: Callable[[re.Match[str], datetime], Found | None]
    flags: re.RegexFlag = re.NOFLAG

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """`source`, compiled with its first use: all forms take longer than a start should."""
        return re.compile(self.source, self.flags)


def expression(at: time | None, *, day: str = "*", weekday: str = "*") -> str:
    """Return the expression of a time each day, or on some days."""
    at = MORNING if at is None else at
    return f"{at.minute} {at.hour} {day} * {weekday}"


def interval(count: int, *, is_hours: bool) -> str:
    """Return the expression of every so many hours or minutes. Raises `WrongInterval`."""
    if count < 1 or (24 if is_hours else 60) % count:
        raise WrongInterval
    step = "*" if count == 1 else f"*/{count}"
    return f"0 {step} * * *" if is_hours else f"{step} * * * *"


def monthly(day: int, at: time | None) -> str | None:
    """Return the expression of a day of each month; None: there is no such day."""
    return expression(at, day=str(day)) if 1 <= day <= 31 else None  # noqa: PLR2004 - days of a month


def weekly(days: Collection[int], at: time | None) -> str:
    """Return the expression of days of the week; 0: Monday."""
    return expression(at, weekday=",".join(str((day + 1) % 7) for day in sorted(set(days))))


def on_date(now: datetime, at: time | None, month: int, day: int, year: int | None = None) -> datetime:
    """Return a date with its time; without a year the next one."""
    found = datetime.combine(datetime(year or now.year, month, day), at or MORNING)  # noqa: DTZ001 - local
    return found if year or found > now else found.replace(year=now.year + 1)


def in_days(now: datetime, days: int, at: time | None) -> datetime:
    """Return a time so many days from today."""
    return datetime.combine(now.date() + timedelta(days=days), at or MORNING)


def next_weekday(now: datetime, weekday: int, at: time | None) -> datetime:
    """Return the next such day of the week; today, where the time is still to come."""
    found = in_days(now, (weekday - now.weekday()) % 7, at)
    return found if found > now else found + timedelta(days=7)


def next_clock(now: datetime, at: time) -> datetime:
    """Return the next such time, today or tomorrow."""
    found = in_days(now, 0, at)
    return found if found > now else found + timedelta(days=1)
