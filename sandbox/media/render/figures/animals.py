"""Animals: four that sit."""

import numpy as np

from sandbox.media.render.brush import INK, Brush
from sandbox.media.render.canvas import Colour, curve, mix, oval, stroke, times

WHITE: Colour = (0.97, 0.96, 0.93)


def _mirror(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(-x, y) for x, y in points]


def _both(points: list[tuple[float, float]]) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    return points, _mirror(points)


def _eyes(b: Brush, x: float, y: float, size: float, iris: Colour) -> None:
    if b.look.anime:
        size *= 1.35
    for side in (-1, 1):
        b.flat(INK, oval(side * x, y, size, size * 1.15))
        b.flat(iris, oval(side * x, y, size * 0.82, size * 0.98))
        b.flat((0.05, 0.04, 0.05), oval(side * x, y, size * (0.5 if b.look.anime else 0.42), size * 0.8))
        b.flat((1, 1, 1), oval(side * x - size * 0.3, y + size * 0.4, size * 0.26, size * 0.26), glow=True)


def _sitting(b: Brush, coat: Colour, belly: Colour, paws: Colour) -> None:
    """Body, haunches and forelegs of an animal that sits facing us."""
    b.shadow(0.36)
    b.part(
        coat,
        [
            (0, 0.62),
            (0.13, 0.55),
            (0.19, 0.38),
            (0.22, 0.18),
            (0.17, 0.03),
            (0, 0.01),
            (-0.17, 0.03),
            (-0.22, 0.18),
            (-0.19, 0.38),
            (-0.13, 0.55),
        ],
    )
    for haunch in _both([(0.14, 0.26), (0.23, 0.22), (0.27, 0.10), (0.22, 0.01), (0.12, 0.01), (0.10, 0.12)]):
        b.part(coat, haunch)
    b.part(
        belly,
        [(0, 0.58), (0.09, 0.50), (0.105, 0.36), (0.06, 0.22), (0, 0.17), (-0.06, 0.22), (-0.105, 0.36), (-0.09, 0.50)],
        line=False,
    )
    for leg in _both(
        [(0.03, 0.34), (0.105, 0.34), (0.10, 0.15), (0.115, 0.03), (0.08, -0.005), (0.03, 0.0), (0.022, 0.10)]
    ):
        b.part(paws, leg, form=0.6)
    for foot in _both([(0.15, 0.055), (0.22, 0.05), (0.245, 0.015), (0.20, -0.01), (0.14, 0.0)]):
        b.part(paws, foot, form=0.4)


def fox(b: Brush, colour: Colour | None) -> None:
    """A sitting fox: brush with a white tip, dark stockings, white cheeks."""
    coat = colour or (0.86, 0.40, 0.13)
    if colour and colour[0] > 0.7 and colour[1] < 0.3:  # noqa: PLR2004 - a red fox is the red of foxes
        coat = (0.84, 0.33, 0.11)
    dark = times(coat, 0.30)
    tail = [
        (0.12, 0.04),
        (0.30, 0.0),
        (0.46, 0.05),
        (0.55, 0.20),
        (0.53, 0.38),
        (0.45, 0.47),
        (0.39, 0.36),
        (0.38, 0.22),
        (0.28, 0.15),
        (0.14, 0.14),
    ]
    b.part(coat, tail)
    b.part(
        WHITE,
        [(0.53, 0.30), (0.535, 0.38), (0.45, 0.49), (0.385, 0.37), (0.43, 0.33), (0.47, 0.36)],
        line=False,
        form=0.6,
    )
    _sitting(b, coat, WHITE, dark)
    for ear in _both([(0.05, 0.83), (0.17, 1.02), (0.205, 0.76), (0.13, 0.72)]):
        b.part(coat, ear, round_=False)
        b.flat(dark, [(p[0] * 0.72 + np.sign(ear[1][0]) * 0.040, p[1] * 0.84 + 0.135) for p in ear])
    b.part(
        coat,
        [
            (0, 0.87),
            (0.12, 0.84),
            (0.19, 0.74),
            (0.235, 0.645),
            (0.13, 0.58),
            (0.045, 0.515),
            (0, 0.50),
            (-0.045, 0.515),
            (-0.13, 0.58),
            (-0.235, 0.645),
            (-0.19, 0.74),
            (-0.12, 0.84),
        ],
    )
    for cheek in _both(
        [(0.235, 0.645), (0.13, 0.58), (0.04, 0.515), (0.012, 0.55), (0.05, 0.625), (0.11, 0.675), (0.17, 0.67)]
    ):
        b.part(WHITE, cheek, line=False, form=0.5)
    b.part(
        coat,
        [(0, 0.72), (0.045, 0.66), (0.032, 0.56), (0, 0.535), (-0.032, 0.56), (-0.045, 0.66)],
        line=False,
        form=0.4,
    )
    _eyes(b, 0.092, 0.70, 0.026, (0.80, 0.52, 0.12))
    b.flat(INK, [(0, 0.503), (0.034, 0.535), (0.02, 0.555), (-0.02, 0.555), (-0.034, 0.535)], round_=True)


def cat(b: Brush, colour: Colour | None) -> None:
    """A sitting cat with stripes and whiskers."""
    coat = colour or (0.85, 0.60, 0.34)
    stripe, pale = times(coat, 0.68), mix(coat, WHITE, 0.72)
    tail = stroke(
        curve([(0.16, 0.06), (0.34, 0.04), (0.42, 0.16), (0.36, 0.30), (0.42, 0.42), (0.49, 0.44)], closed=False),
        0.085,
        0.06,
    )
    b.part(coat, tail, round_=False, form=0.6)
    _sitting(b, coat, pale, mix(coat, pale, 0.5))
    for y in (0.42, 0.34, 0.26):
        for band in _both(
            [(0.215 - (y - 0.2) * 0.12, y + 0.02), (0.115, y - 0.01), (0.21 - (y - 0.2) * 0.1, y - 0.012)]
        ):
            b.flat(stripe, band, strength=0.75)
    for ear in _both([(0.045, 0.86), (0.165, 1.0), (0.205, 0.74), (0.10, 0.74)]):
        b.part(coat, ear, round_=False)
        b.flat(
            (0.92, 0.62, 0.60),
            [(p[0] * 0.68 + np.sign(ear[1][0]) * 0.044, p[1] * 0.8 + 0.165) for p in ear],
            strength=0.9,
        )
    b.part(
        coat,
        [
            (0, 0.89),
            (0.12, 0.865),
            (0.205, 0.77),
            (0.225, 0.66),
            (0.17, 0.565),
            (0.08, 0.52),
            (0, 0.51),
            (-0.08, 0.52),
            (-0.17, 0.565),
            (-0.225, 0.66),
            (-0.205, 0.77),
            (-0.12, 0.865),
        ],
    )
    for x in (-0.055, 0, 0.055):
        b.flat(
            stripe,
            [(x - 0.014, 0.875 - abs(x) * 0.3), (x + 0.014, 0.875 - abs(x) * 0.3), (x * 0.7, 0.785)],
            strength=0.85,
        )
    b.part(pale, oval(0.047, 0.578, 0.062, 0.05), oval(-0.047, 0.578, 0.062, 0.05), round_=False, line=False, form=0.4)
    _eyes(b, 0.098, 0.69, 0.036, (0.52, 0.74, 0.26))
    b.flat((0.88, 0.45, 0.47), [(0, 0.588), (0.026, 0.615), (-0.026, 0.615)])
    for side in (-1, 1):
        b.flat(
            INK,
            stroke(curve([(0, 0.59), (side * 0.012, 0.562), (side * 0.045, 0.56)], closed=False), 0.007),
            strength=0.8,
        )
        for lift in (-0.03, 0.0, 0.03):
            b.flat(
                WHITE,
                stroke(
                    [(side * 0.08, 0.585 + lift * 0.4), (side * 0.20, 0.592 + lift), (side * 0.31, 0.585 + lift * 2)],
                    0.005,
                    0.002,
                ),
                strength=0.85,
            )


def dog(b: Brush, colour: Colour | None) -> None:
    """A sitting dog with hanging ears and its tongue out."""
    coat = colour or (0.78, 0.56, 0.32)
    ear_tone, pale = times(coat, 0.62), mix(coat, WHITE, 0.75)
    b.part(
        coat,
        stroke(curve([(0.17, 0.08), (0.30, 0.12), (0.39, 0.25), (0.40, 0.36)], closed=False), 0.09, 0.03),
        round_=False,
        form=0.5,
    )
    _sitting(b, coat, pale, pale)
    b.part(
        coat,
        [
            (0, 0.94),
            (0.13, 0.91),
            (0.19, 0.80),
            (0.185, 0.68),
            (0.13, 0.59),
            (0.06, 0.53),
            (0, 0.52),
            (-0.06, 0.53),
            (-0.13, 0.59),
            (-0.185, 0.68),
            (-0.19, 0.80),
            (-0.13, 0.91),
        ],
    )
    for ear in _both(
        [(0.10, 0.90), (0.18, 0.89), (0.25, 0.78), (0.265, 0.62), (0.22, 0.55), (0.175, 0.63), (0.16, 0.77)]
    ):
        b.part(ear_tone, ear)
    b.part(
        pale,
        [
            (0, 0.86),
            (0.028, 0.77),
            (0.095, 0.68),
            (0.105, 0.60),
            (0.05, 0.53),
            (0, 0.52),
            (-0.05, 0.53),
            (-0.105, 0.60),
            (-0.095, 0.68),
            (-0.028, 0.77),
        ],
        line=False,
        form=0.6,
    )
    b.part((0.93, 0.48, 0.50), [(-0.03, 0.56), (0.03, 0.56), (0.034, 0.49), (0, 0.455), (-0.034, 0.49)], form=0.3)
    _eyes(b, 0.088, 0.745, 0.027, (0.36, 0.21, 0.10))
    b.flat(INK, oval(0, 0.655, 0.045, 0.032))
    for side in (-1, 1):
        b.flat(
            INK,
            stroke(curve([(0, 0.63), (side * 0.01, 0.58), (side * 0.055, 0.573)], closed=False), 0.009),
            strength=0.85,
        )


def rabbit(b: Brush, colour: Colour | None) -> None:
    """A sitting rabbit, ears up."""
    coat = colour or (0.80, 0.74, 0.67)
    pale = mix(coat, WHITE, 0.7)
    b.part(pale, oval(0.25, 0.12, 0.085, 0.08), round_=False)
    _sitting(b, coat, pale, mix(coat, pale, 0.4))
    for ear in _both([(0.03, 0.70), (0.035, 0.90), (0.075, 1.06), (0.12, 1.08), (0.14, 0.94), (0.11, 0.72)]):
        b.part(coat, ear)
        b.flat(
            (0.94, 0.68, 0.68),
            [(p[0] * 0.55 + np.sign(ear[2][0]) * 0.04, p[1] * 0.86 + 0.125) for p in ear],
            round_=True,
            strength=0.85,
        )
    b.part(
        coat,
        [
            (0, 0.80),
            (0.11, 0.775),
            (0.175, 0.69),
            (0.175, 0.59),
            (0.10, 0.51),
            (0, 0.495),
            (-0.10, 0.51),
            (-0.175, 0.59),
            (-0.175, 0.69),
            (-0.11, 0.775),
        ],
    )
    b.part(pale, oval(0.036, 0.552, 0.05, 0.04), oval(-0.036, 0.552, 0.05, 0.04), round_=False, line=False, form=0.3)
    _eyes(b, 0.105, 0.655, 0.029, (0.30, 0.16, 0.12))
    b.flat((0.90, 0.50, 0.52), [(0, 0.568), (0.02, 0.59), (-0.02, 0.59)])
