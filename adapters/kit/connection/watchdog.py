"""Detects a connection that looks healthy and is stalled: open, answering heartbeats, and delivering nothing."""

from typing import Literal

#: "probe": ask the other side for a sign of life, then call `probed`; "stalled": replace the connection.
Verdict = Literal["healthy", "probe", "stalled"]


class Watchdog:
    """Judges one connection by its signs of life. Times are seconds of one clock, given by the caller.

    `stalled_after`: seconds of silence that are suspicious. `probe_timeout`: seconds that the other side has to answer
    a probe; None: there is no probe, and silence alone means stalled. `now`: when the connection was made.
    """

    def __init__(self, *, stalled_after: float, probe_timeout: float | None, now: float) -> None:
        self._stalled_after = stalled_after
        self._probe_timeout = probe_timeout
        self._last_sign = now
        self._probed_at: float | None = None
        self._mark: object = None
        self.failures = 0  #: times in a row that it was found stalled, without a sign of life in between

    def sign(self, now: float) -> None:
        """Note a sign of life at `now`, which may be in the past; an older one than the last is ignored."""
        if now > self._last_sign:
            self._last_sign, self._probed_at, self.failures = now, None, 0

    def observe(self, mark: object, now: float) -> None:
        """Note what moves with each sign of life, such as a sequence number. Its first value is none."""
        if mark != self._mark:
            self._mark = mark
            self._last_sign, self._probed_at, self.failures = now, None, 0

    def probed(self, now: float) -> None:
        """Note that the other side was asked for a sign of life."""
        self._probed_at = now

    def suspend(self) -> None:
        """Drop a probe that can't be answered, as the connection is being made anew."""
        self._probed_at = None

    def check(self, now: float) -> Verdict:
        """Judge the connection. "stalled" is returned once for each silence; then the silence is counted anew."""
        if self._probe_timeout is None:
            is_stalled = now - self._last_sign > self._stalled_after
        else:
            is_stalled = self._probed_at is not None and now - self._probed_at > self._probe_timeout
        if is_stalled:
            self.failures += 1
            self._last_sign, self._probed_at = now, None
            return "stalled"
        if self._probe_timeout is None or self._probed_at is not None or now - self._last_sign <= self._stalled_after:
            return "healthy"
        return "probe"


def interval(stalled_after: float, *, at_most: float) -> float:
    """Seconds between two checks: a quarter of the shorter of `stalled_after` and `at_most`."""
    return min(stalled_after, at_most) / 4
