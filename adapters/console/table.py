"""Markdown tables with aligned columns, for reading as plain text. Pure."""

import re
from collections.abc import Iterator, Sequence

from bot.markdown import Alignment, display_width, pad_columns

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_BAR = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r":?-+:?")


def align_tables(markdown: str) -> str:
    """Return the Markdown with the cells of its tables padded. Tables inside fences stay as they are."""
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
    rule = [*rows[1], *[""] * (count - len(rows[1]))]
    table = [["---"] * count if row is rows[1] else [*row, *[""] * (count - len(row))] for row in rows]
    for row, cells in zip(rows, pad_columns(table, [_alignment(how) for how in rule]), strict=True):
        if row is rows[1]:
            cells = [  # noqa: PLW2901
                f"{how[:1] or '-'}{'-' * (display_width(cell) - 2)}{how[-1:] or '-'}"
                for how, cell in zip(rule, cells, strict=True)
            ]
        yield f"| {' | '.join(cells)} |"


def _alignment(how: str) -> Alignment:
    return "right" if how.endswith(":") and not how.startswith(":") else "left"
