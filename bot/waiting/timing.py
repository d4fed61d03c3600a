"""Pauses and time limits of showing places in the queue."""

from bot.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class WaitingTiming:
    """All values are seconds."""

    look: float = 1.0  #: that a request waits until its place in the queue is looked up and shown; between looks
    edit: float = 3.0  #: between the first two times that its place is shown; each pause is so much longer
    repeat: float = 45.0  #: after which a place that has not changed is shown anew, where a platform removes it
    step: float = 60.0  #: for a platform to show it
