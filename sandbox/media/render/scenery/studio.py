"""A wall and a table: where dishes stand and designs lie."""

import numpy as np

from sandbox.media.prompt_words import DESIGNS
from sandbox.media.render.canvas import Canvas, Colour, box, mix, oval, times
from sandbox.media.render.stage import Scene

_TABLE = 0.66  #: height of the table's far edge
_WALLS: tuple[Colour, ...] = ((0.87, 0.84, 0.80), (0.78, 0.84, 0.86), (0.90, 0.82, 0.78), (0.80, 0.85, 0.78))
_WOOD: Colour = (0.66, 0.47, 0.31)


def room(scene: Scene, rng: np.random.Generator) -> None:
    """Paint the wall, and the table unless the subject is drawn on a sheet of its own."""
    canvas, look_ = scene.canvas, scene.look
    wall = look_.lit(_WALLS[int(rng.integers(len(_WALLS)))])
    level = canvas.y + canvas.x * 0
    away = np.hypot(canvas.x / canvas.aspect - 0.42, (canvas.y - 0.36) * 0.9)
    light = np.clip(1.08 - 0.55 * away, 0, 1.1)
    if look_.style == "digital-art":
        light = np.minimum(np.round(light * 7) / 7, 1)
    canvas.rgb[:] = np.asarray(wall, np.float32) * light[..., None].astype(np.float32)
    if DESIGNS.intersection(scene.wanted.subjects) - {"card"}:
        return
    wood = look_.lit(_WOOD)
    near = np.clip((level - _TABLE) / (1 - _TABLE), 0, 1)
    grain = canvas.noise(rng, 2.0, 4, stretch=9) - 0.5 if look_.photo else np.zeros_like(level)
    top = np.asarray(wood, np.float32) * (0.82 + 0.22 * near + grain * 0.16)[..., None].astype(np.float32)
    canvas.blend(top, (level >= _TABLE).astype(np.float32))
    canvas.fill(box(0, _TABLE, canvas.aspect, _TABLE + 0.008), mix(wood, (1, 1, 1), 0.25), 0.8)
    if not look_.photo:
        _shapes(canvas, wall, rng)


def _shapes(canvas: Canvas, wall: Colour, rng: np.random.Generator) -> None:
    """Large quiet circles on the wall."""
    for _ in range(4):
        x, y, radius = float(rng.uniform(0, canvas.aspect)), float(rng.uniform(0, 0.5)), float(rng.uniform(0.06, 0.18))
        low = canvas.mask(oval(x, min(y, _TABLE - radius), radius, radius))
        canvas.put(times(wall, 0.95), low, 0.8)
