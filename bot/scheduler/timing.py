"""Pauses and time limits of the scheduler."""

from dataclasses import field

from bot.schedules.clock import Clock, SystemClock
from bot.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class ScheduleTiming:
    """Pauses and limits of schedules, in seconds."""

    clock: Clock = field(default_factory=SystemClock)
    retry: float = 60.0  #: seconds until a request is tried again that could not be recorded
    late: float = 60.0  #: seconds after which a request counts as late
