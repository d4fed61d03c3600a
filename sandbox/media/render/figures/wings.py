"""Animals that don't sit: one that flies, one that swims."""

from sandbox.media.render.brush import INK, Brush
from sandbox.media.render.canvas import Colour, mix, oval, times
from sandbox.media.render.figures.animals import WHITE


def bird(b: Brush, colour: Colour | None) -> None:
    """A bird on the wing."""
    coat = colour or (0.93, 0.94, 0.96)
    dark = times(coat, 0.55)
    far_wing = [(-0.06, 0.52), (-0.02, 0.78), (0.16, 1.0), (0.24, 1.06), (0.20, 0.80), (0.14, 0.54)]
    b.part(times(coat, 0.8), far_wing)
    b.part(
        coat,
        [
            (-0.42, 0.46),
            (-0.30, 0.54),
            (-0.05, 0.58),
            (0.18, 0.57),
            (0.30, 0.60),
            (0.385, 0.58),
            (0.40, 0.51),
            (0.30, 0.44),
            (0.10, 0.38),
            (-0.14, 0.40),
        ],
    )
    b.part(dark, [(-0.30, 0.50), (-0.55, 0.56), (-0.60, 0.47), (-0.52, 0.41), (-0.28, 0.44)], round_=False)
    b.part(
        coat, [(0.14, 0.54), (0.02, 0.74), (-0.20, 0.94), (-0.46, 1.02), (-0.38, 0.84), (-0.26, 0.66), (-0.12, 0.50)]
    )
    b.flat(dark, [(-0.46, 1.02), (-0.25, 0.95), (-0.30, 0.86), (-0.40, 0.88)], strength=0.9)
    b.part((0.96, 0.66, 0.18), [(0.385, 0.575), (0.50, 0.525), (0.39, 0.52)], round_=False, form=0.2)
    b.flat(INK, oval(0.335, 0.56, 0.018, 0.018))


def fish(b: Brush, colour: Colour | None) -> None:
    """A fish with flowing fins."""
    coat = colour or (0.97, 0.52, 0.16)
    fin = mix(coat, WHITE, 0.25)
    b.part(
        fin, [(-0.30, 0.50), (-0.48, 0.70), (-0.68, 0.80), (-0.62, 0.58), (-0.58, 0.46), (-0.66, 0.22), (-0.46, 0.30)]
    )
    b.part(fin, [(0.18, 0.66), (0.02, 0.86), (-0.18, 0.84), (-0.22, 0.62)])
    b.part(fin, [(0.02, 0.30), (-0.10, 0.12), (-0.22, 0.18), (-0.16, 0.36)])
    b.part(
        coat,
        [
            (0.46, 0.48),
            (0.36, 0.60),
            (0.14, 0.70),
            (-0.12, 0.66),
            (-0.34, 0.53),
            (-0.34, 0.45),
            (-0.12, 0.32),
            (0.14, 0.28),
            (0.36, 0.37),
        ],
    )
    for x, tall in ((0.16, 0.19), (-0.10, 0.14)):
        b.flat(
            WHITE,
            [
                (x - 0.035, 0.49 + tall),
                (x + 0.03, 0.49 + tall),
                (x + 0.05, 0.49),
                (x + 0.03, 0.49 - tall),
                (x - 0.03, 0.49 - tall),
                (x - 0.01, 0.49),
            ],
            round_=True,
            strength=0.85,
        )
    b.part(fin, [(0.10, 0.46), (-0.02, 0.40), (-0.08, 0.30), (0.04, 0.33)], form=0.3)
    b.flat((1, 1, 1), oval(0.325, 0.53, 0.038, 0.038))
    b.flat((0.05, 0.05, 0.07), oval(0.335, 0.53, 0.024, 0.024))
