"""Markdown tables with their columns in line, for reading as plain text. Pure."""

import re
from collections.abc import Iterator, Sequence

from wcwidth import wcswidth

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_BAR = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r":?-+:?")
_WIDEST = 40  # columns up to which a cell is padded: one long cell does not push the others away


def aligned(markdown: str) -> str:
    """The same Markdown with the cells of its tables padded. Tables inside fences stay as they are."""
    lines = markdown.split("\n")
    out: list[str] = []
    fence = ""
    at = 0
    while at < len(lines):
        end = at + 1
        if match := _FENCE.match(lines[at]):
            mark = match[1]
            if not fence:
                fence = mark
            elif mark.startswith(fence) and not lines[at].strip().strip(mark[0]):
                fence = ""
        elif not fence and _is_rule(lines[at + 1] if at + 1 < len(lines) else "", lines[at]):
            while end < len(lines) and "|" in lines[end]:
                end += 1
            out += _padded([_cells(line) for line in lines[at:end]])
            at = end
            continue
        out.append(lines[at])
        at = end
    return "\n".join(out)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in _BAR.split(line.strip().removeprefix("|").removesuffix("|"))]


def _is_rule(line: str, above: str) -> bool:
    return "|" in line and "|" in above and all(_RULE.fullmatch(cell) for cell in _cells(line))


def _padded(rows: Sequence[list[str]]) -> Iterator[str]:
    count = max(map(len, rows))
    table = [row + [""] * (count - len(row)) for row in rows]
    rule = table[1]
    widths = [min(max(3, *(_width(row[i]) for row in table if row is not rule)), _WIDEST) for i in range(count)]
    for row in table:
        cells = []
        for cell, how, width in zip(row, rule, widths, strict=True):
            is_right = how.endswith(":") and not how.startswith(":")
            if row is rule:
                text = f"{how[:1] or '-'}{'-' * (width - 2)}{how[-1:] or '-'}"
            else:
                space = " " * (width - _width(cell))
                text = space + cell if is_right else cell + space
            cells.append(text)
        yield f"| {' | '.join(cells)} |"


def _width(text: str) -> int:
    return max(wcswidth(text), 0)
