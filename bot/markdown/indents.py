"""Puts what belongs to a list entry where CommonMark looks for it. Pure.

CommonMark wants a nested entry under the first letter of the one above, which is three columns in for `1. `.
People and models indent by two or four columns whatever stands above. A pass over the lines, before the parser,
moves every entry with what follows it to where it counts as nested.
"""

import re
from dataclasses import dataclass

_INDENT = re.compile(r"[ \t]*")
_MARKER = re.compile(r"(?:[-*+]|\d{1,9}[.)])(?=[ \t]|$)")
_RULE = re.compile(r"([-*_])(?:[ \t]*\1){2,}[ \t]*$")
_FENCE = re.compile(r"(`{3,}(?=[^`]*$)|~{3,})")
_TABBED = re.compile(r"([-*+]|\d{1,9}[.)])[ ]*\t[ \t]*(?=[^ \t])")
#: Levels of lists that are told apart; what is deeper is shown at the last.
DEEPEST = 8
_NESTED = 2  # columns by which a nested entry is further in than its parent
_TAB = 4


@dataclass(slots=True)
class _Entry:
    was: int  #: columns of its marker as written
    now: int  #: columns of its marker as it is put
    content: int  #: columns of its first letter as it is put


def settle(markdown: str) -> str:
    """The same Markdown, its lists indented as CommonMark wants them. Takes time linear in the text."""
    return "\n".join(_Settling().lines(markdown.split("\n")))


class _Settling:
    def __init__(self) -> None:
        self.open: list[_Entry] = []
        self.fence: re.Pattern[str] | None = None  # what closes the one that is open
        self.was = self.now = 0  # columns of the open fence
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
        now = self._placed(columns, text)
        self.after_blank = False
        if fence := _FENCE.match(text):
            self.fence = re.compile(rf"{re.escape(fence[1])}{fence[1][0]}*[ \t]*$")
            self.was, self.now = columns, now
        return " " * now + text

    def _in_fence(self, line: str, columns: int, text: str) -> str:
        assert self.fence is not None
        if self.fence.match(text) and columns < max(self.was, self.open[-1].content if self.open else 0) + _TAB:
            self.fence = None
            return " " * self.now + text
        if not self.open:
            return line
        return " " * (self.now + max(columns - self.was, 0)) + text if text else ""

    def _placed(self, columns: int, text: str) -> int:
        """Columns to put a line at."""
        marker = None if _RULE.match(text) else _MARKER.match(text)
        if marker is None and columns < _NESTED:
            if self.after_blank or _FENCE.match(text) or text[0] in "#>" or _RULE.match(text):
                self.open.clear()
            return columns
        depth = len(self.open)
        while self.open and columns < self.open[-1].was + _NESTED and not (marker is None and len(self.open) == 1):
            self.open.pop()
        if not self.open:
            if marker is not None and columns < _TAB:
                self._enter(columns, columns, text, marker)
            return columns
        above = self.open[-1]
        if marker is None:
            return above.content if len(self.open) < depth else max(columns + above.now - above.was, above.content)
        now = above.content
        if len(self.open) >= DEEPEST:
            now = self.open.pop().now
        self._enter(columns, now, text, marker)
        return now

    def _enter(self, was: int, now: int, text: str, marker: re.Match[str]) -> None:
        gap = _INDENT.match(text, marker.end())
        assert gap is not None
        spaces = len(gap[0]) if 1 <= len(gap[0]) <= _TAB and gap.end() < len(text) else 1
        self.open.append(_Entry(was, now, now + marker.end() + spaces))
