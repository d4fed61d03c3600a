"""From Markdown as models and people write it to a tree.

The parser is markdown-it's, with what chat needs: HTML is text, addresses lead somewhere without marks, `**` works
next to Chinese, Japanese and Korean, and nothing is left out however deep it is nested or however much there is.
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

from bot.markdown import reading
from bot.markdown.indents import settle
from bot.markdown.split import is_cjk
from bot.markdown.tree import Block, Inline

#: Levels of quotes and lists within each other that are told apart; what is deeper is text.
_DEEPEST = 24
#: Characters of a paragraph that are looked at together: marks that are never closed are searched for this far.
_WINDOW = 2000
_SPACE = re.compile(r"\s(?=\S*$)")
_ADDRESS = re.compile(r"://[^\s<>\[\]\"`|\\^{}]{1,2000}")
_SCHEME = re.compile(r"(?<![A-Za-z0-9+.-])https?$", re.IGNORECASE)
_LONGEST_SCHEME = 6  # characters of `https` and of what may not be before it
_TRAILING = "?!.,:;*_~'\""


def blocks(markdown: str) -> tuple[Block, ...]:
    """See `bot.markdown.parse`."""
    tokens: list[Token] = []
    md = _parser()
    text = markdown.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    md.block.parse(settle(text), md, {}, tokens)
    return reading.blocks(tokens, _inlines)


def _inlines(markdown: str) -> tuple[Inline, ...]:
    found: list[Token] = []
    for window in _windows(markdown):
        found += _inline_tokens(window)
    return reading.inlines(found)


def _inline_tokens(markdown: str) -> Sequence[Token]:
    md = _parser()
    return md.inline.parse(markdown, md, {}, [])


def _windows(text: str) -> Iterator[str]:
    """A long paragraph in parts, cut at line ends or spaces where there are any."""
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
    md.disable(["reference", "html_block", "html_inline"])  # a definition would be lost where a text is cut
    md.inline.ruler.at("linkify", _address)
    return md


class _Blocks(ParserBlock):
    """Shows what is nested too deep as text."""

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
        """Which marks may open and close emphasis.

        CommonMark wants white space between `：**` and the next letter. Where people write without, as next to CJK
        characters, a mark opens before anything but space and closes after anything but space.
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
        """See the base class; descriptions within descriptions of pictures end somewhere."""
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


def _address(state: StateInline, silent: bool) -> bool:
    """Rule for an address that stands in the text."""
    pos = state.pos
    if silent or state.linkLevel or state.src[pos] != ":":
        return False
    found = _ADDRESS.match(state.src, pos)
    scheme = _SCHEME.search(state.src[max(pos - _LONGEST_SCHEME, 0) : pos])
    if not found or not scheme or not state.pending.endswith(scheme[0]):
        return False
    rest = _trimmed(found[0])
    if not any(map(str.isalnum, rest)):
        return False
    state.pending = state.pending[: -len(scheme[0])]
    state.push("link_open", "a", 1).attrs = {"href": scheme[0] + rest}
    state.push("text", "", 0).content = scheme[0] + rest
    state.push("link_close", "a", -1)
    state.pos += len(rest)
    return True


def _trimmed(address: str) -> str:
    """An address without what belongs to the sentence around it."""
    end = next((at for at, letter in enumerate(address) if is_cjk(letter)), len(address))
    surplus = address.count(")", 0, end) - address.count("(", 0, end)
    while end and (address[end - 1] in _TRAILING or (address[end - 1] == ")" and surplus > 0)):
        surplus -= address[end - 1] == ")"
        end -= 1
    return address[:end]
