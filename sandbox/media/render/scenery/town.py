"""A skyline."""

import numpy as np

from sandbox.media.render.canvas import Canvas, Colour, Points, box, mix, times
from sandbox.media.render.look import Look


def city(canvas: Canvas, look: Look, base: float, rng: np.random.Generator) -> None:
    """Paint a skyline in three rows; windows are lit when it is dark."""
    grown = float(rng.uniform(0.75, 1.15))
    for row, (depth, tall) in enumerate(((0.62, 0.42), (0.38, 0.34), (0.12, 0.26))):
        canvas.plane("city", 0.25 + 0.12 * row)
        x = -0.05
        while x < canvas.aspect + 0.05:
            wide = float(rng.uniform(0.05, 0.13))
            middle = 1 - abs(x / canvas.aspect - 0.5) * 0.9
            high = grown * tall * float(rng.uniform(0.35, 1.0)) * middle
            _tower(canvas, look, (x, base - high, x + wide, base), depth, rng)
            x += wide + float(rng.choice([0, 0, 0.012]))
        if look.photo and not canvas.split:
            canvas.blend(
                look.haze,
                np.asarray(np.exp(-((canvas.y - base) ** 2) / 0.012) * 0.28 * np.ones_like(canvas.x), np.float32),
            )


def _tower(
    canvas: Canvas, look: Look, at: tuple[float, float, float, float], depth: float, rng: np.random.Generator
) -> None:
    left, top, right, bottom = at
    palette: tuple[Colour, ...] = ((0.50, 0.55, 0.64), (0.62, 0.56, 0.54), (0.42, 0.47, 0.56), (0.58, 0.60, 0.62))
    wall = palette[int(rng.integers(4))]
    shape = box(left, top, right, bottom + 0.01)
    kind = int(rng.integers(6))
    if kind == 0:
        shape = [
            (left, bottom + 0.01),
            (left, top),
            ((left + right) / 2, top - 0.05),
            (right, top),
            (right, bottom + 0.01),
        ]
    elif kind == 1:
        middle = (left + right) / 2
        canvas.fill([(middle - 0.003, top), (middle, top - 0.09), (middle + 0.003, top)], look.shaded(wall, depth))
    canvas.fill(shape, look.lit(times(wall, 0.85 if look.dark else 1.0), depth))
    canvas.fill(box(left + (right - left) * 0.62, top, right, bottom + 0.01), look.shaded(wall, depth), 0.75)
    glass, lamp = look.shaded((0.5, 0.62, 0.78), depth), mix((1.0, 0.83, 0.45), look.haze, depth * 0.6)
    cell = 0.015 + 0.005 * (1 - depth)
    lit: list[Points] = []
    unlit: list[Points] = []
    for row in range(int((bottom - top - 0.01) / cell)):
        for column in range(int((right - left - 0.008) / (cell * 0.8))):
            x, y = left + 0.006 + column * cell * 0.8, top + 0.008 + row * cell
            bright = rng.random() < (0.42 if look.dark or look.wet else 0.04)
            (lit if bright else unlit).append(box(x, y, x + cell * 0.42, y + cell * 0.55))
    if unlit:
        canvas.put(glass, canvas.mask(*unlit), 0.5)
    if lit:
        canvas.put(lamp, canvas.mask(*lit), 0.92)
