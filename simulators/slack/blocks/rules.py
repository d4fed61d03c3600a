"""Checks shared by blocks and elements."""

from collections.abc import Iterator, Sequence
from typing import Any

from simulators.slack.values import Json

Fault = tuple[str, str]  #: where, and what is wrong


def length(where: str, text: str, longest: int, shortest: int = 1) -> Iterator[Fault]:
    if len(text) > longest:
        yield where, f"must be at most {longest} characters"
    elif len(text) < shortest:
        yield where, f"must be at least {shortest} characters"


def at_least_one(where: str, value: Sequence[Any]) -> Iterator[Fault]:
    if not value:
        yield where, "no fewer than 1 items allowed"


def within(value: Any, where: str = "") -> Iterator[tuple[str, Json]]:
    """Yield every object in a value, itself included, each with its place."""
    if isinstance(value, dict):
        yield where, value
        for name, part in value.items():
            yield from within(part, f"{where}/{name}")
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from within(part, f"{where}/{number}")
