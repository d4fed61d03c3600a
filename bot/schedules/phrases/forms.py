"""Parts of which the forms of phrases are made, in any language. Pure."""

import re
from calendar import monthrange
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, time, timedelta
from functools import cached_property

from bot.values import valueclass


@valueclass(frozen=True, slots=True)
class Interval:
    """Again and again after so many minutes that pass."""

    minutes: int


#: The meaning of a phrase: an expression of times, a local time without a zone, a time from now on, or an interval.
Found = str | datetime | timedelta | Interval

MORNING = time(9)  #: where a day is given without a time
WEEKDAYS = "1-5"
WEEKEND = "0,6"
LAST_DAY = "L"
_SATURDAY = 5
_EVERY_MONTH, _LONGEST_MONTH = 28, 31  #: days that each month has, and that a month can have
_LEAP_YEAR = 2024
_LEAP = 9  #: years in a row of which one that is still to come has a February 29
_MOST_HOURS, _MOST_DAYS = 24 * 366, 366  #: of an interval


class WrongInterval(Exception):
    """An interval of nothing, or of more than years."""


class UnclearTime(Exception):
    """A phrase is followed by words that look like more of its time, and can't be read."""

    def __init__(self, understood: str, rest: str) -> None:
        super().__init__(understood, rest)
        self.understood, self.rest = understood.strip(), rest.strip()


class TooManyFields(UnclearTime):
    """An expression of cron is followed by what looks like another field."""


@valueclass(frozen=True)
class Form:
    """A form of phrases: a pattern at the beginning of a text, and what it means. `read` gets the local time.

    It returns None, or raises `ValueError`, for what can't be: a 25th hour, a 30th of February. Raises `UnclearTime`.
    """

    source: str
    read: Callable[[re.Match[str], datetime], Found | None]
    flags: re.RegexFlag = re.NOFLAG

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """`source`, compiled with its first use: all forms take longer than a start should."""
        return re.compile(self.source, self.flags)


def expression(at: Sequence[time], *, day: str = "*", month: str = "*", weekday: str = "*") -> str:
    """Return the expression of times of one minute, each day or on some days."""
    times = sorted({*at} or {MORNING})
    return f"{times[0].minute} {','.join(str(one.hour) for one in times)} {day} {month} {weekday}"


def unclear(match: re.Match[str]) -> UnclearTime:
    """Return the error for a phrase whose group `more` does not go with the times before it."""
    return UnclearTime(match[0][: match.start("more") - match.start()], match["more"])


def interval(count: int, *, is_hours: bool) -> str | Interval:
    """Return the expression of every so many hours or minutes. Raises `WrongInterval`."""
    if not 1 <= count <= _MOST_HOURS * (1 if is_hours else 60):
        raise WrongInterval
    if (24 if is_hours else 60) % count:  # they do not fill a day or an hour
        return Interval(count * (60 if is_hours else 1))
    if not is_hours:
        return "* * * * *" if count == 1 else f"*/{count} * * * *"
    # `*/2` would skip, or repeat, an hour as clocks change; of a range each hour counts once.
    return "0 * * * *" if count == 1 else f"0 0-23/{count} * * *"


def monthly(day: int, at: Sequence[time]) -> str | None:
    """Return the expression of a day of each month; None: there is no such day."""
    return expression(at, day=str(day)) if 1 <= day <= 31 else None  # noqa: PLR2004 - days of a month


def yearly(month: int, day: int, at: Sequence[time]) -> str:
    """Return the expression of a date of each year that has it. Raises `ValueError` where none has."""
    if not 1 <= day <= monthrange(_LEAP_YEAR, month)[1]:
        raise ValueError(day)
    return expression(at, day=str(day), month=str(month))


def days_between(first: int, last: int) -> list[int]:
    """Return the days of the week from one to another, over its end, too; 0: Monday."""
    return [(first + number) % 7 for number in range((last - first) % 7 + 1)]


def weekly(days: Collection[int], at: Sequence[time]) -> str:
    """Return the expression of days of the week; 0: Monday."""
    return expression(at, weekday=",".join(str((day + 1) % 7) for day in sorted(set(days))))


def nth_weekday(number: int, day: int, at: Sequence[time]) -> str:
    """Return the expression of a day of the week (0: Monday) in each month: its first, or with -1 its last."""
    weekday = (day + 1) % 7
    return expression(at, weekday=f"{weekday}L" if number < 0 else f"{weekday}#{number}")


def every(
    count: int, unit: str, now: datetime, at: Sequence[time], *, weekdays: Collection[int] = (), day: int = 0
) -> str | None:
    """Return the expression of every so many days, weeks or months (`unit`: its first letter), from today on.

    On days of the week (0: Monday), else today's; on a day of the month, else today's, or the last one near its end.
    With a day the next such day begins it. None: there is no such day of that unit. Raises `WrongInterval`.
    """
    if (weekdays and unit != "w") or (day and unit != "m") or day > _LONGEST_MONTH:
        return None
    if not 1 <= count <= _MOST_DAYS:
        raise WrongInterval
    begin, latest = now.date(), max(at, default=None)
    if unit == "d":
        base: str | None = expression(at)
    elif unit == "w":
        base = weekly(weekdays or (now.weekday(),), at)
        if weekdays:
            begin = min(next_weekday(now, one, latest) for one in weekdays).date()
        begin -= timedelta(days=begin.weekday())
    else:
        chosen = day or now.day
        base = expression(at, day=LAST_DAY) if not day and chosen > _EVERY_MONTH else monthly(chosen, at)
        begin = _first_month(day, now, latest) if day and base is not None else begin.replace(day=1)
    return base if count == 1 or base is None else f"{base} {count}{unit}@{begin}"


def _first_month(day: int, now: datetime, at: time | None) -> date:
    """Return the first of the month in which a day from 1 to 31 is next still to come."""
    first = now.date().replace(day=1)
    while (found := in_days(datetime.combine(first, MORNING), day - 1, at)) <= now or found.month != first.month:
        first = (first + timedelta(days=31)).replace(day=1)
    return first


def on_date(now: datetime, at: time | None, month: int, day: int, year: int | None = None) -> datetime:
    """Return a date with its time; without a year the next one. Raises `ValueError`."""
    for each in (year,) if year else range(now.year, now.year + _LEAP):
        if day <= monthrange(each, month)[1]:
            found = datetime.combine(date(each, month, day), at or MORNING)
            if year or found > now:
                return found
    raise ValueError(day)


def in_days(now: datetime, days: int, at: time | None) -> datetime:
    """Return a time so many days from today."""
    return datetime.combine(now.date() + timedelta(days=days), at or MORNING)


def after_days(now: datetime, after: timedelta, at: time | None) -> datetime | None:
    """Return a time after whole days; None: without a time, or after parts of a day, that means nothing."""
    return None if at is None or after % timedelta(days=1) else in_days(now, after.days, at)


def next_weekday(now: datetime, weekday: int, at: time | None) -> datetime:
    """Return the next such day of the week; today, where the time is still to come."""
    found = in_days(now, (weekday - now.weekday()) % 7, at)
    return found if found > now else found + timedelta(days=7)


def in_week(now: datetime, weeks: int, weekday: int, at: time | None) -> datetime:
    """Return a day (0: Monday) of the week after so many."""
    return in_days(now, 7 * weeks - now.weekday() + weekday, at)


def weekend(now: datetime, weeks: int, at: time | None) -> datetime:
    """Return the Saturday of the week after so many; the Sunday, where that is over."""
    found = in_week(now, weeks, _SATURDAY, at)
    return found if found > now else found + timedelta(days=1)


def next_clock(now: datetime, at: time) -> datetime:
    """Return the next such time, today or tomorrow."""
    found = in_days(now, 0, at)
    return found if found > now else found + timedelta(days=1)
