"""The times of a schedule: an expression in a time zone, or one time. Pure.

A local time that does not exist, as clocks are put forward, becomes the next that does; of one that exists twice the
first counts.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

_LONGEST = 100  #: characters of an expression
_LOOKED_AT = 100  #: times between which the shortest interval is looked for


class WrongExpression(ValueError):
    """An expression that is none, or has no time."""


def times_after(cron: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Yield the times of an expression after a time, in UTC. Raises `WrongExpression`."""
    if len(cron) > _LONGEST or len(cron.split()) != 5:  # noqa: PLR2004 - minute, hour, day, month, weekday
        raise WrongExpression(cron)
    try:
        times = CronSim(cron, after.astimezone(zone))
    except CronSimError as exc:
        raise WrongExpression(cron) from exc
    # In the second of two equal hours the library begins with the first one.
    return (found for time in times if (found := time.astimezone(UTC)) > after)


def next_time(cron: str, zone: ZoneInfo, after: datetime) -> datetime:
    """Return the first time of an expression after a time. Raises `WrongExpression` where there is none."""
    found = next(times_after(cron, zone, after), None)
    if found is None:
        raise WrongExpression(cron)
    return found


def last_time(cron: str, zone: ZoneInfo, first: datetime, now: datetime) -> datetime:
    """Return the last time of an expression that is not after now; `first`, one of its times, at the earliest."""
    local = (now + timedelta(seconds=1)).astimezone(zone)
    found = next(iter(CronSim(cron, local, reverse=True)), None)
    return first if found is None else max(first, found.astimezone(UTC))


def shortest_interval(cron: str, zone: ZoneInfo, after: datetime) -> timedelta:
    """Return the shortest time between two of the next times. Raises `WrongExpression`."""
    times = islice(times_after(cron, zone, after), _LOOKED_AT)
    return min((later - earlier for earlier, later in pairwise(times)), default=timedelta.max)


def to_utc(local: datetime, zone: ZoneInfo) -> datetime:
    """Return a local time, given without a zone, in UTC; one that does not exist is the next that does."""
    found = local.replace(tzinfo=zone, fold=0)
    while found.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        local += timedelta(minutes=1)
        found = local.replace(tzinfo=zone, fold=0)
    return found.astimezone(UTC)
