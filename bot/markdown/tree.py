"""The tree of a Markdown text. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

Alignment = Literal["", "left", "center", "right"]


@dataclass(frozen=True, slots=True)
class TextRun:
    """Literal characters without line ends."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Bold text."""

    children: "tuple[Inline, ...]"


@dataclass(frozen=True, slots=True)
class Emphasis:
    """Italic text."""

    children: "tuple[Inline, ...]"


@dataclass(frozen=True, slots=True)
class Strike:
    """Struck-through text."""

    children: "tuple[Inline, ...]"


@dataclass(frozen=True, slots=True)
class CodeSpan:
    """Code within a line."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link. Its URL may have any scheme or none: see `is_safe_url`."""

    url: str
    children: "tuple[Inline, ...]"

    @property
    def is_bare(self) -> bool:
        """Whether the link shows its own URL."""
        shown = plain_text(self.children)
        return self.url in (shown, f"mailto:{shown}")


@dataclass(frozen=True, slots=True)
class Image:
    """An image by its URL."""

    url: str
    alt: str


@dataclass(frozen=True, slots=True)
class LineBreak:
    """A line end within a paragraph; shown as one, soft breaks too."""


Inline = TextRun | Strong | Emphasis | Strike | CodeSpan | Link | Image | LineBreak


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines of text."""

    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A title."""

    level: int  #: 1 to 6
    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """Lines of code, without the line end of the last."""

    text: str
    language: str = ""  #: as written after the fence


@dataclass(frozen=True, slots=True)
class Quote:
    """A block quote."""

    blocks: "tuple[Block, ...]"


@dataclass(frozen=True, slots=True)
class ListItem:
    """One entry of a list."""

    blocks: "tuple[Block, ...]"
    is_done: bool | None = None  #: state of a task list entry; None: not a task


@dataclass(frozen=True, slots=True)
class ListBlock:
    """A list; nested lists are among the blocks of its entries."""

    ordered: bool
    items: tuple[ListItem, ...]
    start: int = 1  #: number of the first entry


@dataclass(frozen=True, slots=True)
class Table:
    """A table; every row has as many cells as the header."""

    header: tuple[tuple[Inline, ...], ...]
    alignments: tuple[Alignment, ...]
    rows: tuple[tuple[tuple[Inline, ...], ...], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal rule."""


Block = Paragraph | Heading | Code | Quote | ListBlock | Table | Rule


def plain_text(inlines: Sequence[Inline]) -> str:
    """Return the text without its formatting; an image becomes its description, or its URL."""
    return "".join(_plain(inline) for inline in inlines)


def _plain(inline: Inline) -> str:
    match inline:
        case TextRun(text) | CodeSpan(text):
            return text
        case Image(url, alt):
            return alt or url
        case LineBreak():
            return "\n"
        case _:
            return plain_text(inline.children)


def is_safe_url(url: str) -> bool:
    """Return whether a link is safe to show: a web page or a mail address."""
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket where only an IPv6 address may have one
        return False
    if parts.scheme == "mailto":
        return bool(parts.path)
    return parts.scheme in {"http", "https"} and bool(parts.netloc)
