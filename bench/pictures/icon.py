"""The bot's icon: `python -m bench.pictures.icon` draws docs/icon.svg and docs/icon.png from the same shapes.

The platforms cut it to a rounded square or a circle, so the colour reaches the edges and nothing else does.
"""

from pathlib import Path

from PIL import Image, ImageDraw

SIZE = 512  # the smallest picture that Slack takes
_SMOOTH = 4  # drawn larger by this factor, then reduced

BLUE, PAPER, RED, AMBER = "#1d3557", "#f1faee", "#e63946", "#ffb703"
BUBBLE = (92, 120, 420, 360)
RADIUS = 84
TAIL = ((150, 330), (138, 424), (246, 346))
LETTER = ((176, 292), (196, 188), (256, 264), (316, 188), (336, 292))
STROKE = 36
SPARK, REACH, WAIST, EDGE = (398, 138), 66, 16, 24

Point = tuple[int, int]


def spark() -> tuple[Point, ...]:
    """The corners of a star with four points."""
    x, y = SPARK
    steps = ((0, -REACH), (WAIST, -WAIST), (REACH, 0), (WAIST, WAIST))
    corners = [(x + dx, y + dy) for dx, dy in steps]
    return (*corners, *((2 * x - cx, 2 * y - cy) for cx, cy in corners))


def svg() -> str:
    """The icon as a drawing of any size."""

    def points(corners: tuple[Point, ...]) -> str:
        return " ".join(f"{x},{y}" for x, y in corners)

    left, top, right, bottom = BUBBLE
    box = f'x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" rx="{RADIUS}"'
    round_line = 'stroke-linecap="round" stroke-linejoin="round"'
    shapes = (
        f'<rect width="{SIZE}" height="{SIZE}" fill="{BLUE}"/>',
        f'<rect {box} fill="{PAPER}"/>',
        f'<polygon points="{points(TAIL)}" fill="{PAPER}"/>',
        f'<polyline points="{points(LETTER)}" fill="none" stroke="{RED}" stroke-width="{STROKE}" {round_line}/>',
        f'<polygon points="{points(spark())}" fill="none" stroke="{BLUE}" stroke-width="{EDGE}" {round_line}/>',
        f'<polygon points="{points(spark())}" fill="{AMBER}"/>',
    )
    first = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" role="img" aria-label="Muse">'
    return "\n".join((first, *shapes, "</svg>", ""))


def png() -> Image.Image:
    """The icon as a picture of `SIZE` by `SIZE` pixels."""

    def scaled(corners: tuple[Point, ...]) -> list[Point]:
        return [(x * _SMOOTH, y * _SMOOTH) for x, y in corners]

    def line(corners: tuple[Point, ...], colour: str, width: int) -> None:
        draw.line(scaled(corners), fill=colour, width=width * _SMOOTH, joint="curve")
        for x, y in scaled(corners):
            half = width * _SMOOTH // 2
            draw.ellipse((x - half, y - half, x + half, y + half), fill=colour)

    picture = Image.new("RGB", (SIZE * _SMOOTH, SIZE * _SMOOTH), BLUE)
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle([edge * _SMOOTH for edge in BUBBLE], RADIUS * _SMOOTH, fill=PAPER)
    draw.polygon(scaled(TAIL), fill=PAPER)
    line(LETTER, RED, STROKE)
    line((*spark(), spark()[0]), BLUE, EDGE)
    draw.polygon(scaled(spark()), fill=AMBER)
    return picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def main() -> None:
    """Write both files."""
    folder = Path(__file__).parents[2] / "docs"
    (folder / "icon.svg").write_text(svg(), encoding="utf-8")
    png().save(folder / "icon.png", optimize=True)


if __name__ == "__main__":
    main()
