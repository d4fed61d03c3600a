"""Water: the picture above it, upside down, broken by waves."""

import numpy as np

from sandbox.media.render.canvas import Array, Colour, mix
from sandbox.media.render.look import Look


def reflect(
    above: Array,
    look: Look,
    horizon: float,
    *,
    calm: bool,
    sun: tuple[float, float],
    at: float = 0.0,
    tint: Colour | None = None,
) -> Array:
    """Return the rows from `horizon` (units) down of a picture whose upper part is `above`, at `at` seconds.

    `above` has values from 0 to 1; the waves grow towards the viewer; the sun or moon leaves its path of glints.
    """
    height, width = above.shape[:2]
    first = round(horizon * height)
    rows = np.arange(first, height, dtype=np.float32)[:, None]
    x = np.arange(width, dtype=np.float32)[None, :] / height
    near = (rows - first) / max(height - first, 1)
    far = 1 / (near + 0.045)
    strength = 0.30 if calm else 1.0
    t = at * 1.6
    deep_x = x * (1.5 + 9 / (0.35 + near))  # waves are as wide as they are tall, in perspective
    wave = np.sin(far * 4.3 + deep_x * 0.7 + t) + 0.7 * np.sin(far * 7.9 - deep_x * 1.1 - t * 1.3)
    row = (far * 2.6 + near * 30) * 2.2
    fine = np.sin(row + 1.9 * np.sin(deep_x * 0.9 + t * 0.6) + t * 1.9) * np.sin(deep_x * 2.3 - row * 0.7 - t * 1.2)
    fine = fine + 0.6 * np.sin(row * 2.1 - deep_x * 1.7 + t * 2.7)
    chop = wave * 0.45 + fine * 0.75
    source = (2 * first - rows) * (1 if calm else 0.96) + chop * strength * height * (0.006 + 0.035 * near)
    take_y = np.clip(source, 0, max(first - 1, 0)).astype(np.int32)
    take_x = np.clip(np.arange(width)[None, :] + (fine * strength * height * 0.006).astype(np.int32), 0, width - 1)
    mirror = above[take_y, take_x]
    deep = np.asarray(
        mix(look.shaded(tint or ((0.16, 0.42, 0.55) if calm else (0.10, 0.40, 0.56))), look.sky[0][1], 0.35), np.float32
    )
    sink = np.clip((0.14 if calm else 0.24) + 0.42 * near + 0.05 * chop * strength, 0, 0.9)[..., None]
    sink = sink * (1 - 0.55 * mirror.mean(axis=2, keepdims=True))  # lights shine through
    out = mirror + (deep - mirror) * sink
    crest = np.clip(chop * 0.5 - (0.75 if calm else 0.45), 0, 1) * (0.25 + 0.75 * near)
    if not look.photo:
        crest = np.clip((crest - 0.12) * 9, 0, 1) * 0.5
    out = out + (np.asarray(look.sky[-1][1], np.float32) - out) * (crest * 0.55)[..., None]
    spread = 0.035 + near * (0.16 if calm else 0.24)
    path = np.exp(-((x - sun[0]) ** 2) / spread**2) * np.clip(chop * 0.9 + 0.15 + 0.5 * (1 - near) ** 3, 0, 1.3) ** 2
    if not look.photo:
        path = np.clip((path - 0.3) * 6, 0, 1)
    out = out + (np.asarray(look.sun, np.float32) - out) * np.clip(path * (0.15 if look.wet else 0.75), 0, 1)[..., None]
    return np.asarray(np.clip(out, 0, 1), np.float32)
