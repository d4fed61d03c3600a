"""Charts: pictures that any viewer opens, with bars as long as their values say."""

from io import BytesIO

from PIL import Image

from bot.media.drawing.canvas import can_write
from bot.media.drawing.chart import Bar, draw_bars

_FILL = (47, 111, 222)


def lengths(picture: bytes) -> list[int]:
    """Return the length of each bar in pixels, from the top."""
    with Image.open(BytesIO(picture)) as opened:
        opened.verify()
    image = Image.open(BytesIO(picture)).convert("RGB")
    rows = [sum(image.getpixel((x, y)) == _FILL for x in range(image.width)) for y in range(image.height)]
    return [row for above, row in zip([0, *rows], rows, strict=False) if row and not above]


def test_bars_are_as_long_as_their_values() -> None:
    """In the order given; nothing is a thin line; letters without a glyph don't harm."""
    bars = [Bar("2026-11-01", 4, "4.0000"), Bar("雪", 2, "2"), Bar("x" * 90, 1, "1"), Bar("", 0, "")]
    four, two, one, none = lengths(draw_bars(bars))
    assert abs(four - 2 * two) <= 1
    assert abs(two - 2 * one) <= 1
    assert none == 1
    assert lengths(draw_bars([Bar("a", 0, "0"), Bar("b", 0, "0")])) == [1, 1]


def test_the_font_has_what_ids_and_dates_are_made_of() -> None:
    """Other letters are known to be missing."""
    assert can_write("gpt-4-turbo_2026-11-26 T1.U2: Ada (x/y) @'#+,")
    assert not can_write("王小明")
