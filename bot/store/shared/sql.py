"""SQL with named parameters, for both engines."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Protocol

from bot.values import valueclass

#: `:name`, but not the cast `::type`.
_PARAMETER = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")


class Database(Protocol):
    """A connection of either engine. Raises the driver's own errors."""

    async def rows(self, sql: str, /, **parameters: object) -> list[Any]:
        """Execute one statement whose parameters are written `:name`; returns its rows as sequences."""

    async def execute_many(self, sql: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Execute one statement for each row of parameters."""


@valueclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Fragments of SQL that differ between the engines."""

    live: str  #: condition of the index of turns that are history
    live_turns: str  #: the table of turns, to be read by that index
    find: str  #: function that returns the place of a text in another, 0: it is not there
    has_media: str  #: condition of an event whose answer has files
    unfinished: str  #: condition of the index of events that are not done
    unfinished_events: str  #: the table of events, to be read by that index
    newest_events: str  #: the table of events, to be read from its end


@cache
def to_numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """Return the statement with `$1`, `$2` … in place of `:name`, and the names in that order."""
    names = tuple(dict.fromkeys(_PARAMETER.findall(sql)))
    numbers = {name: f"${number}" for number, name in enumerate(names, 1)}
    return _PARAMETER.sub(lambda match: numbers[match[1]], sql), names
