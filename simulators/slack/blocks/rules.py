"""Checks shared by blocks and elements: texts, counts, lists of objects."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from simulators.slack.values import Json

Fault = tuple[str, str]  #: where, and what is wrong


def text_of(where: str, value: Any, longest: int, shortest: int = 1) -> Iterator[Fault]:
    """Check a string."""
    if not isinstance(value, str):
        yield where, "must be a string"
    elif len(value) > longest:
        yield where, f"must be less than {longest + 1} characters"
    elif len(value) < shortest:
        yield where, f"must be more than {shortest - 1} characters"


def text_object(
    where: str, value: Any, longest: int, kinds: Collection[str] = ("plain_text", "mrkdwn")
) -> Iterator[Fault]:
    """Check a text object."""
    if not isinstance(value, dict) or value.get("type") not in kinds:
        yield where, f"must be a {' or '.join(kinds)} object"
        return
    yield from text_of(f"{where}/text", value.get("text"), longest)
    if unknown := set(value) - {"type", "text", "emoji" if value["type"] == "plain_text" else "verbatim"}:
        yield where, f"invalid additional property: {min(unknown)}"


PLAIN = ("plain_text",)


def count(where: str, value: Any, most: int, least: int = 1) -> Iterator[Fault]:
    if not isinstance(value, list):
        yield where, "must be an array"
    elif len(value) > most:
        yield where, f"no more than {most} items allowed"
    elif len(value) < least:
        yield where, f"no fewer than {least} items allowed"


def items(block: Mapping[str, Any], name: str) -> list[Json]:
    value = block.get(name)
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []
