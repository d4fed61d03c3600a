"""Splitting Markdown into messages, and estimating tokens. Pure."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from bot.values.patterns import LazyPattern

_FENCE = re.compile(r"(?P<indent>[ \t>]*)(?P<marks>`{3,}(?=[^`]*$)|~{3,})")
_DELIMITER = LazyPattern(r"[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_HEADING = re.compile(r" {0,3}#{1,6}\s")
# Chinese, Japanese and Korean: letters that are words of their own, and their punctuation.
_CJK_RANGE = "\u1100-\u11ff\u2e80-\u303f\u3040-\u30ff\u3100-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f"
_CJK_RANGE += "\uff00-\uffef\U0001b000-\U0001b16f\U00020000-\U0003ffff"
_CJK = re.compile(f"[{_CJK_RANGE}]")
_CLOSERS = "、。，．：；！？）」』】》〉〕”’…"
# A line breaks between atoms: code, links and URLs stay whole, closing punctuation stays with its word.
# The repetitions are bounded, so that no input makes the expression slow.
_ATOM = LazyPattern(
    r"(?<!`)(`{1,9})(?!`).{1,1000}?(?<!`)\1(?!`)"
    r"|!?\[[^\]\n]{0,500}\]\([^)\n]{0,1000}\)"
    r"|https?://[^\s" + _CJK_RANGE + r"]+"
    r"|[" + _CJK_RANGE + r"][" + _CLOSERS + r"]*"
    r"|\s+"
    r"|(?:(?!https?://)[^\s`\[!" + _CJK_RANGE + r"])+[" + _CLOSERS + r"]*"
    r"|."
)

_WORD = 24  # characters of a word that is not measured where there is room for so many

Measure = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that stay in one piece if they fit."""

    lead: str  #: the line ends in front of the block
    lines: tuple[str, ...]  #: without `head` and `tail`
    head: str = ""  #: repeated at the top of each piece: a fence's opening, a table's header
    tail: str = ""  #: ends each piece: a fence's closing

    def text(self, lines: tuple[str, ...] | None = None) -> str:
        """Return `lines` (default: all lines) as a complete block with head and tail."""
        body = self.lines if lines is None else lines
        return "\n".join(part for part in ((self.head,) * bool(self.head) + body + (self.tail,) * bool(self.tail)))


def split(markdown: str, limit: int, *, measure: Measure = len) -> list[str]:
    """Split Markdown into pieces of at most `limit` units of `measure`, each readable on its own.

    Cuts between paragraphs, fences and tables if possible, else between lines, else between words. A cut fence is
    closed and opened again with its language, a cut table repeats its header, a heading stays with the block below
    it. No text is lost or moved. Blank text yields no pieces. An unclosed fence is closed.
    """
    return list(iter_split(markdown, limit, measure=measure))


def iter_split(markdown: str, limit: int, *, measure: Measure = len) -> Iterator[str]:
    """Yield the pieces of `split` one by one. `measure` is called a few times for each."""
    return _Packer(limit, measure).pack(list(_blocks(markdown)))


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of a text: one for each Chinese, Japanese or Korean character, one for four others."""
    if text.isascii():
        return -(-len(text) // 4)
    others = len(_CJK.sub("", text))
    return len(text) - others + -(-others // 4)


def is_cjk(letter: str) -> bool:
    """Return whether `letter` is a Chinese, Japanese or Korean letter or punctuation mark."""
    return _CJK.match(letter) is not None


def _blocks(markdown: str) -> Iterator[_Block]:
    lines = markdown.replace("\r\n", "\n").split("\n")
    lead = 0
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            lead += 1
            at += 1
            continue
        start = at
        gap = "\n" * (lead + 1)
        lead = 0
        if fence := _FENCE.match(lines[at]):
            close = re.compile(rf"[ \t>]*{re.escape(fence['marks'])}{fence['marks'][0]}*[ \t]*")
            at = next((i for i in range(start + 1, len(lines)) if close.fullmatch(lines[i])), len(lines))
            body = tuple(lines[start + 1 : at])
            if at == len(lines):  # unclosed fence: drop the empty lines at the end of the text
                while body and not body[-1].strip():
                    body = body[:-1]
            tail = lines[at] if at < len(lines) else fence["indent"] + fence["marks"]
            yield _Block(gap, body, lines[start], tail)
            at += 1
            continue
        is_table = "|" in lines[at] and at + 1 < len(lines) and _is_delimiter(lines[at + 1])
        while at < len(lines) and lines[at].strip() and not (at > start and _starts_block(lines, at)):
            at += 1
        if is_table:
            yield _Block(gap, tuple(lines[start + 2 : at]), "\n".join(lines[start : start + 2]))
        else:
            yield _Block(gap, tuple(lines[start:at]))


def _is_delimiter(line: str) -> bool:
    return "|" in line and "-" in line and _DELIMITER.fullmatch(line) is not None


def _starts_block(lines: list[str], at: int) -> bool:
    if _FENCE.match(lines[at]) or _HEADING.match(lines[at]) or _HEADING.match(lines[at - 1]):
        return True
    return at + 1 < len(lines) and "|" in lines[at] and _is_delimiter(lines[at + 1])


def _count_fitting(most: int, limit: int, measure: Callable[[int], int], *, guess: int = 1) -> int:
    """Return a count up to `most` that fits while one more does not. `guess`: the count that is tried first.

    Interpolates between the sizes that are known, as to measure is expensive: two or three calls do for even parts.
    Halves the rest where that gets nowhere, and tries at most four times what is known to fit.
    """
    fits, exceeds, size_fits, size_exceeds = 0, most + 1, 0, 0
    count, step, is_even = min(guess, most), 1, True
    while exceeds - fits > 1:
        left = exceeds - fits
        size = measure(count)
        if size <= limit:
            fits, size_fits = count, size
        else:
            exceeds, size_exceeds = count, size
        if exceeds > most:
            count = min(max(fits * limit // max(size_fits, 1), fits + step), 4 * fits, most)
            step *= 2
            continue
        is_even = not is_even or 2 * (exceeds - fits) <= left
        share = (limit - size_fits) / (size_exceeds - size_fits) if is_even else 0.5
        count = min(max(fits + int((exceeds - fits) * share), fits + 1), exceeds - 1)
    return fits


class _Packer:
    """Fills pieces with blocks up to the limit."""

    def __init__(self, limit: int, measure: Measure) -> None:
        self.limit = max(limit, 1)
        self.measure = measure
        self.piece = ""
        self.heading = 0  # index in `piece` of a heading at its end; 0: no heading, or nothing in front of it

    def fits(self, text: str) -> bool:
        return self.measure(text) <= self.limit

    def pack(self, blocks: list[_Block]) -> Iterator[str]:
        at, guess = 0, 1
        while at < len(blocks):
            count = _count_fitting(
                len(blocks) - at,
                self.limit,
                lambda count: self.measure(self._join(blocks, at, at + count)),  # noqa: B023 - called at once
                guess=guess,
            )
            end, guess = at + count, max(count, 1)  # the next piece is probably like this one
            for index in range(at, end):
                self._note_heading(blocks[index])
                self.piece = self._join(blocks, index, index + 1)
            if end == len(blocks):
                break
            block = blocks[end]
            text = block.text()
            if self.fits(self._with_heading(block, text)):
                yield from self._flush(keep_heading=True)
                self.piece = self.piece + block.lead + text if self.piece else text
                self.heading = 0
            else:
                yield from self._fill(block)
            at = end + 1
        yield from self._flush()

    def _join(self, blocks: list[_Block], start: int, end: int) -> str:
        """Return the current piece with these blocks behind it."""
        joined = "".join(blocks[index].lead + blocks[index].text() for index in range(start, end))
        return self.piece + joined if self.piece else joined.removeprefix(blocks[start].lead)

    def _note_heading(self, block: _Block) -> None:
        is_heading = len(block.lines) == 1 and not block.head and _HEADING.match(block.lines[0])
        if not (is_heading and self.heading):
            self.heading = len(self.piece) if is_heading else 0

    def _with_heading(self, block: _Block, text: str) -> str:
        """Return the next piece if it begins with this block and the headings above it."""
        above = self.piece[self.heading :].lstrip("\n") if self.heading else ""
        return above + block.lead + text if above else text

    def _flush(self, *, keep_heading: bool = False) -> Iterator[str]:
        piece, rest = self.piece, ""
        if keep_heading and self.heading:
            piece, rest = piece[: self.heading], piece[self.heading :].lstrip("\n")
        self.piece = rest
        self.heading = 0
        if piece.strip():
            yield piece

    def _fill(self, block: _Block) -> Iterator[str]:
        """Yield the pieces of a block too long for one, beginning with the room left in the current piece."""
        if block.head and not self.fits(block.text(("",))):  # no room for a line beside the repeated head and tail
            block = _Block(block.lead, (*block.head.split("\n"), *block.lines, *([block.tail] if block.tail else [])))
        if not block.lines:  # an empty fence, or a table without rows
            yield from self._flush()
            self.piece = block.text()
            return
        before = self.piece
        lead = block.lead
        held: tuple[str, ...] = ()

        def whole(lines: tuple[str, ...]) -> str:
            return (before + lead if before else "") + block.text(lines)

        at, guess = 0, 1
        while True:
            count = _count_fitting(
                len(block.lines) - at,
                self.limit,
                lambda count: self.measure(whole((*held, *block.lines[at : at + count]))),  # noqa: B023 - called at once
                guess=guess,
            )
            guess = max(count, 1)
            held, at = (*held, *block.lines[at : at + count]), at + count
            if at == len(block.lines):
                break
            if held:
                yield whole(held)
            elif before:
                yield before
            before, held = "", ()
            *full, last = self._lines(block.lines[at], block)
            for part in full:
                yield block.text((part,))
            held, at = (last,), at + 1
        self.piece = whole(held)
        self.heading = 0

    def _lines(self, line: str, block: _Block) -> list[str]:
        """Split a line into parts that fit, between words if possible, else between characters."""
        parts: list[str] = []
        keeps_space = bool(block.tail)
        atoms = list(self._atoms(line, block))
        at, guess = 0, 1
        while at < len(atoms):
            count = _count_fitting(
                min(len(atoms) - at, self.limit),
                self.limit,
                lambda count: self.measure(block.text(("".join(atoms[at : at + count]),))),  # noqa: B023 - called at once
                guess=guess,
            )
            guess = max(count, 1)
            end = at + guess
            held = "".join(atoms[at:end])
            if held.strip() or (end == len(atoms) and not parts):
                parts.append(held if keeps_space or end == len(atoms) else held.rstrip())
            at = end
            while not keeps_space and at < len(atoms) and atoms[at].isspace():
                at += 1
        return parts or [""]

    def _atoms(self, line: str, block: _Block) -> Iterator[str]:
        fits = cache(lambda atom: self.fits(block.text((atom,))))  # words come again and again
        has_room = fits("x" * _WORD)  # then shorter words without marks fit, too
        for match in _ATOM.finditer(line):
            atom = match[0]
            if (has_room and len(atom) <= _WORD and atom.isascii() and atom.isalnum()) or fits(atom):
                yield atom
                continue
            from wcwidth import iter_graphemes  # needed seldom, and its tables are big

            for cluster in iter_graphemes(atom):
                # A grapheme cluster longer than a whole piece has to be cut.
                yield from (cluster,) if self.fits(block.text((cluster,))) else cluster
