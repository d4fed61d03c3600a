"""Tables as plain text with aligned columns; wide East Asian letters take two columns. Pure."""

from collections.abc import Sequence
from functools import lru_cache

from bot.markdown.tree import Alignment, Table, plain_text

_WIDEST = 40  # columns to which a cell is padded at most, so that one long cell does not widen all rows
_NARROWEST = 6  # smallest width, in columns, of a cell in a table that is made narrower
_GAP = " | "
_CACHED = 512  # cells: a text that is split, or grows, is rendered again and again


def display_width(text: str) -> int:
    """Return how many columns a line takes in a monospaced font."""
    if text.isascii() and text.isprintable():
        return len(text)
    from wcwidth import wcswidth  # large, and few tables need it

    return max(wcswidth(text), 0)


def pad_columns(
    rows: Sequence[Sequence[str]], alignments: Sequence[Alignment], *, widest: int = _WIDEST
) -> list[list[str]]:
    """Pad the cells with spaces to the width of their column's widest cell, at most `widest`.

    Every row has as many cells as there are alignments.
    """
    widths = [min(max(display_width(row[i]) for row in rows), widest) for i in range(len(alignments))] if rows else []
    return [[_padded(*cell) for cell in zip(row, alignments, widths, strict=True)] for row in rows]


def render_monospace(table: Table, *, limit: int = 80) -> str:
    """Render a table for a code block, at most about `limit` columns wide; long cells wrap."""
    rows = [[" ".join(plain_text(cell).split()) for cell in row] for row in (table.header, *table.rows)]
    widths = _widths(rows, limit - len(_GAP) * (len(table.alignments) - 1))
    lines: list[str] = []
    for number, row in enumerate(rows):
        wrapped = [_wrapped(cell, size) for cell, size in zip(row, widths, strict=True)]
        for at in range(max(map(len, wrapped), default=0)):
            cells = [cell[at] if at < len(cell) else "" for cell in wrapped]
            padded = (_padded(*cell) for cell in zip(cells, table.alignments, widths, strict=True))
            lines.append(_GAP.join(padded).rstrip())
        if number == 0:
            lines.append("-+-".join("-" * size for size in widths))
    return "\n".join(lines)


@lru_cache(maxsize=_CACHED)
def _wrapped(cell: str, size: int) -> Sequence[str]:
    if cell.isascii() and cell.isprintable() and len(cell) <= size:
        return (cell,)
    from wcwidth import wrap  # as above

    return tuple(wrap(cell, size)) or ("",)


def _widths(rows: Sequence[Sequence[str]], limit: int) -> list[int]:
    """Compute the width of each column; the widest shrink if the sum exceeds `limit`."""
    wanted = [max(1, *map(display_width, cells)) for cells in zip(*rows, strict=True)]
    if sum(wanted) <= limit:
        return wanted
    # Narrow columns get their full width; wide ones share the rest.
    widths = list(wanted)
    for place, column in enumerate(sorted(range(len(wanted)), key=wanted.__getitem__)):
        share = max(limit // (len(wanted) - place), _NARROWEST)
        widths[column] = min(wanted[column], share)
        limit -= widths[column]
    return widths


def _padded(cell: str, alignment: Alignment, size: int) -> str:
    space = max(size - display_width(cell), 0)
    match alignment:
        case "right":
            return " " * space + cell
        case "center":
            return " " * (space // 2) + cell + " " * (space - space // 2)
        case _:
            return cell + " " * space
