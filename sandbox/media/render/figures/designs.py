"""A designer's subjects: a logo, a map, a diagram, a greeting card; a flag and a portrait."""

import numpy as np

from sandbox.media.render.brush import INK, Brush
from sandbox.media.render.canvas import Colour, Points, box, curve, mix, oval, stroke, times
from sandbox.media.render.figures.things import soft_box

_PAPER: Colour = (0.97, 0.96, 0.93)


def logo(b: Brush, colour: Colour | None) -> None:
    """A round badge with a ring and leaves; what it is for is painted into its middle."""
    main = colour or (0.14, 0.44, 0.46)
    b.part(main, oval(0, 0.5, 0.50, 0.50), round_=False, form=0.15)
    b.flat(_PAPER, oval(0, 0.5, 0.455, 0.455))
    b.flat(main, oval(0, 0.5, 0.435, 0.435))
    b.flat(mix(main, (1, 1, 1), 0.88), oval(0, 0.52, 0.335, 0.335))
    for turn in np.linspace(np.pi * 1.12, np.pi * 1.88, 9).tolist():
        x, y = 0.385 * np.cos(turn), 0.5 + 0.385 * np.sin(turn)
        b.flat(_PAPER, oval(x, y, 0.030, 0.013, turn + 0.9), oval(x, y, 0.030, 0.013, turn - 0.9))
    for turn in (np.pi * 0.30, np.pi * 0.5, np.pi * 0.70):
        x, y = 0.385 * np.cos(turn), 0.5 + 0.385 * np.sin(turn)
        b.flat((0.96, 0.78, 0.34), _star(float(x), float(y), 0.030))


def emblem(b: Brush, colour: Colour | None) -> None:
    """A mark of three folded peaks: what a logo shows that is for nothing in particular."""
    main = colour or (0.14, 0.44, 0.46)
    for x, tall, tint in ((-0.26, 0.62, 0.25), (0.26, 0.62, 0.25), (0.0, 0.92, 0.0)):
        b.flat(mix(main, (1, 1, 1), tint), [(x - 0.30, 0.06), (x, tall), (x, 0.06)])
        b.flat(mix(times(main, 0.75), (1, 1, 1), tint), [(x + 0.30, 0.06), (x, tall), (x, 0.06)])
    b.flat((0.96, 0.72, 0.30), oval(0.36, 0.86, 0.09, 0.09))


def _star(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    turns = np.pi / 2 + np.arange(10) * np.pi / 5
    reach = np.where(np.arange(10) % 2 == 0, radius, radius * 0.42)
    return list(zip((x + np.cos(turns) * reach).tolist(), (y + np.sin(turns) * reach).tolist(), strict=True))


def treasure_map(b: Brush, colour: Colour | None) -> None:
    """An old map: an island with hills, woods, a river, a way to a cross, and a compass rose."""
    paper: Colour = (0.93, 0.86, 0.70)
    ink: Colour = (0.36, 0.24, 0.16)
    land = colour or (0.74, 0.76, 0.48)
    b.shadow(0.62, 0.2)
    right = [(0.0, 0.02), (0.3, 0.03), (0.70, 0.0), (0.68, 0.5), (0.71, 0.98), (0.2, 1.0)]
    left = [(-0.3, 0.97), (-0.71, 1.0), (-0.68, 0.5), (-0.70, 0.03), (-0.2, 0.0)]
    b.part(paper, [*right, *left], form=0.2)
    b.flat((0.66, 0.78, 0.78), soft_box(-0.63, 0.07, 0.63, 0.92, 0.02), strength=0.75)
    turns = np.linspace(0, 2 * np.pi, 26, endpoint=False)
    reach = 0.33 + 0.06 * np.sin(turns * 3 + 0.6) + b.rng.uniform(-0.025, 0.025, 26)
    coast = list(
        zip((np.cos(turns) * reach * 1.32 - 0.02).tolist(), (0.48 + np.sin(turns) * reach * 0.92).tolist(), strict=True)
    )
    b.flat(
        mix(land, (1, 1, 1), 0.35), [(x * 1.08, 0.48 + (y - 0.48) * 1.08) for x, y in coast], round_=True, strength=0.6
    )
    b.part(land, coast, form=0.2)
    b.flat(
        (0.40, 0.58, 0.74),
        stroke(curve([(-0.12, 0.62), (-0.05, 0.50), (-0.16, 0.38), (-0.12, 0.20)], closed=False), 0.014, 0.03),
    )
    for x, y in ((-0.20, 0.62), (-0.10, 0.66), (-0.02, 0.61)):
        b.flat((0.62, 0.56, 0.48), [(x - 0.075, y), (x, y + 0.115), (x + 0.075, y)])
        b.flat(_PAPER, [(x - 0.024, y + 0.078), (x, y + 0.115), (x + 0.024, y + 0.078)])
        b.flat(times((0.62, 0.56, 0.48), 0.7), [(x, y), (x, y + 0.115), (x + 0.075, y)], strength=0.7)
    for x, y in ((0.16, 0.60), (0.22, 0.64), (0.28, 0.59), (0.21, 0.55), (0.30, 0.66)):
        b.flat(ink, box(x - 0.006, y - 0.03, x + 0.006, y + 0.01))
        b.flat((0.28, 0.46, 0.26), oval(x, y + 0.03, 0.034, 0.042))
    way = curve(
        [(-0.34, 0.40), (-0.24, 0.30), (-0.04, 0.32), (0.08, 0.44), (0.22, 0.42), (0.30, 0.34)], closed=False, steps=6
    )
    b.flat((0.72, 0.18, 0.14), *[oval(x, y, 0.010, 0.010) for x, y in way[::2]])
    b.flat((0.72, 0.18, 0.14), stroke([(0.28, 0.29), (0.36, 0.37)], 0.022), stroke([(0.28, 0.37), (0.36, 0.29)], 0.022))
    for turn in range(8):
        angle, far = turn * np.pi / 4, 0.085 if turn % 2 == 0 else 0.05
        tip = (0.50 + far * np.cos(angle), 0.20 + far * np.sin(angle))
        sides = [(0.50 + 0.016 * np.cos(angle + s), 0.20 + 0.016 * np.sin(angle + s)) for s in (1.2, -1.2)]
        b.flat(ink if turn % 2 == 0 else (0.72, 0.18, 0.14), [tip, sides[0], sides[1]])


def diagram(b: Brush, colour: Colour | None) -> None:
    """A flow chart: boxes, a decision, and arrows between them."""
    main = colour or (0.26, 0.48, 0.80)
    b.part(_PAPER, soft_box(-0.68, 0.0, 0.68, 1.0, 0.04), round_=False, form=0.1)
    down: Points = [(0, 0.86), (0, 0.62)]
    branches: list[list[tuple[float, float]]] = [
        [(0.16, 0.53), (0.42, 0.53), (0.42, 0.30)],
        [(0.42, 0.20), (0.42, 0.12), (0.16, 0.12)],
    ]
    for line in (down, *branches, *([(-x, y) for x, y in branch] for branch in branches)):
        b.flat(INK, stroke(line, 0.012))
        (x0, y0), (x1, y1) = line[-2:]
        length = float(np.hypot(x1 - x0, y1 - y0))
        dx, dy = (x1 - x0) / length, (y1 - y0) / length
        b.flat(
            INK,
            [
                (x1, y1),
                (x1 - dx * 0.05 - dy * 0.025, y1 - dy * 0.05 + dx * 0.025),
                (x1 - dx * 0.05 + dy * 0.025, y1 - dy * 0.05 - dx * 0.025),
            ],
        )
    for x, y, tint in (
        (0, 0.87, main),
        (0.42, 0.25, (0.36, 0.68, 0.46)),
        (-0.42, 0.25, (0.90, 0.56, 0.28)),
        (0, 0.12, times(main, 0.75)),
    ):
        b.part(tint, soft_box(x - 0.18, y - 0.065, x + 0.18, y + 0.065, 0.03), round_=False, form=0.25)
        b.flat(
            _PAPER,
            soft_box(x - 0.12, y + 0.008, x + 0.12, y + 0.026, 0.008),
            soft_box(x - 0.08, y - 0.03, x + 0.08, y - 0.012, 0.008),
        )
    b.part((0.96, 0.80, 0.36), [(0, 0.64), (0.19, 0.53), (0, 0.42), (-0.19, 0.53)], round_=False, form=0.25)
    b.flat(INK, soft_box(-0.08, 0.522, 0.08, 0.540, 0.008))


def card(b: Brush, colour: Colour | None) -> None:
    """A greeting card that stands open, with bunting, balloons and a heart."""
    front = colour or (0.99, 0.90, 0.82)
    b.shadow(0.50)
    b.part(times(front, 0.82), [(0.40, 0.0), (0.62, 0.08), (0.62, 0.98), (0.40, 0.98)], round_=False, form=0.3)
    b.part(front, box(-0.46, 0.0, 0.42, 0.98), round_=False, form=0.15)
    string = curve([(-0.46, 0.90), (-0.24, 0.80), (0.0, 0.84), (0.2, 0.79), (0.42, 0.90)], closed=False)
    b.flat(INK, stroke(string, 0.008))
    tints: tuple[Colour, ...] = ((0.90, 0.34, 0.36), (0.98, 0.76, 0.30), (0.34, 0.62, 0.82), (0.52, 0.76, 0.46))
    for number, (x, y) in enumerate(string[2::5]):
        b.flat(tints[number % 4], [(x - 0.036, y), (x + 0.036, y), (x, y - 0.085)])
    for x, y, tint in ((-0.24, 0.52, tints[0]), (0.0, 0.60, tints[1]), (0.22, 0.50, tints[2])):
        b.flat(INK, stroke(curve([(x, y - 0.11), (x * 0.6 + 0.02, 0.30), (-0.01, 0.14)], closed=False), 0.006))
        b.part(tint, oval(x, y, 0.095, 0.118), round_=False, form=0.6)
        b.flat((1, 1, 1), oval(x - 0.03, y + 0.04, 0.018, 0.030), strength=0.65)
    heart = [
        (-0.01, 0.03),
        (0.085, 0.115),
        (0.07, 0.185),
        (0.02, 0.185),
        (-0.01, 0.15),
        (-0.04, 0.185),
        (-0.09, 0.185),
        (-0.105, 0.115),
    ]
    b.part((0.86, 0.22, 0.30), heart, form=0.4)
    for _ in range(26):
        x, y = float(b.rng.uniform(-0.42, 0.38)), float(b.rng.uniform(0.05, 0.94))
        b.flat(tints[int(b.rng.integers(4))], oval(x, y, 0.011, 0.006, x * 9), strength=0.8)


def flag(b: Brush, colour: Colour | None) -> None:
    """A flag of three stripes that waves at its pole; a colour of the prompt is the first stripe's."""
    first = colour or (0.82, 0.20, 0.22)
    b.shadow(0.10)
    b.part((0.62, 0.64, 0.68), box(-0.012, 0.0, 0.012, 0.99), round_=False, form=0.3)
    b.part((0.93, 0.76, 0.32), oval(0, 1.0, 0.026, 0.026), round_=False, form=0.4)
    x = np.linspace(0.012, 0.74, 30)
    wave = 0.035 * np.sin(x * 9) * (x / 0.74)
    for top, tint in ((0.96, first), (0.81, (0.97, 0.96, 0.94)), (0.66, (0.18, 0.34, 0.64))):
        upper = list(zip(x.tolist(), (top + wave).tolist(), strict=True))
        lower = list(zip(x.tolist(), (top - 0.15 + wave).tolist(), strict=True))
        b.part(tint, [*upper, *lower[::-1]], round_=False, form=0.5)
    for at in (0.22, 0.56):
        fold = [
            (at + 0.02 * float(np.sin(t * 3)), 0.955 - 0.44 * t + 0.035 * float(np.sin(at * 9)) * at / 0.74)
            for t in (0, 0.5, 1)
        ]
        b.flat((0.08, 0.09, 0.14), stroke(curve(fold, closed=False), 0.05), strength=0.16)


def portrait(b: Brush, colour: Colour | None) -> None:
    """Head and shoulders of a person who looks at us."""
    coat, skin, hair = colour or (0.22, 0.36, 0.52), (0.93, 0.74, 0.60), (0.24, 0.15, 0.11)
    b.part(
        times(hair, 0.8),
        [(-0.24, 0.40), (-0.27, 0.70), (-0.20, 0.93), (0, 1.0), (0.20, 0.93), (0.27, 0.70), (0.24, 0.40)],
        form=0.4,
    )
    b.part(
        coat,
        [
            (-0.56, -0.06),
            (-0.50, 0.16),
            (-0.30, 0.27),
            (-0.09, 0.31),
            (0.09, 0.31),
            (0.30, 0.27),
            (0.50, 0.16),
            (0.56, -0.06),
        ],
    )
    b.part(times(skin, 0.90), [(-0.085, 0.42), (-0.095, 0.30), (0, 0.22), (0.095, 0.30), (0.085, 0.42)], form=0.4)
    b.part(
        _PAPER,
        [(-0.11, 0.32), (0, 0.20), (-0.10, 0.14)],
        [(0.11, 0.32), (0, 0.20), (0.10, 0.14)],
        round_=False,
        form=0.3,
    )
    right = [(0.10, 0.40), (0.175, 0.52), (0.19, 0.70), (0.13, 0.86)]
    b.part(skin, [(0, 0.365), *right, *[(-x, y) for x, y in reversed(right)]], form=0.6)
    fringe = [(-0.22, 0.62), (-0.20, 0.80), (-0.05, 0.79), (0.10, 0.84), (0.19, 0.74), (0.22, 0.62)]
    b.part(hair, [*fringe, (0.24, 0.84), (0.12, 0.98), (-0.10, 0.99), (-0.24, 0.86)], form=0.5)
    big = 1.3 if b.look.anime else 1.0
    for side in (-1, 1):
        b.flat((0.98, 0.98, 0.97), oval(side * 0.078, 0.645, 0.040, 0.021 * big))
        b.flat((0.28, 0.42, 0.36), oval(side * 0.078, 0.645, 0.020 * big**0.5, 0.020 * big))
        b.flat(INK, oval(side * 0.078, 0.645, 0.010, 0.011 * big))
        b.flat((1, 1, 1), oval(side * 0.078 - 0.007, 0.653, 0.005, 0.005), glow=True)
        b.flat(
            times(hair, 0.8),
            stroke(
                curve([(side * 0.035, 0.690), (side * 0.08, 0.708), (side * 0.125, 0.690)], closed=False), 0.013, 0.008
            ),
        )
        b.flat(
            INK,
            stroke(curve([(side * 0.040, 0.655), (side * 0.08, 0.672), (side * 0.120, 0.655)], closed=False), 0.007),
        )
        b.flat((0.94, 0.52, 0.46), oval(side * 0.115, 0.565, 0.040, 0.024), strength=0.28)
    b.flat(times(skin, 0.78), stroke(curve([(0.012, 0.63), (0.026, 0.56), (-0.004, 0.548)], closed=False), 0.008))
    b.flat((0.76, 0.34, 0.33), stroke(curve([(-0.055, 0.478), (0, 0.462), (0.055, 0.478)], closed=False), 0.016, 0.012))
