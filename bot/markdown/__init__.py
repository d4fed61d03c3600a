"""Markdown as a tree: what a platform's own dialect is written from. Pure."""

from bot.markdown.tables import columns, monospace, width
from bot.markdown.tree import (
    Alignment,
    Block,
    Break,
    Code,
    CodeSpan,
    Emphasis,
    Heading,
    Image,
    Inline,
    Item,
    Link,
    ListBlock,
    Paragraph,
    Quote,
    Rule,
    Strike,
    Strong,
    Table,
    Text,
    is_address,
    plain,
)


def parse(markdown: str) -> tuple[Block, ...]:
    """The blocks of a text. Never raises; takes time linear in the text's length. What is not closed yet is closed."""
    from bot.markdown.parser import blocks  # loads the parser when there is something to read

    return blocks(markdown)


__all__ = [
    "Alignment",
    "Block",
    "Break",
    "Code",
    "CodeSpan",
    "Emphasis",
    "Heading",
    "Image",
    "Inline",
    "Item",
    "Link",
    "ListBlock",
    "Paragraph",
    "Quote",
    "Rule",
    "Strike",
    "Strong",
    "Table",
    "Text",
    "columns",
    "is_address",
    "monospace",
    "parse",
    "plain",
    "width",
]
