"""What Markdown says, without how it was written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

Alignment = Literal["", "left", "center", "right"]


@dataclass(frozen=True, slots=True)
class Text:
    """Characters that mean themselves; no line ends."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Bold."""

    children: "tuple[Inline, ...]"


@dataclass(frozen=True, slots=True)
class Emphasis:
    """Italic."""

    children: "tuple[Inline, ...]"


@dataclass(frozen=True, slots=True)
class Strike:
    """Struck through."""

    children: "tuple[Inline, ...]"


@dataclass(frozen=True, slots=True)
class CodeSpan:
    """Code within a line."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """Something that leads somewhere. The address may be of any scheme or none: see `is_address`."""

    url: str
    children: "tuple[Inline, ...]"

    @property
    def is_bare(self) -> bool:
        """Whether the address itself is what is shown."""
        shown = plain(self.children)
        return self.url in (shown, f"mailto:{shown}")


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that is somewhere else."""

    url: str
    alt: str


@dataclass(frozen=True, slots=True)
class Break:
    """A line end within a paragraph; people and models mean it, so it is shown."""


Inline = Text | Strong | Emphasis | Strike | CodeSpan | Link | Image | Break


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
    language: str = ""  #: as written behind the fence


@dataclass(frozen=True, slots=True)
class Quote:
    """What somebody else said."""

    blocks: "tuple[Block, ...]"


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a list."""

    blocks: "tuple[Block, ...]"
    is_done: bool | None = None  #: of a task list's; None: no task


@dataclass(frozen=True, slots=True)
class ListBlock:
    """Entries; a list within one is among its blocks."""

    ordered: bool
    items: tuple[Item, ...]
    start: int = 1  #: number of the first entry


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; every row has as many as the header."""

    header: tuple[tuple[Inline, ...], ...]
    alignments: tuple[Alignment, ...]
    rows: tuple[tuple[tuple[Inline, ...], ...], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across."""


Block = Paragraph | Heading | Code | Quote | ListBlock | Table | Rule


def plain(inlines: Sequence[Inline]) -> str:
    """What is read, without how it looks; a picture is its description, or its address."""
    return "".join(_plain(inline) for inline in inlines)


def _plain(inline: Inline) -> str:
    match inline:
        case Text(text) | CodeSpan(text):
            return text
        case Image(url, alt):
            return alt or url
        case Break():
            return "\n"
        case _:
            return plain(inline.children)


def is_address(url: str) -> bool:
    """Whether a link leads where a person may safely be sent: a web page or a mail."""
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket where only an IPv6 address may have one
        return False
    if parts.scheme == "mailto":
        return bool(parts.path)
    return parts.scheme in {"http", "https"} and bool(parts.netloc)
