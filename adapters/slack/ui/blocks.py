"""Markdown as Slack's blocks. Pure.

Everything is rich text but what that can't show: titles are `header` blocks, the first table of a message is a `table`
block (Slack takes one), further tables are monospaced text.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from adapters.slack.ui.rich_text import MENTION, Json, elements, joined, text
from bot.markdown import (
    Block,
    Code,
    Heading,
    Inline,
    Link,
    ListBlock,
    ListItem,
    Paragraph,
    Quote,
    Rule,
    Table,
    TextRun,
    parse,
    plain_text,
    render_monospace,
)

#: Slack's limits, with a margin where others have measured what is not documented.
BLOCKS = 50
TABLE_ROWS, TABLE_COLUMNS, TABLE_TEXT = 100, 20, 9_000
_HEADER = 150  # characters
_RICH = 3_000  # characters after which another rich_text block begins
_DEEPEST = 8  # a list's `indent`
_TITLE = 2  # a heading of this level or above is a header block
_FALLBACK = 3_500  # characters of what notifications show; an edit takes 4,000
_ELEMENT = 8  # what an element counts for besides its text
_LANGUAGE = re.compile(r"[a-z][a-z0-9+#._-]{0,29}")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_BOXES = {True: "☑ ", False: "☐ ", None: ""}


def blocks(markdown: str, *, names: Collection[str] = (), is_plain: bool = False) -> list[Json]:
    """The blocks that show a text. `names`: ids of the people it may call; by itself a text calls nobody.

    `is_plain`: only what every Slack takes, rich text without tables, titles and names of languages.
    """
    return _Writer(names, is_plain=is_plain).write(_tree(markdown))


@lru_cache(maxsize=16)
def _tree(markdown: str) -> tuple[Block, ...]:
    return parse(markdown)


def fallback(markdown: str, *, names: Collection[str] = ()) -> str:
    """What notifications and clients without blocks show of a text: its first words, escaped. `names`: see `blocks`."""
    found, left = [], _FALLBACK
    for shown in _escaped(_read(_tree(markdown[:_FALLBACK])), names):
        left -= len(shown)
        if left < 0:
            break
        found.append(shown)
    return "".join(found)


def _escaped(content: str, names: Collection[str]) -> Iterator[str]:
    """Letter by letter; mentions of `names` as they are."""
    for number, part in enumerate(MENTION.split(content)):
        if number % 2 and part in names:
            yield f"<@{part}>"
        else:
            yield from (_ESCAPES.get(letter, letter) for letter in (f"<@{part}>" if number % 2 else part))


def cost(value: Any) -> int:
    """About how many characters Slack counts for blocks: texts, addresses and something for each element."""
    if isinstance(value, list):
        return sum(cost(part) for part in value)
    if isinstance(value, dict):
        own = sum(len(value[name]) for name in ("text", "url", "name") if isinstance(value.get(name), str))
        inner = (part for part in value.values() if isinstance(part, list | dict))
        return own + _ELEMENT + sum(cost(part) for part in inner)
    return 0


def _read(tree: Sequence[Block]) -> str:
    """A tree as plain text."""
    lines: list[str] = []
    for block in tree:
        match block:
            case Paragraph(children) | Heading(_, children):
                lines.append(plain_text(children))
            case Code(content, _):
                lines.append(content)
            case Quote(inner):
                lines.append(_read(inner))
            case ListBlock():
                lines += [f"• {_read(item.blocks)}" for item in block.items]
            case Table():
                lines += [" | ".join(map(plain_text, row)) for row in (block.header, *block.rows)]
            case Rule():
                pass
    return "\n".join(lines)


@dataclass(slots=True)
class _Writer:
    """Writes one message."""

    names: Collection[str]
    is_plain: bool
    done: list[Json] = field(default_factory=list)
    rich: list[Json] = field(default_factory=list)  #: elements of the rich_text block that is being written
    has_table: bool = False

    def write(self, tree: Sequence[Block]) -> list[Json]:
        for block in tree:
            self.block(block)
        self.flush()
        return self.done

    def flush(self) -> None:
        if self.rich:
            self.done.append({"type": "rich_text", "elements": self.rich})
            self.rich = []

    def block(self, block: Block) -> None:
        if cost(self.rich) > _RICH:
            self.flush()
        match block:
            case Heading(level, children):
                self.heading(level, children)
            case Table():
                self.table(block)
            case Rule():
                self.flush()
                self.done.append({"type": "divider"})
            case _:
                self.rich_block(block)

    def heading(self, level: int, children: tuple[Inline, ...]) -> None:
        shown = " ".join(plain_text(children).split())
        is_title = level <= _TITLE and len(shown) <= _HEADER and not any(isinstance(c, Link) for c in children)
        if is_title and shown and not self.is_plain:
            self.flush()
            self.done.append({"type": "header", "text": {"type": "plain_text", "text": shown, "emoji": True}})
        elif shown:
            self.section([_bold(element) for element in elements(children, names=self.names)])

    def table(self, table: Table) -> None:
        rows = (table.header, *table.rows)
        fits = len(rows) <= TABLE_ROWS and len(table.header) <= TABLE_COLUMNS
        if self.is_plain or self.has_table or not fits:
            self.preformatted(render_monospace(table))
            return
        cells = [[self.cell(cell, is_header=number == 0) for cell in row] for number, row in enumerate(rows)]
        if cost(cells) > TABLE_TEXT:
            self.preformatted(render_monospace(table))
            return
        self.flush()
        self.has_table = True
        settings = [{"align": alignment or "left", "is_wrapped": True} for alignment in table.alignments]
        self.done.append({"type": "table", "rows": cells, "column_settings": settings})

    def cell(self, inlines: tuple[Inline, ...], *, is_header: bool) -> Json:
        found = elements(inlines, names=self.names) or [text(" ")]  # an empty cell is refused
        if is_header:
            found = [_bold(element) for element in found]
        return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": found}]}

    # -- rich text

    def rich_block(self, block: Block, *, indent: int = 0, border: int = 0) -> None:
        """What rich text can show; within a quote with a border."""
        match block:
            case Paragraph(children):
                self.paragraph(elements(children, names=self.names), border=border)
            case Code(content, language):
                self.preformatted(content, language, border=border)
            case Quote(inner):
                for one in inner:
                    self.rich_block(one, indent=indent, border=1)
            case ListBlock():
                self.entries(block, indent, border)
            case Heading(_, children):
                self.paragraph([_bold(element) for element in elements(children, names=self.names)], border=border)
            case Table():
                self.preformatted(render_monospace(block), border=border)
            case Rule():
                self.paragraph([text("———")], border=border)

    def paragraph(self, found: list[Json], *, border: int) -> None:
        if border:
            self.grow("rich_text_quote", found)
        else:
            self.section(found)

    def section(self, found: list[Json]) -> None:
        self.grow("rich_text_section", found)

    def grow(self, kind: str, found: list[Json]) -> None:
        """Add to the section or quote before, with an empty line between, else begin one."""
        if not found:
            return
        last = self.rich[-1] if self.rich else {}
        if last.get("type") == kind:
            last["elements"] = joined([*last["elements"], text("\n\n"), *found])
            return
        if last and kind == "rich_text_section":
            found = joined([text("\n"), *found])
        self.rich.append({"type": kind, "elements": found})

    def preformatted(self, content: str, language: str = "", *, border: int = 0) -> None:
        named = language.lower()
        element: Json = {"type": "rich_text_preformatted", "elements": [text(content or " ")], "border": border}
        if _LANGUAGE.fullmatch(named) and not self.is_plain:
            element["language"] = named
        self.rich.append(element)

    def entries(self, block: ListBlock, indent: int, border: int) -> None:
        """Entries as sections; what else an entry holds stands between two runs of them."""
        run: list[Json] = []
        number = begun = max(block.start - 1, 0)

        def close() -> None:
            nonlocal run
            if run:
                element: Json = {"type": "rich_text_list", "elements": run, "indent": min(indent, _DEEPEST)}
                element |= {"style": "ordered" if block.ordered else "bullet", "border": border}
                if block.ordered and begun:
                    element["offset"] = begun
                self.rich.append(element)
                run = []

        for item in block.items:
            if not run:
                begun = number
            number += 1
            first, rest = self.entry(item)
            run.append({"type": "rich_text_section", "elements": first})
            if rest:
                close()
            for inner in rest:
                self.rich_block(inner, indent=indent + 1, border=border)
        close()

    def entry(self, item: ListItem) -> tuple[list[Json], tuple[Block, ...]]:
        """An entry's own lines, and what is shown under them."""
        count = next((at for at, block in enumerate(item.blocks) if not _is_line(block)), len(item.blocks))
        found: list[Json] = [text(_BOXES[item.is_done])]
        for block in item.blocks[:count]:
            if len(found) > 1:
                found.append(text("\n"))
            children = block.children if isinstance(block, Paragraph | Heading) else (TextRun("———"),)
            found += elements(children, names=self.names)
        return joined(found) or [text(" ")], item.blocks[count:]


def _is_line(block: Block) -> bool:
    return isinstance(block, Paragraph | Heading | Rule)


def _bold(element: Json) -> Json:
    if element["type"] not in {"text", "link"}:
        return element
    return {**element, "style": {**element.get("style", {}), "bold": True}}
