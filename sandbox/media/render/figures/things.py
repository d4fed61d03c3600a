"""A robot, a person, a tree, a rocket, a car."""

import numpy as np

from sandbox.media.render.brush import Brush
from sandbox.media.render.canvas import Colour, box, curve, mix, oval, stroke, times

STEEL: Colour = (0.66, 0.71, 0.77)
LAMP: Colour = (1.0, 0.84, 0.48)


def soft_box(left: float, bottom: float, right: float, top: float, corner: float) -> list[tuple[float, float]]:
    """Return a rectangle with round corners."""
    out = []
    for x, y, start in (
        (right - corner, top - corner, 0),
        (left + corner, top - corner, 1),
        (left + corner, bottom + corner, 2),
        (right - corner, bottom + corner, 3),
    ):
        turn = (start + np.linspace(0, 1, 8)) * np.pi / 2
        out += list(zip((x + np.cos(turn) * corner).tolist(), (y + np.sin(turn) * corner).tolist(), strict=True))
    return out


def robot(b: Brush, colour: Colour | None, *, watering: bool = False) -> None:
    """A friendly robot; with a can in its hand when it waters."""
    body = colour or STEEL
    joint = (0.32, 0.36, 0.42)
    b.shadow(0.28)
    for side in (-1, 1):
        b.part(joint, box(side * 0.09 - 0.03, 0.05, side * 0.09 + 0.03, 0.24), round_=False, form=0.4)
        b.part(body, soft_box(side * 0.095 - 0.075, -0.01, side * 0.095 + 0.075, 0.075, 0.035), round_=False, form=0.5)
    b.part(
        joint, stroke(curve([(-0.19, 0.50), (-0.29, 0.40), (-0.27, 0.27)], closed=False), 0.055), round_=False, form=0.4
    )
    b.part(body, oval(-0.27, 0.25, 0.05, 0.05), round_=False, form=0.5)
    b.part(body, soft_box(-0.20, 0.19, 0.20, 0.57, 0.07), round_=False)
    b.part(mix(body, (1, 1, 1), 0.45), soft_box(-0.115, 0.29, 0.115, 0.46, 0.03), round_=False, line=False, form=0.3)
    for x, tint in ((-0.06, (0.95, 0.35, 0.30)), (0.0, (0.98, 0.80, 0.28)), (0.06, (0.35, 0.80, 0.48))):
        b.flat(tint, oval(x, 0.415, 0.019, 0.019), glow=True)
    b.flat(joint, soft_box(-0.08, 0.325, 0.08, 0.355, 0.01))
    b.part(joint, box(-0.05, 0.56, 0.05, 0.63), round_=False, form=0.3)
    b.part(body, soft_box(-0.18, 0.61, 0.18, 0.88, 0.08), round_=False)
    for side in (-1, 1):
        b.part(joint, soft_box(side * 0.195 - 0.022, 0.69, side * 0.195 + 0.022, 0.80, 0.015), round_=False, form=0.3)
    b.flat((0.10, 0.14, 0.20), soft_box(-0.14, 0.665, 0.14, 0.835, 0.06))
    for side in (-1, 1):
        b.flat((0.45, 0.95, 1.0), oval(side * 0.062, 0.765, 0.029, 0.034), glow=True)
        b.flat((1, 1, 1), oval(side * 0.062 - 0.009, 0.777, 0.009, 0.009), glow=True)
    b.flat((0.45, 0.95, 1.0), stroke(curve([(-0.04, 0.705), (0, 0.69), (0.04, 0.705)], closed=False), 0.011), glow=True)
    b.part(joint, box(-0.009, 0.87, 0.009, 0.97), round_=False, form=0.2)
    b.part((0.95, 0.36, 0.30), oval(0, 0.98, 0.032, 0.032), round_=False, form=0.4)
    if watering:
        _can(b, joint, body)
    else:
        b.part(
            joint,
            stroke(curve([(0.19, 0.50), (0.31, 0.50), (0.36, 0.63)], closed=False), 0.055),
            round_=False,
            form=0.4,
        )
        b.part(body, oval(0.365, 0.66, 0.05, 0.05), round_=False, form=0.5)


def _can(b: Brush, joint: Colour, body: Colour) -> None:
    tin: Colour = (0.20, 0.58, 0.62)
    b.part(
        tin,
        stroke(curve([(0.37, 0.52), (0.44, 0.56), (0.50, 0.50), (0.47, 0.40)], closed=False), 0.022),
        round_=False,
        form=0.2,
    )
    b.part(tin, stroke([(0.56, 0.36), (0.66, 0.43), (0.74, 0.475)], 0.05, 0.03), round_=False, form=0.2)
    b.part(tin, [(0.72, 0.43), (0.79, 0.44), (0.76, 0.54), (0.72, 0.50)], round_=False, form=0.2)
    b.part(tin, [(0.37, 0.48), (0.58, 0.48), (0.60, 0.27), (0.36, 0.27)], round_=False, form=0.7)
    b.part(
        joint, stroke(curve([(0.19, 0.50), (0.30, 0.44), (0.40, 0.53)], closed=False), 0.055), round_=False, form=0.4
    )
    b.part(body, oval(0.41, 0.54, 0.05, 0.05), round_=False, form=0.5)
    drops = []
    for _ in range(46):
        t, spread = float(b.rng.random()), float(b.rng.normal(0, 0.03))
        drops.append(oval(0.78 + t * 0.24 + spread * t, 0.47 - 0.02 * t - t * t * 0.44, 0.006, 0.013))
    b.flat((0.62, 0.86, 0.98), *drops, strength=0.9, glow=True)


def person(b: Brush, colour: Colour | None) -> None:
    """A person who looks into the landscape, seen from behind, with a scarf in the wind."""
    coat, hair = colour or (0.74, 0.24, 0.22), (0.20, 0.14, 0.12)
    b.shadow(0.20)
    for side in (-1, 1):
        b.part(
            (0.20, 0.23, 0.32),
            [(side * 0.015, 0.40), (side * 0.10, 0.40), (side * 0.085, 0.05), (side * 0.025, 0.05)],
            round_=False,
            form=0.4,
        )
        b.part(
            (0.25, 0.17, 0.13),
            soft_box(side * 0.058 - 0.04, -0.01, side * 0.058 + 0.04, 0.07, 0.02),
            round_=False,
            form=0.3,
        )
        b.part(
            times(coat, 0.9),
            [
                (side * 0.10, 0.75),
                (side * 0.15, 0.72),
                (side * 0.19, 0.52),
                (side * 0.175, 0.38),
                (side * 0.13, 0.38),
                (side * 0.13, 0.55),
            ],
            form=0.4,
        )
    b.part(
        coat,
        [
            (0, 0.80),
            (0.10, 0.78),
            (0.135, 0.66),
            (0.12, 0.50),
            (0.17, 0.27),
            (0, 0.25),
            (-0.17, 0.27),
            (-0.12, 0.50),
            (-0.135, 0.66),
            (-0.10, 0.78),
        ],
        form=0.7,
    )
    b.part((0.93, 0.76, 0.64), box(-0.035, 0.77, 0.035, 0.84), round_=False, line=False, form=0.2)
    b.part(
        hair,
        [
            (0, 1.0),
            (0.085, 0.97),
            (0.108, 0.89),
            (0.10, 0.80),
            (0.06, 0.765),
            (0, 0.76),
            (-0.06, 0.765),
            (-0.10, 0.80),
            (-0.108, 0.89),
            (-0.085, 0.97),
        ],
        form=0.5,
    )
    scarf: Colour = (0.96, 0.86, 0.62)
    b.part(scarf, soft_box(-0.085, 0.755, 0.085, 0.81, 0.025), round_=False, form=0.2)
    b.part(
        scarf,
        stroke(curve([(0.06, 0.78), (0.17, 0.80), (0.26, 0.75), (0.35, 0.79)], closed=False), 0.05, 0.065),
        round_=False,
        form=0.2,
    )


def tree(b: Brush, colour: Colour | None) -> None:
    """An old broad-leaved tree."""
    leaf = colour or (0.30, 0.52, 0.22)
    bark: Colour = (0.36, 0.25, 0.18)
    b.shadow(0.34)
    b.part(
        bark,
        [
            (-0.10, 0.0),
            (-0.045, 0.06),
            (-0.04, 0.30),
            (-0.16, 0.52),
            (-0.13, 0.54),
            (-0.02, 0.40),
            (0.0, 0.62),
            (0.03, 0.62),
            (0.03, 0.40),
            (0.14, 0.55),
            (0.17, 0.53),
            (0.05, 0.30),
            (0.05, 0.06),
            (0.11, 0.0),
        ],
        round_=False,
        form=0.4,
    )
    blobs = [
        (float(np.cos(t) * r), float(0.66 + np.sin(t) * r * 0.82))
        for t, r in zip(b.rng.uniform(0, 6.28, 34), b.rng.uniform(0.03, 0.27, 34) ** 1.0, strict=True)
    ]
    for share, dx, dy, size in (
        (0.55, 0.0, 0.0, 0.115),
        (0.78, -0.02, 0.03, 0.088),
        (1.0, -0.04, 0.055, 0.058),
        (1.22, -0.05, 0.075, 0.030),
    ):
        tone = times(leaf, share)
        clumps = []
        for x, y in blobs:
            bumps = 9
            clumps.append(
                curve(
                    [
                        (
                            x + dx + np.cos(k * 6.283 / bumps) * size * (1 + 0.16 * float(b.rng.normal())),
                            y + dy + np.sin(k * 6.283 / bumps) * size * (0.9 + 0.16 * float(b.rng.normal())),
                        )
                        for k in range(bumps)
                    ],
                    steps=4,
                )
            )
        if share < 0.6 and b.look.anime:  # noqa: PLR2004 - only the outermost clumps are outlined
            b.part(tone, *clumps, round_=False)
        else:
            b.flat(tone, *clumps, strength=0.9)


def rocket(b: Brush, colour: Colour | None) -> None:
    """A rocket on its flame."""
    trim, hull = colour or (0.88, 0.25, 0.22), (0.93, 0.94, 0.96)
    px, py = b.place([(0, 0.06)])[0]
    b.canvas.glow(px, py, b.size * 0.6, (1.0, 0.6, 0.25), 0.6)
    for tint, wide, tall in (
        ((1.0, 0.45, 0.12), 0.10, 0.34),
        ((1.0, 0.75, 0.25), 0.07, 0.24),
        ((1.0, 0.96, 0.8), 0.04, 0.13),
    ):
        b.flat(
            tint,
            [(-wide, 0.16), (-wide * 0.9, 0.06), (0, 0.16 - tall), (wide * 0.9, 0.06), (wide, 0.16)],
            round_=True,
            glow=True,
        )
    for side in (-1, 1):
        b.part(
            trim,
            [(side * 0.12, 0.46), (side * 0.26, 0.26), (side * 0.25, 0.12), (side * 0.11, 0.22)],
            round_=False,
            form=0.4,
        )
    b.part((0.35, 0.37, 0.42), [(-0.075, 0.2), (0.075, 0.2), (0.095, 0.13), (-0.095, 0.13)], round_=False, form=0.3)
    b.part(
        hull,
        [
            (0, 1.0),
            (0.09, 0.86),
            (0.14, 0.66),
            (0.145, 0.42),
            (0.10, 0.19),
            (-0.10, 0.19),
            (-0.145, 0.42),
            (-0.14, 0.66),
            (-0.09, 0.86),
        ],
    )
    b.part(
        trim,
        [(0, 1.01), (0.055, 0.935), (0.098, 0.84), (0, 0.82), (-0.098, 0.84), (-0.055, 0.935)],
        line=False,
        form=0.7,
    )
    b.flat((0.42, 0.46, 0.52), oval(0, 0.65, 0.068, 0.068))
    b.flat((0.36, 0.70, 0.90), oval(0, 0.65, 0.051, 0.051))
    b.flat((0.85, 0.95, 1.0), oval(-0.018, 0.67, 0.016, 0.016))
    b.part(trim, [(-0.02, 0.40), (0.02, 0.40), (0.025, 0.12), (-0.025, 0.12)], round_=False, form=0.3)


def car(b: Brush, colour: Colour | None) -> None:
    """A car from the side."""
    paint = colour or (0.84, 0.22, 0.20)
    b.shadow(0.9, 0.45)
    b.part(
        paint,
        [
            (-0.86, 0.14),
            (-0.90, 0.32),
            (-0.80, 0.44),
            (-0.50, 0.49),
            (-0.30, 0.74),
            (-0.06, 0.80),
            (0.22, 0.78),
            (0.46, 0.51),
            (0.80, 0.44),
            (0.90, 0.34),
            (0.89, 0.14),
        ],
        form=0.8,
    )
    for pane in (
        [(-0.40, 0.50), (-0.25, 0.69), (-0.04, 0.73), (-0.04, 0.50)],
        [(0.01, 0.50), (0.01, 0.73), (0.19, 0.71), (0.36, 0.50)],
    ):
        b.flat((0.55, 0.74, 0.86), pane)
        b.flat((0.85, 0.94, 0.99), [(p[0] * 0.3 + pane[0][0] * 0.7, p[1]) for p in pane], strength=0.35)
    b.flat(times(paint, 0.6), stroke([(-0.02, 0.50), (-0.02, 0.2)], 0.008))
    b.flat((0.25, 0.26, 0.29), box(-0.88, 0.12, 0.88, 0.19))
    b.flat(LAMP, oval(0.855, 0.34, 0.035, 0.03), glow=True)
    b.flat((0.95, 0.2, 0.15), oval(-0.87, 0.34, 0.022, 0.03), glow=True)
    for x in (-0.52, 0.54):
        b.part((0.13, 0.13, 0.15), oval(x, 0.14, 0.165, 0.165), round_=False, form=0.4)
        b.part((0.74, 0.77, 0.80), oval(x, 0.14, 0.095, 0.095), round_=False, line=False, form=0.4)
