"""Markdown as it is read aloud: words alone, without code. Pure."""

from collections.abc import Iterator, Sequence
from itertools import dropwhile

from bot.markdown import Block, Code, Heading, ListBlock, Paragraph, Quote, Rule, Table, parse, plain_text


def spoken_text(markdown: str) -> str:
    """Return what is read aloud of an answer; quotes that it begins with, of what it is about, are left out."""
    blocks = dropwhile(lambda block: isinstance(block, Quote), parse(markdown))
    return "\n".join(line for line in _lines([*blocks]) if line.strip())


def _lines(blocks: Sequence[Block]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Paragraph(children) | Heading(_, children):
                yield plain_text(children)
            case Quote(inner):
                yield from _lines(inner)
            case ListBlock(_, items):
                for item in items:
                    yield from _lines(item.blocks)
            case Table(header, _, rows):
                yield from (", ".join(plain_text(cell) for cell in row) for row in (header, *rows))
            case Code() | Rule():
                pass
