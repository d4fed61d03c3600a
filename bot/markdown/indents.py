"""Re-indents lists so that CommonMark nests them as written. Pure.

CommonMark nests an entry only below the first letter of its parent, which is three columns in for `1. `. People and
models indent by two or four columns regardless. A pass over the lines in front of the parser moves every entry, with
the lines that belong to it, to the column at which CommonMark nests it.
"""

import re
from dataclasses import dataclass

_INDENT = re.compile(r"[ \t]*")
_MARKER = re.compile(r"(?:[-*+]|\d{1,9}[.)])(?=[ \t]|$)")
_RULE = re.compile(r"([-*_])(?:[ \t]*\1){2,}[ \t]*$")
_FENCE = re.compile(r"(`{3,}(?=[^`]*$)|~{3,})")
_TABBED = re.compile(r"([-*+]|\d{1,9}[.)])[ ]*\t[ \t]*(?=[^ \t])")
#: Levels of nested lists; deeper entries are shown at the last level.
DEEPEST = 8
_NESTED = 2  # smallest indent, in columns, of a nested entry relative to its parent
_TAB = 4


@dataclass(slots=True)
class _Entry:
    old: int  #: column of its marker in the input
    new: int  #: column of its marker in the output
    content: int  #: column of its first letter in the output


def normalize_indents(markdown: str) -> str:
    """Return the Markdown with its lists indented as CommonMark requires. Takes time linear in the text."""
    return "\n".join(_Normalizer().lines(markdown.split("\n")))


class _Normalizer:
    def __init__(self) -> None:
        self.open: list[_Entry] = []
        self.fence: re.Pattern[str] | None = None  # matches the end of the open fence
        self.old = self.new = 0  # columns of the open fence in the input and the output
        self.after_blank = False

    def lines(self, lines: list[str]) -> list[str]:
        return [self._line(line) for line in lines]

    def _line(self, line: str) -> str:
        lead = _INDENT.match(line)
        assert lead is not None
        text = line[lead.end() :]
        columns = len(lead[0].expandtabs(_TAB)) if "\t" in lead[0] else lead.end()
        if self.fence is not None:
            return self._in_fence(line, columns, text)
        if not text:
            self.after_blank = True
            return ""
        text = _TABBED.sub(r"\1 ", text, count=1) if _TABBED.match(text) else text
        new = self._column_for(columns, text)
        self.after_blank = False
        if fence := _FENCE.match(text):
            self.fence = re.compile(rf"{re.escape(fence[1])}{fence[1][0]}*[ \t]*$")
            self.old, self.new = columns, new
        return " " * new + text

    def _in_fence(self, line: str, columns: int, text: str) -> str:
        assert self.fence is not None
        if self.fence.match(text) and columns < max(self.old, self.open[-1].content if self.open else 0) + _TAB:
            self.fence = None
            return " " * self.new + text
        if not self.open:
            return line
        return " " * (self.new + max(columns - self.old, 0)) + text if text else ""

    def _column_for(self, columns: int, text: str) -> int:
        """Return the column at which the output shows a line, and note the entry that it opens."""
        marker = None if _RULE.match(text) else _MARKER.match(text)
        if marker is None and columns < _NESTED:
            if self.after_blank or _FENCE.match(text) or text[0] in "#>" or _RULE.match(text):
                self.open.clear()
            return columns
        depth = len(self.open)
        while self.open and columns < self.open[-1].old + _NESTED and not (marker is None and len(self.open) == 1):
            self.open.pop()
        if not self.open:
            if marker is not None and columns < _TAB:
                self._enter(columns, columns, text, marker)
            return columns
        above = self.open[-1]
        if marker is None:
            return above.content if len(self.open) < depth else max(columns + above.new - above.old, above.content)
        new = above.content
        if len(self.open) >= DEEPEST:
            new = self.open.pop().new
        self._enter(columns, new, text, marker)
        return new

    def _enter(self, old: int, new: int, text: str, marker: re.Match[str]) -> None:
        gap = _INDENT.match(text, marker.end())
        assert gap is not None
        spaces = len(gap[0]) if 1 <= len(gap[0]) <= _TAB and gap.end() < len(text) else 1
        self.open.append(_Entry(old, new, new + marker.end() + spaces))
