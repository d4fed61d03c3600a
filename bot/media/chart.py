"""A bar chart as a PNG file, drawn without a library for pictures."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from struct import pack

from bot.media.chart_font import COLUMNS, GLYPHS, ROWS

_SCALE = 2  #: pixels of a dot of a letter
_LETTER = (COLUMNS + 1) * _SCALE
_LINE = ROWS * _SCALE
_BAR = 20  #: height of a bar in pixels
_GAP = 8
_MARGIN = 16
_WIDTH = 800
_LONGEST = 24  #: letters of a label
_PALETTE = bytes.fromhex("ffffff 1f2933 2f6fde")
_PAPER, _INK, _FILL = range(3)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its label and value, and the value as it is written beside it."""

    label: str
    value: float
    text: str


def can_draw(label: str) -> bool:
    """Return whether the font has every letter of a label."""
    return all(letter in GLYPHS for letter in label)


def draw_bars(bars: Sequence[Bar]) -> bytes:
    """Draw horizontal bars, the first on top. A letter that the font does not have becomes a space."""
    labels = [bar.label if len(bar.label) <= _LONGEST else f"{bar.label[: _LONGEST - 2]}.." for bar in bars]
    left = _MARGIN + max((len(label) for label in labels), default=0) * _LETTER + _GAP
    right = _WIDTH - _MARGIN - max((len(bar.text) for bar in bars), default=0) * _LETTER - _GAP
    most = max((bar.value for bar in bars), default=0.0)
    canvas = _Canvas(_WIDTH, 2 * _MARGIN + len(bars) * (_BAR + _GAP) - _GAP)
    for number, (bar, label) in enumerate(zip(bars, labels, strict=True)):
        top = _MARGIN + number * (_BAR + _GAP)
        end = left + max(round((right - left) * bar.value / most) if most else 0, 1)
        canvas.fill(left, top, end, top + _BAR, _FILL)
        middle = top + (_BAR - _LINE) // 2
        canvas.write(left - _GAP - len(label) * _LETTER, middle, label)
        canvas.write(end + _GAP, middle, bar.text)
    return canvas.to_png()


class _Canvas:
    """Rows of pixels, a byte each: the number of a colour."""

    def __init__(self, width: int, height: int) -> None:
        self._width = width
        self._rows = [bytearray([_PAPER]) * width for _ in range(height)]

    def fill(self, left: int, top: int, right: int, bottom: int, colour: int) -> None:
        for row in self._rows[top:bottom]:
            row[left:right] = bytes([colour]) * (right - left)

    def write(self, left: int, top: int, text: str) -> None:
        for number, letter in enumerate(text):
            for y, bits in enumerate(GLYPHS.get(letter, GLYPHS[" "])):
                for x in range(COLUMNS):
                    if bits >> (COLUMNS - 1 - x) & 1:
                        at, down = left + number * _LETTER + x * _SCALE, top + y * _SCALE
                        self.fill(at, down, at + _SCALE, down + _SCALE, _INK)

    def to_png(self) -> bytes:
        header = pack(">IIBBBBB", self._width, len(self._rows), 8, 3, 0, 0, 0)  # 8 bits each, with a palette
        pixels = zlib.compress(b"".join(b"\0" + row for row in self._rows))  # each row begins with its filter: none
        chunks = ((b"IHDR", header), (b"PLTE", _PALETTE), (b"IDAT", pixels), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + name + data + pack(">I", zlib.crc32(name + data))
