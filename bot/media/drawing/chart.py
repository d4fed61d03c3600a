"""A bar chart as a PNG file, drawn without a library for pictures."""

from collections.abc import Sequence

from bot.media.drawing.canvas import FILL, GAP, LETTER, LINE, MARGIN, Canvas
from bot.values import valueclass

_BAR = 20  #: height of a bar in pixels
_WIDTH = 800
_LONGEST = 24  #: letters of a label


@valueclass(frozen=True, slots=True)
class Bar:
    """One bar: its label and value, and the value as it is written beside it."""

    label: str
    value: float
    text: str


def draw_bars(bars: Sequence[Bar]) -> bytes:
    """Draw horizontal bars, the first on top. A letter that the font does not have becomes a space."""
    labels = [bar.label if len(bar.label) <= _LONGEST else f"{bar.label[: _LONGEST - 2]}.." for bar in bars]
    left = MARGIN + max((len(label) for label in labels), default=0) * LETTER + GAP
    right = _WIDTH - MARGIN - max((len(bar.text) for bar in bars), default=0) * LETTER - GAP
    most = max((bar.value for bar in bars), default=0.0)
    canvas = Canvas(_WIDTH, 2 * MARGIN + len(bars) * (_BAR + GAP) - GAP)
    for number, (bar, label) in enumerate(zip(bars, labels, strict=True)):
        top = MARGIN + number * (_BAR + GAP)
        end = left + max(round((right - left) * bar.value / most) if most else 0, 1)
        canvas.fill(left, top, end, top + _BAR, FILL)
        middle = top + (_BAR - LINE) // 2
        canvas.write(left - GAP - len(label) * LETTER, middle, label)
        canvas.write(end + GAP, middle, bar.text)
    return canvas.to_png()
