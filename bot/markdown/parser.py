"""Parser of Markdown as models and people write it.

Based on markdown-it, adapted to chat: HTML is text, bare URLs are links, `**` works next to Chinese, Japanese and
Korean, and no text is dropped, however deeply it is nested or however long it is.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.parser_block import ParserBlock
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token

from bot.markdown.indents import normalize_indents
from bot.markdown.split import is_cjk
from bot.markdown.table_rows import parse_table
from bot.markdown.tree import Block, Heading, Inline, LineBreak, Paragraph, Quote, TextRun, plain_text
from bot.markdown.tree_builder import build_blocks, build_inlines

#: Levels of nested quotes and lists; deeper ones are shown as text.
_DEEPEST = 24
#: Characters of a paragraph that are parsed together; bounds the search for the end of unclosed marks.
_WINDOW = 2000
_SPACE = re.compile(r"\s(?=\S*$)")
_ADDRESS = re.compile(r"://[^\s<>\[\]\"`|\\^{}]{1,2000}")
_SCHEME = re.compile(r"(?<![A-Za-z0-9+.-])https?$", re.IGNORECASE)
_LONGEST_SCHEME = 6  # characters of `https` and of the one in front of it
_TRAILING = "?!.,:;*_~'\""


def parse_blocks(markdown: str) -> tuple[Block, ...]:
    """See `bot.markdown.parse`."""
    tokens: list[Token] = []
    md = _parser()
    text = markdown.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    md.block.parse(normalize_indents(text), md, {}, tokens)
    blocks = build_blocks(tokens, _parse_inlines)
    return blocks if any(map(_is_visible, blocks)) else _as_written(text)


def _is_visible(block: Block) -> bool:
    match block:
        case Paragraph(children) | Heading(_, children):
            return bool(plain_text(children).strip())
        case Quote(inner):
            return any(map(_is_visible, inner))
        case _:
            return True


def _as_written(text: str) -> tuple[Block, ...]:
    """Return a text that is nothing but marks, such as `#` or `<br>`, as a paragraph that shows them."""
    lines = text.strip().split("\n")
    inlines = [inline for line in lines for inline in (LineBreak(), TextRun(line.strip())) if inline != TextRun("")]
    return (Paragraph(tuple(inlines[1:])),) if text.strip() else ()


def _parse_inlines(markdown: str) -> tuple[Inline, ...]:
    found: list[Token] = []
    for window in _windows(markdown):
        found += _inline_tokens(window)
    return build_inlines(found)


def _inline_tokens(markdown: str) -> Sequence[Token]:
    md = _parser()
    return md.inline.parse(markdown, md, {}, [])


def _windows(text: str) -> Iterator[str]:
    """Split a long paragraph into windows, at line ends or spaces if there are any."""
    while len(text) > _WINDOW:
        at = text.rfind("\n", _WINDOW // 2, _WINDOW)
        if at < 0:
            space = _SPACE.search(text, _WINDOW // 2, _WINDOW)
            at = space.start() if space else _WINDOW
        yield text[:at]
        text = text[at:]
    yield text


@cache
def _parser() -> MarkdownIt:
    md = MarkdownIt("commonmark", {"html": False, "maxNesting": 2 * _DEEPEST})
    md.inline, md.block = _Inlines(), _Blocks()
    md.configure("commonmark", {"html": False, "maxNesting": 2 * _DEEPEST})
    md.enable(["table", "strikethrough", "linkify"])
    md.disable(["reference", "html_block", "html_inline"])  # a link definition would be lost when the text is split
    md.inline.ruler.at("linkify", _linkify)
    md.block.ruler.at("table", parse_table, {"alt": ["paragraph", "reference"]})
    return md


class _Blocks(ParserBlock):
    """Shows blocks nested too deeply as text."""

    def tokenize(self, state: StateBlock, startLine: int, endLine: int) -> None:  # noqa: N803 - the library's names
        if state.level < _DEEPEST or startLine >= endLine:
            super().tokenize(state, startLine, endLine)
            return
        end = startLine + 1
        while end < endLine and (state.isEmpty(end) or state.sCount[end] >= state.blkIndent):
            end += 1
        state.push("paragraph_open", "p", 1)
        state.push("inline", "", 0).content = state.getLines(startLine, end, state.blkIndent, keepLastLF=False).strip()
        state.push("paragraph_close", "p", -1)
        state.line = end


class _State(StateInline):
    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N802, N803 - the library's names
        """Decide which marks may open and close emphasis.

        CommonMark requires white space between `：**` and the next letter, which CJK text does not have. Next to CJK
        characters a mark opens in front of anything but space and closes behind anything but space.
        """
        scanned = super().scanDelims(start, canSplitWord)
        end = start + scanned.length
        before = self.src[start - 1] if start else " "
        after = self.src[end] if end < self.posMax else " "
        if not canSplitWord or not (is_cjk(before) or is_cjk(after)):
            return scanned
        return Scanned(
            scanned.can_open or not after.isspace(), scanned.can_close or not before.isspace(), scanned.length
        )


class _Inlines(ParserInline):
    def parse(self, src: str, md: MarkdownIt, env: Any, tokens: list[Token]) -> list[Token]:
        """See the base class; bounds the nesting of image descriptions."""
        state = _State(src, md, env, tokens)
        if env.setdefault("depth", 0) > 1:
            state.push("text", "", 0).content = src
            return state.tokens
        env["depth"] += 1
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        env["depth"] -= 1
        return state.tokens


def _linkify(state: StateInline, silent: bool) -> bool:
    """Inline rule for a bare URL in the text."""
    pos = state.pos
    if silent or state.linkLevel or state.src[pos] != ":":
        return False
    found = _ADDRESS.match(state.src, pos)
    scheme = _SCHEME.search(state.src[max(pos - _LONGEST_SCHEME, 0) : pos])
    if not found or not scheme or not state.pending.endswith(scheme[0]):
        return False
    rest = _trim_url(found[0])
    if not any(map(str.isalnum, rest)):
        return False
    state.pending = state.pending[: -len(scheme[0])]
    state.push("link_open", "a", 1).attrs = {"href": scheme[0] + rest}
    state.push("text", "", 0).content = scheme[0] + rest
    state.push("link_close", "a", -1)
    state.pos += len(rest)
    return True


def _trim_url(address: str) -> str:
    """Remove the punctuation of the surrounding sentence from the end of a URL."""
    end = next((at for at, letter in enumerate(address) if is_cjk(letter)), len(address))
    surplus = address.count(")", 0, end) - address.count("(", 0, end)
    while end and (address[end - 1] in _TRAILING or (address[end - 1] == ")" and surplus > 0)):
        surplus -= address[end - 1] == ")"
        end -= 1
    return address[:end]
