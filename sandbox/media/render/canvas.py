"""A picture being painted: soft-edged shapes laid over one another in units of the picture's height."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Array = npt.NDArray[np.float32]
Colour = tuple[float, float, float]  #: red, green, blue from 0 to 1
Points = Sequence[tuple[float, float]]
_FINE = 2  #: shapes are drawn this many times larger, then averaged, so that their edges are smooth


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """Return `a` moved towards `b` by `share` (0 to 1)."""
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share)


def times(a: Colour, b: Colour | float) -> Colour:
    """Return `a` under the light `b`."""
    r, g, bl = (b, b, b) if isinstance(b, float | int) else b
    return (min(a[0] * r, 1.0), min(a[1] * g, 1.0), min(a[2] * bl, 1.0))


def smooth(low: float, high: float, value: Array) -> Array:
    """Return 0 below `low`, 1 above `high`, and an S between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def curve(points: Points, *, closed: bool = True, steps: int = 10) -> list[tuple[float, float]]:
    """Return a round line through `points` (Catmull-Rom)."""
    p = np.asarray(points, float)
    if closed:
        a, b, c, d = np.roll(p, 1, 0), p, np.roll(p, -1, 0), np.roll(p, -2, 0)
    else:
        padded = np.vstack([p[:1], p, p[-1:]])
        a, b, c, d = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    a, b, c, d = (q[:, None, :] for q in (a, b, c, d))
    line = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    out = line.reshape(-1, 2)
    if not closed:
        out = np.vstack([out, p[-1:]])
    return [(float(x), float(y)) for x, y in out]


@cache
def _circle() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    t = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    return np.cos(t), np.sin(t)


def oval(x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> list[tuple[float, float]]:
    """Return an ellipse about (x, y), turned by `turn` radians."""
    unit_x, unit_y = _circle()
    px, py = unit_x * rx, unit_y * ry
    return list(
        zip(
            (x + px * np.cos(turn) - py * np.sin(turn)).tolist(),
            (y + px * np.sin(turn) + py * np.cos(turn)).tolist(),
            strict=True,
        )
    )


def box(left: float, top: float, right: float, bottom: float) -> list[tuple[float, float]]:
    """Return a rectangle."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def stroke(points: Points, width: float, end: float | None = None) -> list[tuple[float, float]]:
    """Return the outline of a line as wide as `width` at its start and `end` at its end."""
    p = np.asarray(points, float)
    way = np.gradient(p, axis=0)
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
    side = np.stack([-way[:, 1], way[:, 0]], 1) * np.linspace(width, width if end is None else end, len(p))[:, None] / 2
    return [(float(x), float(y)) for x, y in np.vstack([p + side, (p - side)[::-1]])]


@dataclass(frozen=True, slots=True)
class Mask:
    """The share of each pixel that a shape covers, in the part of the picture where it is."""

    x: int
    y: int
    alpha: Array


@dataclass(slots=True)
class Plane:
    """Paint on glass: what lies at one distance. A picture has one, a film one for every distance."""

    name: str
    depth: float  #: 0 does not move with the camera, 1 moves with the subject
    rgb: Array  #: multiplied by alpha already
    alpha: Array | None  #: None: nothing shines through


@dataclass(slots=True)
class Canvas:
    """The picture: `width` × `height` pixels, `aspect` × 1 units, y downwards."""

    width: int
    height: int
    split: bool = False  #: keep planes apart, for a film
    planes: list[Plane] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.planes = [Plane("sky", 0.0, np.zeros((self.height, self.width, 3), np.float32), None)]

    @property
    def aspect(self) -> float:
        """Width in units of the height."""
        return self.width / self.height

    @property
    def x(self) -> Array:
        """The units of every column, (1, width)."""
        return np.asarray((np.arange(self.width) + 0.5) / self.height, np.float32)[None, :]

    @property
    def y(self) -> Array:
        """The units of every row, (height, 1)."""
        return np.asarray((np.arange(self.height) + 0.5) / self.height, np.float32)[:, None]

    @property
    def rgb(self) -> Array:
        """The pixels of the plane being painted."""
        return self.planes[-1].rgb

    def plane(self, name: str, depth: float) -> None:
        """Paint from here on at another distance."""
        if self.split:
            shape = (self.height, self.width)
            self.planes.append(Plane(name, depth, np.zeros((*shape, 3), np.float32), np.zeros(shape, np.float32)))

    def noise(
        self,
        rng: np.random.Generator,
        cells: float,
        octaves: int = 5,
        *,
        stretch: float = 1.0,
        top: float = 0,
        bottom: float = 1,
    ) -> Array:
        """Return cloudy noise from about 0 to 1 (mean 0.5), `cells` lumps per unit of height, from `top` to `bottom`.

        It is the same at every size of the picture. `stretch` above 1 makes lumps lie flat.
        """
        first, last = self.rows(top, bottom)
        out = np.zeros((last - first, self.width), np.float32)
        weight, total = 1.0, 0.0
        for octave in range(octaves):
            scale = cells * 2**octave
            across, down = max(int(scale * self.aspect / stretch), 1) + 3, max(int(scale * (bottom - top)), 1) + 3
            lattice = Image.fromarray(rng.random((down, across), dtype=np.float32))
            part = (1, 1, 1 + max(scale * self.aspect / stretch, 0.5), 1 + max(scale * (bottom - top), 0.5))
            if scale < self.height:
                grain = lattice.resize((self.width, last - first), Image.Resampling.BICUBIC, box=part)
                out += weight * np.asarray(grain)
            else:
                out += weight * 0.5
            total += weight
            weight *= 0.5
        return out / total

    def rows(self, top: float, bottom: float) -> tuple[int, int]:
        """Return the first row and the one after the last between two heights."""
        return max(round(top * self.height), 0), min(round(bottom * self.height), self.height)

    def mask(self, *shapes: Points, blur: float = 0.0) -> Mask | None:
        """Return the union of polygons, its edge softened by `blur` units; None where none of it is in the picture."""
        points = np.concatenate([np.asarray(shape, float) for shape in shapes]) * self.height
        edge = blur * self.height * 3 + 2
        left, top = (int(max(v, 0)) for v in points.min(0) - edge)
        right, bottom = (
            int(min(v, limit)) for v, limit in zip(points.max(0) + edge, (self.width, self.height), strict=True)
        )
        if right <= left or bottom <= top:
            return None
        image = Image.new("L", ((right - left) * _FINE, (bottom - top) * _FINE))
        draw = ImageDraw.Draw(image)
        for shape in shapes:
            draw.polygon(
                [((x * self.height - left) * _FINE, (y * self.height - top) * _FINE) for x, y in shape], fill=255
            )
        image = image.reduce(_FINE)
        if blur:
            image = image.filter(ImageFilter.GaussianBlur(blur * self.height))
        return Mask(left, top, np.asarray(np.asarray(image) / np.float32(255), np.float32))

    def put(self, paint: Colour | Array, mask: Mask | None, strength: float = 1.0) -> None:
        """Lay `paint` (one colour, or a pixel array of the mask's size) over the picture where `mask` is."""
        if mask is not None:
            self.blend(paint, mask.alpha if strength == 1.0 else mask.alpha * strength, mask.x, mask.y)

    def blend(self, paint: Colour | Array, alpha: Array, x: int = 0, y: int = 0) -> None:
        """Lay `paint` over the picture, `alpha` of it, from pixel (x, y) on."""
        plane = self.planes[-1]
        height, width = alpha.shape
        part = plane.rgb[y : y + height, x : x + width]
        part += (np.asarray(paint, np.float32) - part) * alpha[..., None]
        if plane.alpha is not None:
            cover = plane.alpha[y : y + height, x : x + width]
            cover += (1 - cover) * alpha

    def add(self, light: Colour, amount: Array, x: int = 0, y: int = 0) -> None:
        """Add light, as a glow does; on a plane that shines through it covers a little too."""
        plane = self.planes[-1]
        height, width = amount.shape
        part = plane.rgb[y : y + height, x : x + width]
        part += (1 - np.minimum(part, 1)) * (amount[..., None] * np.asarray(light, np.float32))
        if plane.alpha is not None:
            cover = plane.alpha[y : y + height, x : x + width]
            cover += (1 - cover) * np.clip(amount * max(light), 0, 1)

    def fill(self, shape: Points, colour: Colour, strength: float = 1.0, blur: float = 0.0) -> None:
        """Lay one polygon of one colour."""
        self.put(colour, self.mask(shape, blur=blur), strength)

    def glow(self, x: float, y: float, radius: float, light: Colour, strength: float = 1.0) -> None:
        """Add a round glow that fades out within `radius` units."""
        left, right = max(int((x - radius) * self.height), 0), min(int((x + radius) * self.height) + 1, self.width)
        first, last = self.rows(y - radius, y + radius)
        if left >= right or first >= last:
            return
        away = np.sqrt((self.x[:, left:right] - x) ** 2 + (self.y[first:last] - y) ** 2) / radius
        self.add(light, (np.clip(1 - away, 0, 1) ** 2.2 * strength).astype(np.float32), left, first)


def ridge(rng: np.random.Generator, x: Array, cells: float, octaves: int = 5, rough: float = 0.5) -> Array:
    """Return heights from about -1 to 1 along `x` (units): the same hills at every size."""
    out = np.zeros(x.size)
    for octave in range(octaves):
        scale = cells * 2**octave
        lattice = rng.uniform(-1, 1, int(scale * 4) + 8)
        at = np.clip(x.ravel() * scale + 1, 0, lattice.size - 2)
        base = at.astype(int)
        t = at - base
        t = t * t * (3 - 2 * t)
        out += rough**octave * (lattice[base] * (1 - t) + lattice[base + 1] * t)
    return np.asarray(out, np.float32)
