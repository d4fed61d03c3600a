"""A text as messages that Slack takes. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from adapters.slack.ui.blocks import BLOCKS, blocks, cost
from adapters.slack.ui.rich_text import Json
from bot.markdown.split import split

#: What all blocks of a message may count for together. Slack has refused 13,200 characters of text alone, and less
#: where there are many elements.
LONGEST = 11_500
#: Characters of Markdown that are tried first.
_FIRST = 9_500
_LINE = 4  # what a line counts for besides its characters
_LEAST = 200
_ROOM = 3  # blocks that are kept free for buttons and notes
#: Messages that an answer may take before it comes as a file.
MOST = 12


@dataclass(frozen=True, slots=True)
class Piece:
    """One message."""

    markdown: str
    blocks: list[Json]


def pieces(markdown: str) -> list[Piece]:
    """The messages that show a text, whole and in order."""
    return list(_fitted(markdown, _FIRST))


def _fitted(markdown: str, limit: int) -> Iterator[Piece]:
    for part in split(markdown, limit, measure=_measure):
        found = blocks(part)
        if limit > _LEAST and (len(found) > BLOCKS - _ROOM or cost(found) > LONGEST):
            yield from _fitted(part, min(limit, _measure(part)) // 2)
        else:
            yield Piece(part, found)


def _measure(markdown: str) -> int:
    return len(markdown) + _LINE * markdown.count("\n")


def cuts(markdown: str) -> list[str]:
    """About the same cuts in a text that grows, found quickly."""
    return split(markdown, _FIRST, measure=_measure)


def first(markdown: str) -> str:
    """So much of a text as one message shows for sure."""
    return next(iter(split(markdown, _FIRST // 2, measure=_measure)), "")
