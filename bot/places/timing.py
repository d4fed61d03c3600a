"""Pauses and time limits of learning the names of places."""

from bot.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class PlaceTiming:
    """Pauses and limits of the questions for names to platforms, in seconds."""

    pause: float = 1.5  #: after a question, before the next one to the same platform
    patience: float = 30.0  #: for an answer
    look_again: float = 86_400.0  #: between two looks of a process at a place that is used
    lifetime: float = 43_200.0  #: of a name, for which no process asks the platform
