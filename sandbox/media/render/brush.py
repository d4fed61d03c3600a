"""Paints the parts of a subject in the picture's style: soft form, flat shapes, or outlined cels."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from sandbox.media.render.canvas import Array, Canvas, Colour, Mask, Points, curve, mix, times
from sandbox.media.render.look import Look

INK: Colour = (0.16, 0.11, 0.14)


@dataclass(frozen=True, slots=True)
class Brush:
    """Paints in a box of its own: x about 0, y from 0 (feet) up to 1 (crown), `size` units tall at (`x`, `y`)."""

    canvas: Canvas
    look: Look
    x: float
    y: float
    size: float
    flip: bool
    rng: np.random.Generator
    fur: float = 0.0  #: how hairy the edge and the surface are

    def place(self, points: Points) -> list[tuple[float, float]]:
        """Return points of the box as points of the picture."""
        side = -1 if self.flip else 1
        return [(self.x + side * px * self.size, self.y - py * self.size) for px, py in points]

    def part(self, colour: Colour, *shapes: Points, round_: bool = True, line: bool = True, form: float = 1.0) -> None:
        """Paint shapes of one material; `round_` draws a curve through their points, `form` is how much they bulge."""
        placed = [self.place(curve(shape) if round_ else shape) for shape in shapes]
        if self.look.anime and line:
            self._outline(placed)
        mask = self.canvas.mask(*placed)
        if mask is None:
            return
        lit = mix(times(self.look.lit(colour), 1.05), colour, 0.22)  # the eye is drawn to it, even at night
        dark = mix(self.look.shaded(colour), lit, 0.30)
        self.canvas.put(self._shading(mask, lit, dark, form), mask)

    def flat(
        self, colour: Colour, *shapes: Points, round_: bool = False, strength: float = 1.0, glow: bool = False
    ) -> None:
        """Paint shapes without form: markings, eyes, windows; with `glow` the hour does not darken them."""
        placed = [self.place(curve(shape) if round_ else shape) for shape in shapes]
        self.canvas.put(
            colour if glow else mix(self.look.lit(colour), colour, 0.22), self.canvas.mask(*placed), strength
        )

    def shadow(self, wide: float, strength: float = 0.34) -> None:
        """Lay the soft shadow it throws on the ground."""
        t = np.linspace(0, 2 * np.pi, 48, endpoint=False)
        shape = [(float(a), float(b)) for a, b in zip(np.cos(t) * wide + 0.05, np.sin(t) * wide * 0.16, strict=True)]
        self.canvas.put(
            self.look.shaded((0.20, 0.22, 0.32)),
            self.canvas.mask(self.place(shape), blur=0.022 * self.size if self.look.photo else 0.0),
            strength,
        )

    def _outline(self, placed: list[list[tuple[float, float]]]) -> None:
        width = max(self.size * 0.012, 0.0022)
        image = self.canvas.mask(*placed, blur=width)
        if image is not None:
            self.canvas.put(
                times(INK, 0.9), Mask(image.x, image.y, np.clip(image.alpha * 9 - 0.25, 0, 1).astype(np.float32))
            )

    def _shading(self, mask: Mask, lit: Colour, dark: Colour, form: float) -> Array:
        reach = max(self.size * self.canvas.height * 0.075 * form, 0.5)
        side = 1 if self.flip else -1
        moved = np.zeros_like(mask.alpha)
        if self.look.photo:
            small = Image.fromarray((mask.alpha * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(reach))
            soft = np.asarray(small, np.float32) / 255
            slope_y, slope_x = np.gradient(soft) if min(soft.shape) > 1 else (soft * 0, soft * 0)
            light = 0.62 + (slope_y * 0.8 + slope_x * 0.55) * reach * 2.3 * form
            grain = self.rng.random(mask.alpha.shape, dtype=np.float32)
            if self.fur and min(grain.shape) > 2:  # noqa: PLR2004 - nothing to comb
                hairs = (
                    Image.fromarray(grain)
                    .resize((grain.shape[1], max(grain.shape[0] // 5, 1)))
                    .resize(grain.shape[::-1], Image.Resampling.BICUBIC)
                )
                light = light + (np.asarray(hairs) - 0.5) * self.fur
            light = np.clip(light + (grain - 0.5) * 0.05, 0, 1)
        else:
            dx, dy = round(reach * 0.8) * side, round(reach * 0.7)
            height, width = mask.alpha.shape
            dy, dx = min(dy, height), max(min(dx, width), -width)
            if dx < 0:  # what the shape covers when it is moved down and aside stays in its own shade
                moved[: height - dy, -dx:] = mask.alpha[dy:, : width + dx]
            else:
                moved[: height - dy, : width - dx] = mask.alpha[dy:, dx:]
            light = np.clip(moved * 1.4 - 0.2, 0, 1)
        a, b = np.asarray(dark, np.float32), np.asarray(lit, np.float32)
        return np.asarray(a + (b - a) * light[..., None], np.float32)
