"""Markdown parsed into a tree, from which each platform renders its own dialect. Pure."""

from bot.markdown.disguise import is_disguised
from bot.markdown.tables import display_width, pad_columns, render_monospace
from bot.markdown.tree import (
    Alignment,
    Block,
    Code,
    CodeSpan,
    Emphasis,
    Heading,
    Image,
    Inline,
    LineBreak,
    Link,
    ListBlock,
    ListItem,
    Paragraph,
    Quote,
    Rule,
    Strike,
    Strong,
    Table,
    TextRun,
    is_safe_url,
    plain_text,
)


def parse(markdown: str) -> tuple[Block, ...]:
    """Parse a text into blocks, closing what is unclosed. Never raises; takes time linear in the text's length."""
    from bot.markdown.parser import parse_blocks  # deferred: loads markdown-it with the first text

    return parse_blocks(markdown)


__all__ = [
    "Alignment",
    "Block",
    "Code",
    "CodeSpan",
    "Emphasis",
    "Heading",
    "Image",
    "Inline",
    "LineBreak",
    "Link",
    "ListBlock",
    "ListItem",
    "Paragraph",
    "Quote",
    "Rule",
    "Strike",
    "Strong",
    "Table",
    "TextRun",
    "display_width",
    "is_disguised",
    "is_safe_url",
    "pad_columns",
    "parse",
    "plain_text",
    "render_monospace",
]
