"""Pixels of charts and trees, and the PNG file that they become."""

import zlib
from struct import pack

from bot.media.drawing.font import COLUMNS, GLYPHS, ROWS

_SCALE = 2  #: pixels of a dot of a letter
LETTER = (COLUMNS + 1) * _SCALE  #: width of a letter in pixels
LINE = ROWS * _SCALE  #: height of a letter
GAP = 8
MARGIN = 16
_PALETTE = bytes.fromhex("ffffff 1f2933 2f6fde")
PAPER, INK, FILL = range(3)


def can_write(text: str) -> bool:
    """Return whether the font has every letter of a text."""
    return GLYPHS.keys() >= set(text)


class Canvas:
    """Rows of pixels, a byte each: the number of a colour."""

    def __init__(self, width: int, height: int) -> None:
        self._width = width
        self._rows = [bytearray([PAPER]) * width for _ in range(height)]

    def fill(self, left: int, top: int, right: int, bottom: int, colour: int) -> None:
        """Fill a rectangle."""
        for row in self._rows[top:bottom]:
            row[left:right] = bytes([colour]) * (right - left)

    def write(self, left: int, top: int, text: str) -> None:
        """Write a text; a letter that the font does not have becomes a space."""
        for number, letter in enumerate(text):
            for y, bits in enumerate(GLYPHS.get(letter, GLYPHS[" "])):
                for x in range(COLUMNS):
                    if bits >> (COLUMNS - 1 - x) & 1:
                        at, down = left + number * LETTER + x * _SCALE, top + y * _SCALE
                        self.fill(at, down, at + _SCALE, down + _SCALE, INK)

    def to_png(self) -> bytes:
        """Return the PNG file."""
        header = pack(">IIBBBBB", self._width, len(self._rows), 8, 3, 0, 0, 0)  # 8 bits each, with a palette
        pixels = zlib.compress(b"".join(b"\0" + row for row in self._rows))  # each row begins with its filter: none
        chunks = ((b"IHDR", header), (b"PLTE", _PALETTE), (b"IDAT", pixels), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + name + data + pack(">I", zlib.crc32(name + data))
