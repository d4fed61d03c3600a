"""Durations of the newest requests, and an estimate of the wait of a request in the queue."""

from collections import deque
from statistics import median

from bot.ports import QueuePlace

_REMEMBERED = 21  #: requests of each command


class RecentDurations:
    """The durations of the newest requests of this process, by command."""

    def __init__(self) -> None:
        self._seconds: dict[str, deque[float]] = {}

    def add(self, command: str, seconds: float) -> None:
        """Remember how long an answer took."""
        self._seconds.setdefault(command, deque(maxlen=_REMEMBERED)).append(seconds)

    def expected_wait(self, command: str, place: QueuePlace) -> float | None:
        """Return the seconds until a request at that place begins; None: none like it was answered lately."""
        known = self._seconds.get(command)
        return median(known) * place.number / place.running if known else None
