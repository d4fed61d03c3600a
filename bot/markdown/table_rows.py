"""Rows of a table that have more cells than its header: their text is kept. Pure."""

import re
from collections.abc import Sequence

from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import table
from markdown_it.token import Token

#: The code of a line, an escaped character, and the bars between the cells.
_PART = re.compile(r"(?<!`)(?P<ticks>`+)(?!`)[^\n]*?(?<!`)(?P=ticks)(?!`)|\\.|\|")
_BAR = re.compile(r"(?<!\\)\|")


def parse_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Block rule for tables in which every row keeps its text, whatever the number of its cells."""
    before = len(state.tokens)
    if not table(state, start, end, silent):
        return False
    tokens = state.tokens[before:]
    columns = sum(token.type == "th_open" for token in tokens)
    cells: list[Token] = []
    for token in tokens:
        if token.type == "tr_open":
            cells = []
        elif token.type == "inline":
            cells.append(token)
        elif token.type == "tr_close" and cells[0].map and cells[0].map[0] > start:
            _complete(cells, _line(state, cells[0].map[0]), columns)
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].strip()


def _complete(cells: Sequence[Token], line: str, columns: int) -> None:
    """Give the cells of a row all of its text, if the line has more cells than these."""
    if line.count("|") < columns or len(_split(line, _BAR)) <= columns:
        return
    found = _split(line, _PART)
    if len(found) > columns:
        found[columns - 1 :] = [" | ".join(found[columns - 1 :])]
    for cell, text in zip(cells, [*found, *[""] * columns], strict=False):
        cell.content = text


def _split(line: str, pattern: re.Pattern[str]) -> list[str]:
    """Return the cells of a line, between the bars that `pattern` finds."""
    found, at = [], 0
    for match in pattern.finditer(line):
        if match[0] == "|":
            found.append(line[at : match.start()])
            at = match.end()
    found.append(line[at:])
    if not found[0].strip():
        found.pop(0)
    if found and not found[-1].strip():
        found.pop()
    return [cell.strip().replace("\\|", "|") for cell in found]
