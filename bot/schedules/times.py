"""The times of a schedule: an expression in a time zone, or one time. Pure.

A local time that does not exist, as clocks are put forward, becomes the next that does; of one that exists twice the
first counts, and once the second where the first is over.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count, islice, pairwise
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from bot.values import valueclass

_LONGEST = 100  #: characters of an expression
_EPOCH = datetime.fromtimestamp(0, UTC)
_FIELDS = 5  #: of cron: minute, hour, day, month, weekday
_EVERY = re.compile(r"(?P<count>\d{1,3})(?P<unit>[dwm])@(?P<since>\d{4}-\d\d-\d\d)")
_INTERVAL = re.compile(r"@(\d{1,6}) (\d{1,11})")
_MOST_SKIPPED = 5000  #: times of cron that are looked through
_LOOKED_AT = 100  #: times whose shortest interval is found


class WrongExpression(ValueError):
    """An expression that is none, or has no time."""


@valueclass(frozen=True, slots=True)
class _Expression:
    """An expression, parsed: `cron` of the days that count, or `minutes` from `begin` on."""

    cron: str = ""
    count: int = 1  #: every how many units
    unit: str = "d"  #: days, weeks or months since `since`
    since: date = date.min
    minutes: int = 0
    begin: datetime = _EPOCH

    def counts(self, local: date) -> bool:
        """Return whether a day, given in the zone of the schedule, is one of those that count."""
        if self.count == 1:
            return True
        days = (local - self.since).days
        months = (local.year - self.since.year) * 12 + local.month - self.since.month
        passed = {"d": days, "w": days // 7, "m": months}[self.unit]
        return passed % self.count == 0 and days >= 0


def interval_expression(minutes: int, begin: datetime) -> str:
    """Return the expression of every so many minutes that pass, the first time after so many."""
    return f"@{minutes} {int(begin.timestamp())}"


def _parse(expression: str) -> _Expression:
    """Raises `WrongExpression`."""
    if len(expression) > _LONGEST:
        raise WrongExpression(expression)
    if found := _INTERVAL.fullmatch(expression):
        return _Expression(minutes=int(found[1]), begin=datetime.fromtimestamp(int(found[2]), UTC))
    fields = expression.split()
    cron = " ".join(fields[:_FIELDS])
    if len(fields) == _FIELDS:
        return _Expression(cron)
    every = _EVERY.fullmatch(" ".join(fields[_FIELDS:]))
    if every is None:
        raise WrongExpression(expression)
    return _Expression(cron, int(every["count"]), every["unit"], date.fromisoformat(every["since"]))


def times_after(cron: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Yield the times of an expression after a time, in UTC. Raises `WrongExpression`.

    An expression is one of cron; one of cron with a sixth field such as `2w@2026-11-30`, of whose days those of every
    second week since then count; or `@90 1795743000`: every 90 minutes since that second.
    """
    parsed = _parse(cron)
    if parsed.minutes:
        step = timedelta(minutes=parsed.minutes)
        first = parsed.begin + step * max((after - parsed.begin) // step + 1, 1)
        return (first + step * number for number in count())
    try:
        times = CronSim(parsed.cron, after.astimezone(zone))
    except CronSimError as exc:
        raise WrongExpression(cron) from exc
    # In the second of two equal hours the library begins with the first one.
    looked_at = times if parsed.count == 1 else islice(times, _MOST_SKIPPED)
    return (found for time in looked_at if parsed.counts(time.date()) and (found := time.astimezone(UTC)) > after)


def next_time(cron: str, zone: ZoneInfo, after: datetime) -> datetime:
    """Return the first time of an expression after a time. Raises `WrongExpression` where there is none."""
    found = next(times_after(cron, zone, after), None)
    if found is None:
        raise WrongExpression(cron)
    return found


def last_time(cron: str, zone: ZoneInfo, first: datetime, now: datetime) -> datetime:
    """Return the last time of an expression that is not after now; `first`, one of its times, at the earliest."""
    parsed = _parse(cron)
    if parsed.minutes:
        step = timedelta(minutes=parsed.minutes)
        return first + max(now - first, timedelta()) // step * step
    local = (now + timedelta(seconds=1)).astimezone(zone)
    times = islice(CronSim(parsed.cron, local, reverse=True), _MOST_SKIPPED)
    found = next((time for time in times if parsed.counts(time.date())), None)
    return first if found is None else max(first, found.astimezone(UTC))


def shortest_interval(cron: str, zone: ZoneInfo, after: datetime) -> timedelta:
    """Return the shortest time between two of the next times. Raises `WrongExpression`."""
    parsed = _parse(cron)  # of a part of the days the interval is no shorter
    times = islice(times_after(parsed.cron or cron, zone, after), _LOOKED_AT)
    return min((later - earlier for earlier, later in pairwise(times)), default=timedelta.max)


def to_utc(local: datetime, zone: ZoneInfo, after: datetime) -> datetime:
    """Return a local time, given without a zone, in UTC; one that does not exist is the next that does.

    Of one that exists twice the first that is after a time.
    """
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    while first.astimezone(zone).replace(tzinfo=None) != local:
        local += timedelta(minutes=1)
        first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return first if first > after else local.replace(tzinfo=zone, fold=1).astimezone(UTC)
