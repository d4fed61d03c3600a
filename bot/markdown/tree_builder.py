"""Builds the tree from the parser's flat tokens. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence

from markdown_it.token import Token

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
    plain_text,
)

ParseInlines = Callable[[str], tuple[Inline, ...]]

#: Levels of nested emphasis; deeper ones are dropped, their text stays.
_DEEPEST = 8
_BREAK = re.compile(r"<br\s{0,3}/?>", re.IGNORECASE)
_TASK = re.compile(r"\[([ xX])\](?:[ \t]+|$)")
_ALIGNMENTS: dict[str, Alignment] = {
    "text-align:left": "left",
    "text-align:center": "center",
    "text-align:right": "right",
}
_WRAPPERS: dict[str, Callable[[tuple[Inline, ...]], Inline]] = {"strong": Strong, "em": Emphasis, "s": Strike}


def build_blocks(tokens: Sequence[Token], parse_inlines: ParseInlines) -> tuple[Block, ...]:
    """Build the tree of the block tokens; `parse_inlines` parses the content of an inline token."""
    return tuple(_BlockBuilder(tokens, parse_inlines).blocks(""))


class _BlockBuilder:
    def __init__(self, tokens: Sequence[Token], parse_inlines: ParseInlines) -> None:
        self.tokens = iter(tokens)
        self.parse_inlines = parse_inlines

    def blocks(self, end: str) -> Iterator[Block]:
        """Yield the blocks in front of the token of type `end`."""
        for token in self.tokens:
            if token.type == end:
                return
            yield self.block(token)

    def block(self, token: Token) -> Block:
        """Build the block that begins with `token`."""
        match token.type:
            case "fence" | "code_block":
                words = token.info.split()
                return Code(token.content.removesuffix("\n"), words[0] if words else "")
            case "blockquote_open":
                return Quote(tuple(self.blocks("blockquote_close")))
            case "bullet_list_open" | "ordered_list_open":
                start = token.attrGet("start")
                items = tuple(self.items(token.type.replace("_open", "_close")))
                return ListBlock(token.tag == "ol", items, 1 if start is None else int(start))
            case "table_open":
                return self.table()
            case "hr":
                return Rule()
            case _:
                text = self.text()
                return Heading(int(token.tag[1:]), text) if token.type == "heading_open" else Paragraph(text)

    def text(self) -> tuple[Inline, ...]:
        """Build the inlines of a heading or paragraph."""
        content = next(self.tokens).content
        next(self.tokens)
        return self.parse_inlines(content)

    def items(self, end: str) -> Iterator[ListItem]:
        for token in self.tokens:
            if token.type == end:
                return
            yield _item(tuple(self.blocks("list_item_close")))

    def table(self) -> Table:
        rows: list[tuple[tuple[Inline, ...], ...]] = []
        row: list[tuple[Inline, ...]] = []
        alignments: list[Alignment] = []
        for token in self.tokens:
            if token.type == "table_close":
                break
            if token.type == "inline":
                row.append(self.parse_inlines(token.content))
            elif token.type == "th_open":
                alignments.append(_ALIGNMENTS.get(str(token.attrGet("style")), ""))
            elif token.type == "tr_close":
                rows.append(tuple(row))
                row = []
        return Table(rows[0], tuple(alignments), tuple(rows[1:]))


def _item(found: tuple[Block, ...]) -> ListItem:
    if found and isinstance(first := found[0], Paragraph) and first.children:
        start = first.children[0]
        if isinstance(start, TextRun) and (task := _TASK.match(start.text)):
            rest = start.text[task.end() :]
            children = (*((TextRun(rest),) if rest else ()), *first.children[1:])
            return ListItem((Paragraph(children), *found[1:]), is_done=task[1] != " ")
    return ListItem(found)


def build_inlines(tokens: Sequence[Token]) -> tuple[Inline, ...]:
    """Build the tree of the inline tokens."""
    open_: list[tuple[Callable[[tuple[Inline, ...]], Inline] | None, list[Inline]]] = [(None, [])]
    for token in tokens:
        here = open_[-1][1]
        if token.nesting > 0:
            open_.append((_wrapper(token) if len(open_) <= _DEEPEST else None, []))
        elif token.nesting < 0 and len(open_) > 1:
            wrap, children = open_.pop()
            _add(open_[-1][1], [wrap(tuple(children))] if wrap else children)
        elif token.type in {"text", "text_special"}:
            _add(here, _text(token.content))
        elif token.type == "code_inline":
            here.append(CodeSpan(token.content))
        elif token.type in {"softbreak", "hardbreak"}:
            here.append(LineBreak())
        elif token.type == "image":
            here.append(Image(str(token.attrGet("src") or ""), plain_text(build_inlines(token.children or ()))))
    while len(open_) > 1:  # markdown-it closes all of them
        _, children = open_.pop()
        _add(open_[-1][1], children)
    return tuple(open_[0][1])


def _wrapper(token: Token) -> Callable[[tuple[Inline, ...]], Inline]:
    if token.tag == "a":
        url = str(token.attrGet("href") or "")
        return lambda children: Link(url, children or (TextRun(url),))
    return _WRAPPERS[token.tag]


def _text(content: str) -> list[Inline]:
    """Convert text with `<br>`, the only line break that a table cell can have."""
    first, *rest = _BREAK.split(content)
    return [TextRun(first), *(inline for line in rest for inline in (LineBreak(), TextRun(line)))]


def _add(here: list[Inline], more: Sequence[Inline]) -> None:
    """Append `more`, joining adjacent text runs."""
    for inline in more:
        if isinstance(inline, TextRun) and here and isinstance(last := here[-1], TextRun):
            here[-1] = TextRun(last.text + inline.text)
        elif inline != TextRun(""):
            here.append(inline)
