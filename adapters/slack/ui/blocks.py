"""Markdown as Slack's blocks. Pure.

Everything is rich text but what that can't show: titles are `header` blocks, the first table of a message is a `table`
block (Slack takes one), further tables are `data_table` blocks, or monospaced text where Slack refuses these.

Rich text says what is bold or a link without marks, so nothing in a text is taken for one, whatever stands next to it:
`<!channel>` is nine letters, `*` a star, and Chinese needs no spaces around bold. Only elements that are made here can
notify people, and they notify only those who are named on purpose.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from adapters.slack.types import Block
from adapters.slack.ui.mentions import ANYBODY, mention_element
from bot import markdown as md
from bot.commandline.mentions import read_mention, read_time

#: Slack's limits, with a margin where others have measured what is not documented.
BLOCKS = 50
TABLE_ROWS, TABLE_COLUMNS, TABLE_TEXT = 100, 20, 9_000
DATA_TABLE = "data_table"  #: https://docs.slack.dev/reference/block-kit/blocks/data-table-block
_PAGE = 20  # rows of such a table that are shown at once
_CAPTION = 150  # characters
_HEADER = 150  # characters
_RICH_TEXT = 3_000  # characters after which another rich_text block begins
_DEEPEST = 8  # a list's `indent`
_TITLE = 2  # a heading of this level or above is a header block
_ELEMENT = 8  # characters that an element counts for besides its text
_COUNTED = ("text", "url", "name")  # fields whose characters count
_LONGEST_URL = 3000
_LANGUAGE = re.compile(r"[a-z][a-z0-9+#._-]{0,29}")
_CHECKBOXES = {True: "☑ ", False: "☐ ", None: ""}


def render_blocks(
    markdown: str, *, mentions: Collection[str] = (), is_plain: bool = False, has_data_tables: bool = False
) -> list[Block]:
    """Return the blocks that show a text.

    `mentions`: ids of the people whom the text may notify. `is_plain`: only what every Slack takes, rich text without
    tables, titles and names of languages. `has_data_tables`: further tables are blocks, too.
    """
    return _Writer(mentions, is_plain=is_plain, has_data_tables=has_data_tables).write(parse(markdown))


@lru_cache(maxsize=16)
def parse(markdown: str) -> tuple[md.Block, ...]:
    """Parse a text; the texts that were parsed last are remembered."""
    return md.parse(markdown)


def escape(text: str) -> str:
    """Return the text as mrkdwn without special meaning."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def estimate_size(value: Any) -> int:
    """Return about how many characters Slack counts for blocks: texts, addresses and something for each element."""
    size, left = 0, [value]
    while left:
        part = left.pop()
        if type(part) is list:
            left += part
        elif type(part) is dict:
            size += _ELEMENT
            for name, inner in part.items():
                if type(inner) is not str:
                    left.append(inner)
                elif name in _COUNTED:
                    size += len(inner)
    return size


# ------------------------------------------------------------------ lines

_Style = Mapping[str, bool]
_PLAIN: _Style = {}

#: The mention of a person, by id.
MENTION = re.compile(r"<@([UW][A-Z0-9]{2,20})>")
#: Both begin with their first character, not with what stands before it: only then the search skips all others at once.
_MENTION_OR_EMOJI = re.compile(MENTION.pattern + r"|:(?<![\w:]:)([a-z][a-z0-9_+'-]{1,40}):(?![\w:])")


def render_inlines(inlines: Sequence[md.Inline], *, mentions: Collection[str] = ()) -> list[Block]:
    """Return the elements of a `rich_text_section`. `mentions`: see `render_blocks`."""
    return _merge_texts(list(_render(inlines, _PLAIN, mentions)))


def _text(content: str, style: _Style = _PLAIN) -> Block:
    return {"type": "text", "text": content, **({"style": dict(style)} if style else {})}


def _merge_texts(elements: Sequence[Block]) -> list[Block]:
    """Join neighbouring texts of one style; leave out empty ones."""
    merged: list[Block] = []
    for element in elements:
        last = merged[-1] if merged else {}
        if element["type"] == "text" == last.get("type") and element.get("style") == last.get("style"):
            merged[-1] = {**last, "text": last["text"] + element["text"]}
        elif element.get("text") != "":
            merged.append(element)
    return merged


def _render(inlines: Sequence[md.Inline], style: _Style, mentions: Collection[str]) -> Iterator[Block]:
    for inline in inlines:
        match inline:
            case md.TextRun(content):
                yield from _render_text(content, style, mentions)
            case md.Strong(children):
                yield from _render(children, {**style, "bold": True}, mentions)
            case md.Emphasis(children):
                yield from _render(children, {**style, "italic": True}, mentions)
            case md.Strike(children):
                yield from _render(children, {**style, "strike": True}, mentions)
            case md.CodeSpan(content):
                yield _text(content, {**style, "code": True})
            case md.Link():
                yield from _render_link(inline, style, mentions)
            case md.Image(url, alt):
                yield from _render_link(md.Link(url, (md.TextRun(alt or url),)), style, mentions)
            case md.LineBreak():
                yield _text("\n", style)


def _render_text(content: str, style: _Style, mentions: Collection[str]) -> Iterator[Block]:
    at = 0
    for match in _MENTION_OR_EMOJI.finditer(content) if ":" in content or "<@" in content else ():
        person, emoji = match[1], match[2]
        if person and person not in mentions:
            continue
        yield _text(content[at : match.start()], style)
        yield {"type": "user", "user_id": person} if person else {"type": "emoji", "name": emoji}
        at = match.end()
    yield _text(content[at:], style)


def _render_link(link: md.Link, style: _Style, mentions: Collection[str]) -> Iterator[Block]:
    label = md.plain_text(link.children)
    if (named := read_mention(link.url)) is not None:
        yield mention_element(named) if mentions is ANYBODY else _text(label, style)
    elif (time := read_time(link.url)) is not None:
        yield {"type": "date", "timestamp": time, "format": "{date_short_pretty} {time}", "fallback": label}
    elif not md.is_safe_url(link.url) or len(link.url) > _LONGEST_URL:
        yield from _render(link.children, style, mentions)
        if link.url and not link.is_bare:
            yield _text(f" ({link.url})", style)
    elif not label.strip() or link.is_bare:
        yield _link(link.url, label.strip(), style)
    elif md.is_disguised(label, link.url):
        yield from _render(link.children, style, mentions)
        yield _text(" (", style)
        yield _link(link.url, "", style)
        yield _text(")", style)
    elif any(isinstance(child, md.CodeSpan) for child in link.children):
        yield _link(link.url, label, {**style, "code": True})
    else:
        yield _link(link.url, label, style)


def _link(url: str, label: str, style: _Style) -> Block:
    texts = {"text": label} if label else {}
    styles = {"style": dict(style)} if style else {}
    return {"type": "link", "url": url, **texts, **styles}


# ------------------------------------------------------------------ blocks


@dataclass(slots=True)
class _Writer:
    """Writes one message."""

    mentions: Collection[str]
    is_plain: bool
    has_data_tables: bool
    blocks: list[Block] = field(default_factory=list)
    rich: list[Block] = field(default_factory=list)  #: elements of the rich_text block that is being written
    has_table: bool = False

    def write(self, tree: Sequence[md.Block]) -> list[Block]:
        for block in tree:
            self.block(block)
        self.flush()
        return self.blocks

    def flush(self) -> None:
        if self.rich:
            self.blocks.append({"type": "rich_text", "elements": self.rich})
            self.rich = []

    def block(self, block: md.Block) -> None:
        if self.rich and estimate_size(self.rich) > _RICH_TEXT:
            self.flush()
        match block:
            case md.Heading(level, children):
                self.heading(level, children)
            case md.Table():
                self.table(block)
            case md.Rule():
                self.flush()
                self.blocks.append({"type": "divider"})
            case _:
                self.rich_block(block)

    def heading(self, level: int, children: tuple[md.Inline, ...]) -> None:
        title = " ".join(md.plain_text(children).split())
        is_title = level <= _TITLE and len(title) <= _HEADER and not any(isinstance(c, md.Link) for c in children)
        if is_title and title and not self.is_plain:
            self.flush()
            self.blocks.append({"type": "header", "text": {"type": "plain_text", "text": title, "emoji": True}})
        elif title:
            self.section([_bold(element) for element in self.inlines(children)])

    def table(self, table: md.Table) -> None:
        rows = (table.header, *table.rows)
        fits = len(rows) <= TABLE_ROWS and len(table.header) <= TABLE_COLUMNS
        is_second = self.has_table and self.has_data_tables and bool(table.rows)
        if self.is_plain or not fits or (self.has_table and not is_second):
            self.preformatted(md.render_monospace(table))
            return
        cells = [[self.cell(cell, is_header=number == 0) for cell in row] for number, row in enumerate(rows)]
        if estimate_size(cells) > TABLE_TEXT:
            self.preformatted(md.render_monospace(table))
            return
        self.flush()
        if is_second:
            self.data_table(table, cells)
            return
        self.has_table = True
        settings = [{"align": alignment or "left", "is_wrapped": True} for alignment in table.alignments]
        self.blocks.append({"type": "table", "rows": cells, "column_settings": settings})

    def data_table(self, table: md.Table, cells: list[list[Block]]) -> None:
        """Write a table that Slack sorts and pages; its header has no formatting, and its rows have one length."""
        titles = [" ".join(md.plain_text(cell).split()) or " " for cell in table.header]
        header: list[Block] = [{"type": "raw_text", "text": title} for title in titles]
        empty = self.cell((), is_header=False)
        rows = [[*row, *[empty] * len(header)][: len(header)] for row in cells[1:]]
        caption = " · ".join(title for title in titles if title.strip())[:_CAPTION] or "—"
        shown = {"caption": caption, "page_size": min(len(rows), _PAGE)}
        self.blocks.append({"type": DATA_TABLE, "rows": [header, *rows], **shown})

    def cell(self, inlines: tuple[md.Inline, ...], *, is_header: bool) -> Block:
        elements = self.inlines(inlines) or [_text(" ")]  # an empty cell is refused
        if is_header:
            elements = [_bold(element) for element in elements]
        return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}

    def inlines(self, inlines: Sequence[md.Inline]) -> list[Block]:
        return render_inlines(inlines, mentions=self.mentions)

    # -- rich text

    def rich_block(self, block: md.Block, *, indent: int = 0, border: int = 0) -> None:
        """Write a block as rich text. `border`: 1 within a quote."""
        match block:
            case md.Paragraph(children):
                self.paragraph(self.inlines(children), border=border)
            case md.Code(content, language):
                self.preformatted(content, language, border=border)
            case md.Quote(inner):
                for one in inner:
                    self.rich_block(one, indent=indent, border=1)
            case md.ListBlock():
                self.list_block(block, indent, border)
            case md.Heading(_, children):
                self.paragraph([_bold(element) for element in self.inlines(children)], border=border)
            case md.Table():
                self.preformatted(md.render_monospace(block), border=border)
            case md.Rule():
                self.paragraph([_text("———")], border=border)

    def paragraph(self, elements: list[Block], *, border: int) -> None:
        self.extend("rich_text_quote" if border else "rich_text_section", elements)

    def section(self, elements: list[Block]) -> None:
        self.extend("rich_text_section", elements)

    def extend(self, kind: str, elements: list[Block]) -> None:
        """Extend the section or quote before, with an empty line between, else begin one."""
        if not elements:
            return
        last = self.rich[-1] if self.rich else {}
        if last.get("type") == kind:
            last["elements"] = _merge_texts([*last["elements"], _text("\n\n"), *elements])
            return
        if last and kind == "rich_text_section":
            elements = _merge_texts([_text("\n"), *elements])
        self.rich.append({"type": kind, "elements": elements})

    def preformatted(self, content: str, language: str = "", *, border: int = 0) -> None:
        name = language.lower()
        element: Block = {"type": "rich_text_preformatted", "elements": [_text(content or " ")], "border": border}
        if _LANGUAGE.fullmatch(name) and not self.is_plain:
            element["language"] = name
        self.rich.append(element)

    def list_block(self, block: md.ListBlock, indent: int, border: int) -> None:
        """Write items as sections; the other blocks of an item stand between two runs of them."""
        run: list[Block] = []
        number = begun = max(block.start - 1, 0)

        def close() -> None:
            nonlocal run
            if run:
                element: Block = {"type": "rich_text_list", "elements": run, "indent": min(indent, _DEEPEST)}
                element |= {"style": "ordered" if block.ordered else "bullet", "border": border}
                if block.ordered and begun:
                    element["offset"] = begun
                self.rich.append(element)
                run = []

        for item in block.items:
            if not run:
                begun = number
            number += 1
            lines, rest = self.item(item)
            run.append({"type": "rich_text_section", "elements": lines})
            if rest:
                close()
            for inner in rest:
                self.rich_block(inner, indent=indent + 1, border=border)
        close()

    def item(self, item: md.ListItem) -> tuple[list[Block], tuple[md.Block, ...]]:
        """Return an item's own lines, and the blocks that are shown below them."""
        count = next((at for at, block in enumerate(item.blocks) if not _is_line(block)), len(item.blocks))
        elements: list[Block] = [_text(_CHECKBOXES[item.is_done])]
        for block in item.blocks[:count]:
            if len(elements) > 1:
                elements.append(_text("\n"))
            children = block.children if isinstance(block, md.Paragraph | md.Heading) else (md.TextRun("———"),)
            elements += self.inlines(children)
        return _merge_texts(elements) or [_text(" ")], item.blocks[count:]


def _is_line(block: md.Block) -> bool:
    return isinstance(block, md.Paragraph | md.Heading | md.Rule)


def _bold(element: Block) -> Block:
    if element["type"] not in {"text", "link"}:
        return element
    return {**element, "style": {**element.get("style", {}), "bold": True}}
