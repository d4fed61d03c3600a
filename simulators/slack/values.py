"""Ids, timestamps and the JSON type, in Slack's formats."""

import itertools
import time
from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]

_numbers = itertools.count(1)


def new_id(letter: str) -> str:
    """An id in Slack's format: a letter and ten characters."""
    return f"{letter}0{next(_numbers):08X}Z"


class Clock:
    """Timestamps in Slack's format: unique and rising."""

    def __init__(self) -> None:
        self._last = 0

    def ts(self) -> str:
        self._last = max(self._last + 1, time.time_ns() // 1000)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def pause(self, seconds: float) -> None:
        """Advance the clock."""
        self._last = max(self._last, time.time_ns() // 1000) + int(seconds * 1e6)


def plain(ids: Iterable[str]) -> set[str]:
    """The set of scopes in a list, or in text with commas or spaces."""
    return {scope for text in ids for scope in text.replace(",", " ").split()}
