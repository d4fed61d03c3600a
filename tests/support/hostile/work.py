"""Counting of work, which is the same on every machine."""

import sys
from collections.abc import Callable
from itertools import pairwise


def count_calls(function: Callable[[], object]) -> int:
    """Return the number of calls and returns while `function` runs, those of functions written in C included."""
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(before)
    return calls


def is_linear(function: Callable[[str], object], unit: str, *, start: int = 600) -> bool:
    """Whether each doubling of a text that repeats `unit` about doubles the work, at most."""
    function(unit)  # what is made once is not counted
    works = [count_calls(lambda size=size: function((unit * size)[:size])) for size in (start, 2 * start, 4 * start)]  # type: ignore[misc]
    return all(more <= 2.3 * less + start for less, more in pairwise(works))
