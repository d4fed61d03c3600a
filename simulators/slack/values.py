"""Identifiers, timestamps and the JSON type, as Slack writes them."""

import itertools
import time
from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]

_numbers = itertools.count(1)


def new_id(letter: str) -> str:
    """An id as Slack makes them: a letter and ten signs."""
    return f"{letter}0{next(_numbers):08X}Z"


class Clock:
    """Timestamps as Slack gives them: unique and rising."""

    def __init__(self) -> None:
        self._last = 0

    def ts(self) -> str:
        self._last = max(self._last + 1, time.time_ns() // 1000)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def pause(self, seconds: float) -> None:
        """Let so much time go by."""
        self._last = max(self._last, time.time_ns() // 1000) + int(seconds * 1e6)


def plain(ids: Iterable[str]) -> set[str]:
    """A set of scopes out of a list of them or of text with commas or spaces."""
    return {scope for text in ids for scope in text.replace(",", " ").split()}
