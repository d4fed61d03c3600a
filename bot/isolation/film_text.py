"""Titles and subtitles drawn into pictures. Imported in a child process only."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bot.isolation.film_clips import Picture, planes

#: Where systems keep fonts, and how the names of those with Chinese begin, the best first.
_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "/System/Library/Fonts", "C:/Windows/Fonts")
_NAMES = ("NotoSansCJK", "NotoSansTC", "NotoSansSC", "SourceHanSans", "PingFang", "msjh", "msyh", "wqy", "NotoSerifCJK")
_MOST_FACES = 12  #: of one file
_UNKNOWN = "\U0010fffe"  #: in no font: what is drawn for it stands for every letter that is missing
_FIRST_WIDE = "\u2e80"  #: where Chinese and Japanese begin
_BRIGHT, _DARK, _GREY = 235, 16, 128
_SIZES = (1, 0.75, 0.5, 0.35)
_LEAST_SIZE = 8.0  #: pixels
_MOST_HEIGHT = 0.8  #: of the picture's
_SIMPLIFIED = {"zh", "zh-cn", "zh-sg", "zh-hans"}
_SHARES = (0.5, 0.6, 0.7, 0.8, 0.9)  #: of the width, tried for lines of equal length
_MARGIN = 0.08  #: of the width and the height

Font = ImageFont.FreeTypeFont


class Caption:
    """A text as it is drawn: white letters with a dark edge, in lines, in the middle of the width."""

    def __init__(self, text: str, font: Font, width: int) -> None:
        """`width`: pixels of the picture."""
        edge = max(round(font.size / 14), 1)
        body = "\n".join(_balance(" ".join(text.split()), font, width * (1 - 2 * _MARGIN)))
        ruler = ImageDraw.Draw(Image.new("L", (1, 1)))
        left, top, right, bottom = ruler.multiline_textbbox((0, 0), body, font, align="center", stroke_width=edge)
        # Planes of colour have half the size.
        size = (min(int(right - left) // 2 * 2 + 2, width), int(bottom - top) // 2 * 2 + 2)
        image = Image.new("RGB", size)  # one plane for the letters, one for them with their edge
        ImageDraw.Draw(image).multiline_text(
            (-left, -top), body, (255, 255, 0), font, align="center", stroke_width=edge, stroke_fill=(0, 255, 0)
        )
        self._letters, self._edge, _ = image.split()

    @property
    def height(self) -> int:
        """Pixels."""
        return self._edge.height

    def put_on(self, picture: Picture, width: int, height: int, *, is_title: bool) -> Picture:
        """Return a picture with the text: in its middle, or as a subtitle at its bottom."""
        made = picture.copy()
        wide, tall = self._edge.width, min(self.height, height // 2 * 2)
        top = (height - tall) // 2 if is_title else height - tall - round(height * _MARGIN)
        top, left = max(top // 2 * 2, 0), (width - wide) // 4 * 2
        for number, plane in enumerate(planes(made, width, height)):
            part = 1 if number == 0 else 2
            area = plane[top // part : (top + tall) // part, left // part : (left + wide) // part]
            for mask, light in ((self._edge, _DARK), (self._letters, _BRIGHT)):
                small = mask.crop((0, 0, wide, tall)).resize((area.shape[1], area.shape[0]))
                alpha = np.asarray(small, np.float32) / 255
                colour = light if number == 0 else _GREY
                area[:] = (area * (1 - alpha) + colour * alpha + 0.5).astype(np.uint8)
        return made


def make_caption(text: str, width: int, height: int, share: float, *, locale: str) -> Caption | None:
    """Return a text for pictures of a size; None: no font has all of its letters.

    `share`: of the picture's height, for a letter; less where the text is long.
    """
    for smaller in _SIZES:
        font = _find_font(text, max(height * share * smaller, _LEAST_SIZE), locale)
        if font is None:
            return None
        caption = Caption(text, font, width)
        if caption.height <= height * _MOST_HEIGHT:
            break
    return caption


def _find_font(text: str, size: float, locale: str) -> Font | None:
    """Return the first font with every letter: the built-in one, or one of the system's.

    Of a file with fonts for several regions it is the one for the reader's.
    """
    regions = (" SC",) if locale.lower() in _SIMPLIFIED else (" TC", " HK")
    for font in _fonts(size):
        if _has_letters(font, text):
            wide = any(letter >= _FIRST_WIDE for letter in text)
            faces = _faces(font) if wide else ()
            return next((face for face in faces if str(face.getname()[0]).endswith(regions)), font)
    return None


def _fonts(size: float) -> Iterator[Font]:
    built_in = ImageFont.load_default(size)
    if isinstance(built_in, Font):
        yield built_in
    files = [file for folder in _FOLDERS for file in Path(folder).rglob("*.[to]t[fc]")]
    for name in _NAMES:
        for file in sorted((file for file in files if file.name.startswith(name)), key=lambda f: "Bold" in f.name):
            if font := _load(str(file), size):
                yield font


def _load(path: str, size: float, index: int = 0) -> Font | None:
    try:
        return ImageFont.truetype(path, size, index)
    except OSError:
        return None


def _faces(font: Font) -> Iterator[Font]:
    for index in range(_MOST_FACES if isinstance(font.path, str) else 0):
        if (face := _load(str(font.path), font.size, index)) is None:
            return
        yield face


def _has_letters(font: Font, text: str) -> bool:
    missing = bytes(font.getmask(_UNKNOWN))
    return not any(
        bytes(font.getmask(letter)) == missing
        for letter in set(text)
        if not letter.isspace() and unicodedata.category(letter) not in {"Cf", "Mn"}
    )


def _balance(text: str, font: Font, width: float) -> list[str]:
    """Break a text into as few lines as fit, about equally long: no word stands alone on the last one."""
    fewest = list(_wrap(text, font, width))
    words = "".join(letter if letter < _FIRST_WIDE else " " for letter in text).split()
    longest = max((font.getlength(word) for word in words), default=0.0)
    narrower = (list(_wrap(text, font, min(max(width * share, longest), width))) for share in _SHARES)
    return next((lines for lines in narrower if len(lines) == len(fewest)), fewest)


def _wrap(text: str, font: Font, width: float) -> Iterator[str]:
    """Break a text into lines: between words, and anywhere between letters of Chinese or in a word that is too long."""
    line = ""
    for letter in text:
        if line and font.getlength(line + letter) > width:
            head, space, tail = line.rpartition(" ")
            if space and letter < _FIRST_WIDE and (not tail or tail[-1] < _FIRST_WIDE) and letter != " ":
                yield head
                line = tail
            else:
                yield line.rstrip()
                line = ""
        line = (line + letter).lstrip()
    if line:
        yield line
