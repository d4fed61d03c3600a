"""A family tree as a PNG file, drawn without a library for pictures: a row for each file, a line from its parent."""

from collections.abc import Sequence

from bot.media.drawing.canvas import FILL, GAP, INK, LETTER, LINE, MARGIN, Canvas
from bot.values import valueclass

_STEP = 28  #: pixels that a child stands right of its parent
_ROW = 36
_BOX = 26  #: height of a box
_PAD = 6
_LONGEST = 46  #: letters of a label


@valueclass(frozen=True, slots=True)
class TreeRow:
    """A file: what its box says, and what is written beside it."""

    depth: int  #: 0: it has no parent here
    parent: int | None  #: the row of its parent, from 0; above this one
    box: str
    label: str
    is_current: bool = False  #: changes go on from it


def draw_tree(rows: Sequence[TreeRow]) -> bytes:
    """Draw a tree, the oldest on top. A letter that the font does not have becomes a space."""
    labels = [row.label if len(row.label) <= _LONGEST else f"{row.label[: _LONGEST - 2]}.." for row in rows]
    widths = [
        row.depth * _STEP + (len(row.box) + len(label)) * LETTER + 2 * _PAD + GAP
        for row, label in zip(rows, labels, strict=True)
    ]
    canvas = Canvas(2 * MARGIN + max(widths, default=0), 2 * MARGIN + len(rows) * _ROW - (_ROW - _BOX))
    for number, (row, label) in enumerate(zip(rows, labels, strict=True)):
        left, top = MARGIN + row.depth * _STEP, MARGIN + number * _ROW
        middle = top + _BOX // 2
        if row.parent is not None:
            stem = MARGIN + rows[row.parent].depth * _STEP + _STEP // 2
            canvas.fill(stem, MARGIN + row.parent * _ROW + _BOX, stem + 2, middle + 1, INK)
            canvas.fill(stem, middle - 1, left, middle + 1, INK)
        right = left + len(row.box) * LETTER + 2 * _PAD
        canvas.fill(left, top, right, top + _BOX, FILL if row.is_current else INK)
        canvas.fill(left + 2, top + 2, right - 2, top + _BOX - 2, 0)
        canvas.write(left + _PAD, top + (_BOX - LINE) // 2, row.box)
        canvas.write(right + GAP, top + (_BOX - LINE) // 2, label)
    return canvas.to_png()
