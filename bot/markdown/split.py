"""Text that every platform needs: splitting Markdown, estimating tokens, naming files. Pure."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

_FENCE = re.compile(r"(?P<indent>[ \t>]*)(?P<marks>`{3,}(?=[^`]*$)|~{3,})")
_DELIMITER = re.compile(r"[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_HEADING = re.compile(r" {0,3}#{1,6}\s")
# Chinese, Japanese and Korean: letters that are words of their own, and their punctuation.
_CJK_RANGE = "\u1100-\u11ff\u2e80-\u303f\u3040-\u30ff\u3100-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f"
_CJK_RANGE += "\uff00-\uffef\U0001b000-\U0001b16f\U00020000-\U0003ffff"
_CJK = re.compile(f"[{_CJK_RANGE}]")
_CLOSERS = "、。，．：；！？）」』】》〉〕”’…"
# What a line is broken between: code, links and addresses stay whole, closing punctuation stays with its word.
# Bounded, so that text made to be slow is not.
_ATOM = re.compile(
    r"(?<!`)(`{1,9})(?!`).{1,1000}?(?<!`)\1(?!`)"
    r"|!?\[[^\]\n]{0,500}\]\([^)\n]{0,1000}\)"
    r"|https?://[^\s" + _CJK_RANGE + r"]+"
    r"|[" + _CJK_RANGE + r"][" + _CLOSERS + r"]*"
    r"|\s+"
    r"|(?:(?!https?://)[^\s`\[!" + _CJK_RANGE + r"])+[" + _CLOSERS + r"]*"
    r"|."
)
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
_NAME_LENGTH = 60  # characters
_NAME_BYTES = 180  # of UTF-8; file systems take 255, and a suffix and a number may be added

Measure = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class _Block:
    """What is kept together where it can be."""

    lead: str  #: the line ends before it
    lines: tuple[str, ...]  #: without `head` and `tail`
    head: str = ""  #: repeated at the top of each piece: a fence's opening, a table's header
    tail: str = ""  #: ends each piece: a fence's closing

    def text(self, lines: tuple[str, ...] | None = None) -> str:
        """These lines, or all, as a block of their own."""
        body = self.lines if lines is None else lines
        return "\n".join(part for part in ((self.head,) * bool(self.head) + body + (self.tail,) * bool(self.tail)))


def split(markdown: str, limit: int, *, measure: Measure = len) -> list[str]:
    """Split Markdown into pieces that `measure` to at most `limit`, each readable on its own.

    Cuts between paragraphs, fences and tables where it can, else between lines, else between words. A fence that
    goes on is closed and opened again with its language, a table repeats its header, a heading stays with what
    follows. Nothing is lost or moved; blank text gives no pieces. A fence that was never closed is closed.
    """
    return list(_Packer(limit, measure).pack(list(_blocks(markdown))))


def estimate_tokens(text: str) -> int:
    """About how many tokens a model counts: one for a Chinese, Japanese or Korean character, else one for four."""
    if text.isascii():
        return -(-len(text) // 4)
    others = len(_CJK.sub("", text))
    return len(text) - others + -(-others // 4)


def is_cjk(letter: str) -> bool:
    """Whether it is a Chinese, Japanese or Korean letter or punctuation mark."""
    return _CJK.match(letter) is not None


def safe_name(text: str, suffix: str = "") -> str:
    """A file name for a prompt: `A red fox!`, `.png` → `a-red-fox.png`. Valid on every system, never empty."""
    letters = "".join(
        c if unicodedata.category(c)[0] in "LNM" else "-" for c in unicodedata.normalize("NFKC", text).lower()
    )
    words = [word for word in letters.split("-") if word]
    name = ""
    for word in words:
        longer = f"{name}-{word}" if name else word
        if len(longer) > _NAME_LENGTH or len(longer.encode()) > _NAME_BYTES:
            break
        name = longer
    if not name and words:
        name = words[0][:_NAME_LENGTH].encode()[:_NAME_BYTES].decode(errors="ignore")
    if not name or _RESERVED.fullmatch(name):
        name = f"{name}-file" if name else "file"
    return name + suffix


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
            if at == len(lines):  # never closed: a body may not end in the empty lines of the text's end
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


def _most(parts: Sequence[str], fits: Callable[[Sequence[str]], bool]) -> int:
    """How many of the first parts fit. Measures few of the possible numbers."""
    count, step = 0, 1
    while count < len(parts):
        further = min(count + step, len(parts))
        if fits(parts[:further]):
            count, step = further, 2 * step
        elif step == 1:
            break
        else:
            step = 1
    return count


class _Packer:
    """Fills pieces up to the limit."""

    def __init__(self, limit: int, measure: Measure) -> None:
        self.limit = max(limit, 1)
        self.measure = measure
        self.piece = ""
        self.heading = 0  # where in the piece a heading at its end begins; 0: none that something stands before

    def fits(self, text: str) -> bool:
        return self.measure(text) <= self.limit

    def pack(self, blocks: list[_Block]) -> Iterator[str]:
        for block in blocks:
            text = block.text()
            joined = self.piece + block.lead + text if self.piece else text
            if self.fits(joined):
                is_heading = len(block.lines) == 1 and not block.head and _HEADING.match(text)
                if not (is_heading and self.heading):
                    self.heading = len(self.piece) if is_heading else 0
                self.piece = joined
            elif self.fits(self._carried(block, text)):
                yield from self._flush(keep_heading=True)
                self.piece = self.piece + block.lead + text if self.piece else text
                self.heading = 0
            else:
                yield from self._fill(block)
        yield from self._flush()

    def _carried(self, block: _Block, text: str) -> str:
        """The next piece if it begins with this block and the headings above it."""
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
        """A block too long for one piece: its lines, the first ones still in the piece begun."""
        if block.head and not self.fits(block.text(("",))):  # the repeated lines leave no room
            block = _Block(block.lead, (*block.head.split("\n"), *block.lines, *([block.tail] if block.tail else [])))
        if not block.lines:  # a fence or a table of nothing else
            yield from self._flush()
            self.piece = block.text()
            return
        before = self.piece
        lead = block.lead
        held: tuple[str, ...] = ()

        def whole(lines: tuple[str, ...]) -> str:
            return (before + lead if before else "") + block.text(lines)

        at = 0
        while True:
            count = _most(block.lines[at:], lambda lines: self.fits(whole((*held, *lines))))  # noqa: B023 - called at once
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
        """One line in parts that fit, cut between words, else between characters."""
        parts: list[str] = []
        keeps_space = bool(block.tail)
        atoms = list(self._atoms(line, block))
        at = 0
        while at < len(atoms):
            rest = atoms[at : at + max(self.limit, 1)]
            end = at + max(_most(rest, lambda some: self.fits(block.text(("".join(some),)))), 1)
            held = "".join(atoms[at:end])
            if held.strip() or (end == len(atoms) and not parts):
                parts.append(held if keeps_space or end == len(atoms) else held.rstrip())
            at = end
            while not keeps_space and at < len(atoms) and atoms[at].isspace():
                at += 1
        return parts or [""]

    def _atoms(self, line: str, block: _Block) -> Iterator[str]:
        for match in _ATOM.finditer(line):
            atom = match[0]
            if self.fits(block.text((atom,))):
                yield atom
                continue
            from wcwidth import iter_graphemes

            for cluster in iter_graphemes(atom):
                # A cluster longer than a whole piece can only be cut.
                yield from (cluster,) if self.fits(block.text((cluster,))) else cluster
