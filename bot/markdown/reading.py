"""From the parser's flat tokens to the tree. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence

from markdown_it.token import Token

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
    plain,
)

Read = Callable[[str], tuple[Inline, ...]]

#: Levels of bold, italic and so on within each other that are told apart.
_DEEPEST = 8
_BREAK = re.compile(r"<br\s{0,3}/?>", re.IGNORECASE)
_TASK = re.compile(r"\[([ xX])\](?:[ \t]+|$)")
_ALIGNMENTS: dict[str, Alignment] = {
    "text-align:left": "left",
    "text-align:center": "center",
    "text-align:right": "right",
}
_WRAPPERS: dict[str, Callable[[tuple[Inline, ...]], Inline]] = {"strong": Strong, "em": Emphasis, "s": Strike}


def blocks(tokens: Sequence[Token], read: Read) -> tuple[Block, ...]:
    """The tree of a parser's block tokens; `read` makes inlines of an inline token's content."""
    return tuple(_Reader(tokens, read).blocks(""))


class _Reader:
    def __init__(self, tokens: Sequence[Token], read: Read) -> None:
        self.tokens = iter(tokens)
        self.read = read

    def blocks(self, end: str) -> Iterator[Block]:
        """Every block up to the token of that type."""
        for token in self.tokens:
            if token.type == end:
                return
            yield self.block(token)

    def block(self, token: Token) -> Block:
        """The block that begins with this token."""
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
        """The inlines of a block that has nothing else."""
        content = next(self.tokens).content
        next(self.tokens)
        return self.read(content)

    def items(self, end: str) -> Iterator[Item]:
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
                row.append(self.read(token.content))
            elif token.type == "th_open":
                alignments.append(_ALIGNMENTS.get(str(token.attrGet("style")), ""))
            elif token.type == "tr_close":
                rows.append(tuple(row))
                row = []
        return Table(rows[0], tuple(alignments), tuple(rows[1:]))


def _item(found: tuple[Block, ...]) -> Item:
    if found and isinstance(first := found[0], Paragraph) and first.children:
        start = first.children[0]
        if isinstance(start, Text) and (task := _TASK.match(start.text)):
            rest = start.text[task.end() :]
            children = (*((Text(rest),) if rest else ()), *first.children[1:])
            return Item((Paragraph(children), *found[1:]), is_done=task[1] != " ")
    return Item(found)


def inlines(tokens: Sequence[Token]) -> tuple[Inline, ...]:
    """The tree of a parser's inline tokens."""
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
            here.append(Break())
        elif token.type == "image":
            here.append(Image(str(token.attrGet("src") or ""), plain(inlines(token.children or ()))))
    while len(open_) > 1:  # no parser leaves any
        _, children = open_.pop()
        _add(open_[-1][1], children)
    return tuple(open_[0][1])


def _wrapper(token: Token) -> Callable[[tuple[Inline, ...]], Inline]:
    if token.tag == "a":
        url = str(token.attrGet("href") or "")
        return lambda children: Link(url, children or (Text(url),))
    return _WRAPPERS[token.tag]


def _text(content: str) -> list[Inline]:
    """Characters, with line ends where HTML has them: in a table's cell there is no other way."""
    first, *rest = _BREAK.split(content)
    return [Text(first), *(inline for line in rest for inline in (Break(), Text(line)))]


def _add(here: list[Inline], more: Sequence[Inline]) -> None:
    """Append, joining what is only text."""
    for inline in more:
        if isinstance(inline, Text) and here and isinstance(last := here[-1], Text):
            here[-1] = Text(last.text + inline.text)
        elif inline != Text(""):
            here.append(inline)
