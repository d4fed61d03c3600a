"""Tables as plain text in which the columns stand in line, also where letters are two columns wide. Pure."""

from collections.abc import Sequence

from wcwidth import wcswidth, wrap

from bot.markdown.tree import Alignment, Table, plain

_WIDEST = 40  # columns up to which a cell is padded: one long cell does not push the others away
_NARROWEST = 6  # columns that a cell keeps when a table must be made narrower
_GAP = " | "


def width(text: str) -> int:
    """How many columns a line takes where every letter has the same width."""
    return len(text) if text.isascii() and text.isprintable() else max(wcswidth(text), 0)


def columns(
    rows: Sequence[Sequence[str]], alignments: Sequence[Alignment], *, widest: int = _WIDEST
) -> list[list[str]]:
    """The cells with spaces around them, each column as wide as its widest cell, but not wider than `widest`.

    Every row has as many cells as there are alignments.
    """
    widths = [min(max(width(row[i]) for row in rows), widest) for i in range(len(alignments))] if rows else []
    return [[_padded(*cell) for cell in zip(row, alignments, widths, strict=True)] for row in rows]


def monospace(table: Table, *, limit: int = 80) -> str:
    """A table for a block of code, at most about `limit` columns wide: long cells go on in the next line."""
    rows = [[" ".join(plain(cell).split()) for cell in row] for row in (table.header, *table.rows)]
    widths = _widths(rows, limit - len(_GAP) * (len(table.alignments) - 1))
    lines: list[str] = []
    for number, row in enumerate(rows):
        wrapped = [wrap(cell, size) or [""] for cell, size in zip(row, widths, strict=True)]
        for at in range(max(map(len, wrapped), default=0)):
            cells = [cell[at] if at < len(cell) else "" for cell in wrapped]
            padded = (_padded(*cell) for cell in zip(cells, table.alignments, widths, strict=True))
            lines.append(_GAP.join(padded).rstrip())
        if number == 0:
            lines.append("-+-".join("-" * size for size in widths))
    return "\n".join(lines)


def _widths(rows: Sequence[Sequence[str]], limit: int) -> list[int]:
    """Columns of each cell: what it needs, the widest made narrower where that is too much together."""
    wanted = [max(1, *map(width, cells)) for cells in zip(*rows, strict=True)]
    if sum(wanted) <= limit:
        return wanted
    # The narrow ones keep what they need; what they leave is shared by the others.
    widths = list(wanted)
    for place, column in enumerate(sorted(range(len(wanted)), key=wanted.__getitem__)):
        share = max(limit // (len(wanted) - place), _NARROWEST)
        widths[column] = min(wanted[column], share)
        limit -= widths[column]
    return widths


def _padded(cell: str, alignment: Alignment, size: int) -> str:
    space = max(size - width(cell), 0)
    match alignment:
        case "right":
            return " " * space + cell
        case "center":
            return " " * (space // 2) + cell + " " * (space - space // 2)
        case _:
            return cell + " " * space
