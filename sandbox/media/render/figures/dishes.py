"""Things on a table: a pizza, a cake, a bowl, a cup, a bottle."""

import numpy as np

from sandbox.media.render.brush import Brush
from sandbox.media.render.canvas import Colour, box, curve, mix, oval, stroke, times
from sandbox.media.render.figures.things import soft_box

CHINA: Colour = (0.94, 0.94, 0.92)
_CREAM: Colour = (0.98, 0.93, 0.84)


def _flat_oval(x: float, y: float, wide: float) -> list[tuple[float, float]]:
    """Return a circle that lies on the table."""
    return oval(x, y, wide, wide * 0.46)


def pizza(b: Brush, colour: Colour | None) -> None:
    """A pizza on a plate, a slice missing."""
    b.shadow(0.62)
    b.part(colour or CHINA, _flat_oval(0, 0.28, 0.66), round_=False, form=0.4)
    b.flat(times(colour or CHINA, 0.86), _flat_oval(0, 0.30, 0.54))
    b.part((0.80, 0.55, 0.28), _flat_oval(0, 0.33, 0.52), round_=False, form=0.5)
    b.part((0.78, 0.22, 0.12), _flat_oval(0, 0.345, 0.45), round_=False, line=False, form=0.2)
    b.part((0.97, 0.79, 0.36), _flat_oval(0, 0.355, 0.42), round_=False, line=False, form=0.3)
    for turn in np.linspace(0, 2 * np.pi, 8, endpoint=False).tolist():
        x, y = 0.29 * np.cos(turn + 0.2), 0.355 + 0.29 * 0.46 * np.sin(turn + 0.2)
        b.part((0.75, 0.20, 0.15), _flat_oval(x, y, 0.075), round_=False, form=0.25)
        leaf_x, leaf_y = 0.16 * np.cos(turn + 0.7), 0.355 + 0.16 * 0.46 * np.sin(turn + 0.7)
        b.flat((0.24, 0.52, 0.22), oval(leaf_x, leaf_y, 0.036, 0.015, turn))
    b.flat((0.22, 0.20, 0.20), *[_flat_oval(x, y, 0.022) for x, y in ((0.06, 0.42), (-0.10, 0.31), (0.12, 0.30))])
    b.part(
        times(colour or CHINA, 0.86), [(0, 0.355), (0.20, 0.11), (0.34, 0.135), (0.43, 0.19)], round_=False, line=False,
        form=0.1,
    )  # fmt: skip
    b.flat((0.93, 0.74, 0.45), [(0, 0.355), (0.20, 0.11), (0.205, 0.135), (0.0, 0.375)])


def cake(b: Brush, colour: Colour | None) -> None:
    """A birthday cake of two tiers with burning candles."""
    icing, sponge = colour or (0.96, 0.62, 0.72), _CREAM
    b.shadow(0.48)
    b.part(CHINA, _flat_oval(0, 0.06, 0.52), round_=False, form=0.4)
    for bottom, top, wide in ((0.06, 0.34, 0.40), (0.34, 0.58, 0.27)):
        side = [*_flat_oval(0, bottom, wide)[36:], (wide, top), (-wide, top)]
        b.part(sponge, side, round_=False, form=0.7)
        b.part(icing, _flat_oval(0, top, wide), round_=False, form=0.3)
        count = 9 if wide > 0.3 else 7  # noqa: PLR2004 - drops on the lower tier
        for x in np.linspace(-wide * 0.92, wide * 0.92, count).tolist():
            down = top - wide * 0.44 * (1 - (x / wide) ** 2) ** 0.5
            b.part(
                icing,
                soft_box(x - 0.042, down - 0.075, x + 0.042, down + 0.05, 0.04),
                round_=False,
                line=False,
                form=0.3,
            )
        b.flat((0.86, 0.22, 0.26), *[oval(x, bottom + 0.02 - 0.10 * (1 - (x / wide) ** 2) ** 0.5, 0.022, 0.022)
                                     for x in np.linspace(-wide * 0.86, wide * 0.86, count).tolist()])  # fmt: skip
    for number, x in enumerate((-0.15, -0.05, 0.05, 0.15)):
        wax = ((0.36, 0.62, 0.88), (0.98, 0.80, 0.32), (0.55, 0.80, 0.50), (0.80, 0.48, 0.82))[number]
        b.part(wax, box(x - 0.014, 0.57, x + 0.014, 0.76), round_=False, form=0.2)
        b.flat((1.0, 0.72, 0.22), [(x - 0.020, 0.79), (x, 0.77), (x + 0.020, 0.79), (x, 0.87)], round_=True, glow=True)
        b.flat((1.0, 0.96, 0.70), oval(x, 0.795, 0.008, 0.016), glow=True)


def bowl(b: Brush, colour: Colour | None) -> None:
    """A bowl of noodle soup with an egg, greens and chopsticks."""
    ware = colour or (0.72, 0.22, 0.18)
    b.shadow(0.5)
    b.part(ware, [(-0.52, 0.52), (0.52, 0.52), (0.44, 0.24), (0.20, 0.05), (-0.20, 0.05), (-0.44, 0.24)], form=0.9)
    b.part(times(ware, 0.85), soft_box(-0.18, 0.0, 0.18, 0.08, 0.02), round_=False, form=0.4)
    b.part(mix(ware, (1, 1, 1), 0.75), _flat_oval(0, 0.52, 0.53), round_=False, form=0.2)
    b.flat((0.80, 0.52, 0.24), _flat_oval(0, 0.515, 0.47))
    for number in range(9):
        y = 0.36 + number * 0.033
        half = 0.47 * max(1 - ((y - 0.515) / 0.216) ** 2, 0.0) ** 0.5 * 0.86
        wave = [(float(x), y + 0.012 * float(np.sin(x * 26 + number))) for x in np.linspace(-half, half * 0.5, 14)]
        b.flat((0.97, 0.84, 0.52), stroke(wave, 0.016))
    b.part((0.98, 0.97, 0.94), _flat_oval(0.22, 0.50, 0.135), round_=False, form=0.3)
    b.part((0.98, 0.66, 0.16), _flat_oval(0.22, 0.505, 0.07), round_=False, line=False, form=0.4)
    for x, y in ((-0.28, 0.60), (-0.20, 0.63), (-0.12, 0.61), (0.05, 0.40), (0.14, 0.385)):
        b.flat((0.30, 0.62, 0.28), oval(x, y, 0.038, 0.016, x * 5))
    for shift in (0.0, 0.07):
        b.part(
            (0.38, 0.22, 0.14),
            stroke([(-0.62 + shift, 0.92), (0.02 + shift, 0.50)], 0.026, 0.014),
            round_=False,
            form=0.2,
        )
    _steam(b, 0.66)


def cup(b: Brush, colour: Colour | None) -> None:
    """A cup of coffee on its saucer."""
    ware = colour or CHINA
    b.shadow(0.46)
    b.part(times(ware, 0.95), _flat_oval(0, 0.09, 0.48), round_=False, form=0.4)
    b.flat(times(ware, 0.80), _flat_oval(0, 0.105, 0.28))
    handle = curve([(0.26, 0.50), (0.45, 0.50), (0.44, 0.28), (0.22, 0.24)], closed=False)
    b.part(ware, stroke(handle, 0.06), round_=False, form=0.3)
    b.part(ware, [(-0.32, 0.58), (0.32, 0.58), (0.28, 0.26), (0.14, 0.10), (-0.14, 0.10), (-0.28, 0.26)], form=0.8)
    b.part(mix(ware, (1, 1, 1), 0.4), _flat_oval(0, 0.58, 0.325), round_=False, form=0.2)
    b.flat((0.30, 0.17, 0.10), _flat_oval(0, 0.575, 0.285))
    b.flat(
        (0.72, 0.52, 0.34),
        [(0, 0.50), (0.09, 0.58), (0.05, 0.635), (0, 0.605), (-0.05, 0.635), (-0.09, 0.58)],
        round_=True,
    )
    _steam(b, 0.72)


def _steam(b: Brush, bottom: float) -> None:
    for x in (-0.12, 0.03, 0.16):
        line = curve(
            [(x, bottom), (x + 0.04, bottom + 0.09), (x - 0.03, bottom + 0.18), (x + 0.02, bottom + 0.28)], closed=False
        )
        b.flat((1, 1, 1), stroke(line, 0.030, 0.004), strength=0.38, glow=True)


def bottle(b: Brush, colour: Colour | None) -> None:
    """A bottle as in an advertisement: glass, cap, an empty label."""
    glass = colour or (0.16, 0.50, 0.46)
    b.shadow(0.24)
    b.part(
        glass,
        [(-0.19, 0.02), (0.19, 0.02), (0.20, 0.10), (0.20, 0.50), (0.17, 0.60), (0.075, 0.68), (0.07, 0.82),
         (-0.07, 0.82), (-0.075, 0.68), (-0.17, 0.60), (-0.20, 0.50), (-0.20, 0.10)],
        form=0.9,
    )  # fmt: skip
    b.part((0.86, 0.74, 0.42), soft_box(-0.085, 0.80, 0.085, 0.97, 0.02), round_=False, form=0.6)
    for y in (0.84, 0.88, 0.92):
        b.flat((0.66, 0.54, 0.28), box(-0.085, y, 0.085, y + 0.010))
    b.part((0.97, 0.95, 0.90), box(-0.20, 0.17, 0.20, 0.46), round_=False, form=0.6)
    b.flat(times(glass, 0.8), box(-0.20, 0.19, 0.20, 0.20), box(-0.20, 0.43, 0.20, 0.44))
    b.flat(glass, [(0, 0.24), (0.07, 0.315), (0, 0.39), (-0.07, 0.315)])
    b.flat((1, 1, 1), stroke([(-0.155, 0.10), (-0.16, 0.50), (-0.125, 0.59)], 0.026, 0.010), strength=0.5, glow=True)
    b.flat((1, 1, 1), stroke([(0.165, 0.12), (0.165, 0.46)], 0.010), strength=0.35, glow=True)
