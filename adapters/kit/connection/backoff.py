"""Exponential back-off with jitter: the pauses between tries to connect."""

import random
from collections.abc import Callable


class Backoff:
    """Pauses that double from `first` to `longest` seconds, each shortened at random by up to a half.

    The jitter spreads the reconnections of many processes. `uniform`: a random number between two bounds.
    """

    def __init__(
        self, *, first: float = 1.0, longest: float = 60.0, uniform: Callable[[float, float], float] = random.uniform
    ) -> None:
        if not 0 < first <= longest:
            raise ValueError("first must be positive and at most longest")
        self._first = first
        self._longest = longest
        self._uniform = uniform
        self._pause = first

    def next(self) -> float:
        """Seconds to wait before the next try; each call makes the following pause longer."""
        pause = self._pause
        self._pause = min(2 * pause, self._longest)
        return self._uniform(pause / 2, pause)

    def reset(self) -> None:
        """Start with the first pause again, after a success."""
        self._pause = self._first
