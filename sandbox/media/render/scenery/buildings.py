"""A house, a boat, a lighthouse, a balloon."""

from sandbox.media.render.brush import INK, Brush
from sandbox.media.render.canvas import Colour, box, curve, stroke, times
from sandbox.media.render.figures.things import LAMP, soft_box
from sandbox.media.render.scenery.land import conifer


def house(b: Brush, colour: Colour | None, *, snowy: bool = False) -> None:
    """A cottage with a chimney and lit windows."""
    wall, roof = colour or (0.93, 0.86, 0.74), (0.66, 0.30, 0.24)
    lamp = LAMP if b.look.dark or b.look.wet or b.look.hour == "sunset" else (0.55, 0.72, 0.84)
    b.shadow(0.62)
    b.part((0.55, 0.36, 0.30), box(0.22, 0.62, 0.33, 0.96), round_=False, form=0.3)
    b.part(wall, box(-0.48, 0.0, 0.48, 0.48), round_=False, form=0.6)
    b.flat(times(wall, 0.72), box(0.16, 0.0, 0.48, 0.48), strength=0.6)
    b.part(
        (0.95, 0.97, 1.0) if snowy else roof,
        [(-0.58, 0.44), (-0.30, 0.86), (0.32, 0.86), (0.58, 0.44)],
        round_=False,
        form=0.5,
    )
    b.part((0.45, 0.28, 0.18), [(-0.10, 0.0), (-0.10, 0.29), (0.04, 0.29), (0.04, 0.0)], round_=False, form=0.2)
    for x in (-0.32, 0.24):
        b.flat((0.98, 0.96, 0.92), box(x - 0.095, 0.15, x + 0.115, 0.35))
        b.flat(lamp, box(x - 0.075, 0.17, x + 0.095, 0.33), glow=True)
        b.flat((0.98, 0.96, 0.92), box(x + 0.002, 0.17, x + 0.018, 0.33), box(x - 0.075, 0.243, x + 0.095, 0.257))
        if lamp is LAMP:
            px, py = b.place([(x, 0.25)])[0]
            b.canvas.glow(px, py, b.size * 0.3, LAMP, 0.35)


def boat(b: Brush, colour: Colour | None) -> None:
    """A sailing boat."""
    hull, sail = colour or (0.62, 0.30, 0.20), (0.97, 0.95, 0.90)
    b.part((0.40, 0.28, 0.20), box(-0.008, 0.10, 0.008, 1.0), round_=False, line=False, form=0.1)
    b.part(sail, [(0.02, 0.98), (0.06, 0.70), (0.22, 0.40), (0.40, 0.21), (0.02, 0.19)], round_=False, form=0.7)
    b.part(times(sail, 0.93), [(-0.025, 0.90), (-0.10, 0.55), (-0.30, 0.22), (-0.025, 0.22)], round_=False, form=0.5)
    b.part(
        hull,
        [(-0.42, 0.155), (0.46, 0.165), (0.36, 0.03), (0.20, -0.015), (-0.24, -0.015), (-0.36, 0.04)],
        round_=False,
        form=0.5,
    )
    b.flat((0.97, 0.95, 0.90), [(-0.42, 0.155), (0.46, 0.165), (0.445, 0.135), (-0.40, 0.128)])


def lighthouse(b: Brush, colour: Colour | None) -> None:
    """A banded lighthouse on a rock, its beam out in the dark."""
    band = colour or (0.84, 0.22, 0.20)
    if b.look.dark or b.look.wet or b.look.hour == "sunset":
        px, py = b.place([(0, 0.875)])[0]
        for side in (-1, 1):
            b.canvas.put(
                (1.0, 0.93, 0.7),
                b.canvas.mask(
                    [(px, py - 0.004), (px + side * 1.1, py - 0.13), (px + side * 1.1, py + 0.06), (px, py + 0.004)],
                    blur=0.008,
                ),
                0.24,
            )
        b.canvas.glow(px, py, 0.2, LAMP, 0.85)
    rock = [(-0.42, -0.06), (-0.30, 0.08), (-0.16, 0.14), (0.08, 0.16), (0.24, 0.10), (0.40, -0.06)]
    b.part((0.36, 0.33, 0.33), rock, round_=False, form=0.7)
    b.part((0.95, 0.94, 0.91), [(-0.105, 0.12), (-0.065, 0.80), (0.065, 0.80), (0.105, 0.12)], round_=False, form=0.7)
    for low, high in ((0.22, 0.36), (0.50, 0.64)):
        a, c = (0.105 - (y - 0.12) * 0.059 for y in (low, high))
        b.part(band, [(-a, low), (-c, high), (c, high), (a, low)], round_=False, line=False, form=0.6)
    b.part((0.28, 0.29, 0.33), box(-0.095, 0.79, 0.095, 0.82), round_=False, form=0.2)
    b.flat(LAMP, box(-0.048, 0.82, 0.048, 0.92), glow=True)
    b.flat(
        (0.28, 0.29, 0.33), box(-0.052, 0.82, -0.04, 0.92), box(-0.006, 0.82, 0.006, 0.92), box(0.04, 0.82, 0.052, 0.92)
    )
    b.part(band, [(-0.07, 0.92), (0, 1.0), (0.07, 0.92)], round_=False, form=0.3)
    b.flat(INK, box(-0.025, 0.14, 0.025, 0.21))


def balloon(b: Brush, colour: Colour | None) -> None:
    """A hot-air balloon in gores of two colours."""
    main = colour or (0.90, 0.30, 0.24)
    second = (0.98, 0.84, 0.46)
    half = [(0.0, 0.20), (0.12, 0.30), (0.27, 0.50), (0.32, 0.70), (0.25, 0.89), (0.0, 1.0)]
    for x in (-0.05, 0.05):
        b.flat((0.35, 0.28, 0.22), stroke([(x, 0.10), (x * 1.9, 0.24)], 0.007))
    b.part((0.55, 0.38, 0.22), soft_box(-0.065, 0.0, 0.065, 0.10, 0.015), round_=False, form=0.3)
    b.part(main, [*half, *[(-x, y) for x, y in half[-2:0:-1]]])
    for inner, outer in ((0.30, 0.62), (-0.62, -0.30)):
        edge = curve(half, closed=False)
        b.flat(second, [*[(x * outer, y) for x, y in edge], *[(x * inner, y) for x, y in edge[::-1]]], strength=0.85)


def firs(b: Brush) -> None:
    """Two firs beside a house."""
    for x, tall in ((-0.85, 0.95), (0.80, 1.15)):
        b.part((0.16, 0.34, 0.24), [(px, -py) for px, py in conifer(x, 0.0, tall, b.rng)], round_=False, form=0.5)
