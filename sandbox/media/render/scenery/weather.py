"""Falling weather and fog in front of everything, and the finish of the image."""

import numpy as np

from sandbox.media.render.canvas import mix, oval
from sandbox.media.render.stage import Scene


def weather(scene: Scene, rng: np.random.Generator) -> None:
    """Lay fog, rain and snow over a still picture."""
    canvas, wanted = scene.canvas, scene.wanted
    if "fog" in wanted.elements:
        veil = (
            canvas.noise(rng, 1.6, 5, stretch=3) * 0.9 * np.clip(1.15 - np.abs(canvas.y - scene.horizon) * 1.6, 0.15, 1)
        )
        canvas.blend(mix(scene.look.haze, (1, 1, 1), 0.1), np.asarray(np.clip(veil * 1.25, 0, 0.85), np.float32))
    if "rain" in wanted.elements:
        for speed, strength in ((0.035, 0.16), (0.07, 0.26)):
            xs, ys = (
                rng.random(int(330 * canvas.aspect)) * (canvas.aspect + 0.2) - 0.1,
                rng.random(int(330 * canvas.aspect)) * 1.1 - 0.05,
            )
            wide = 0.0011 + speed * 0.012
            drops = [
                [(x, y), (x + wide, y), (x - speed * 0.18 + wide, y + speed), (x - speed * 0.18, y + speed)]
                for x, y in zip(xs.tolist(), ys.tolist(), strict=True)
            ]
            canvas.put(mix(scene.look.haze, (1, 1, 1), 0.55), canvas.mask(*drops), strength)
    if "snow" in wanted.elements:
        for size, count in ((0.0022, 320), (0.0042, 150), (0.0085, 34)):
            flakes = [
                oval(float(x), float(y), size, size)[::6]
                for x, y in zip(
                    rng.random(int(count * canvas.aspect)) * canvas.aspect,
                    rng.random(int(count * canvas.aspect)),
                    strict=True,
                )
            ]
            canvas.put((0.98, 0.99, 1.0), canvas.mask(*flakes, blur=size * 0.35), 0.85 if not scene.look.dark else 0.62)


def finish(scene: Scene, rng: np.random.Generator) -> None:
    """Develop the picture: a little contrast, vignette and grain."""
    canvas = scene.canvas
    if scene.look.photo:
        away = ((canvas.x / canvas.aspect - 0.5) ** 2 + (canvas.y - 0.5) ** 2) * 2
        canvas.rgb[:] *= (1 - 0.26 * away**1.4)[..., None].astype(np.float32)
        grain = rng.standard_normal((canvas.height, canvas.width), dtype=np.float32) * 0.012
        canvas.rgb[:] += grain[..., None]
    else:  # less than one step of eight bits: no bands in smooth skies
        canvas.rgb[:] += rng.uniform(-0.002, 0.002, (canvas.height, canvas.width, 1)).astype(np.float32)
