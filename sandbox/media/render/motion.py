"""The scene in motion: planes slide past one another, waves roll, clouds drift, snow and rain fall."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from sandbox.media import prompt_words
from sandbox.media.render.canvas import Array, mix
from sandbox.media.render.scene import paint
from sandbox.media.render.scenery.water import reflect
from sandbox.media.render.stage import Scene

_MARGIN = 0.12  #: how much wider than the frame the planes are, for the camera to pan
_WORK = 1024 * 576  #: pixels painted at most; larger films are enlarged
_ROWS = 16  #: rows of a plane that are laid at once: as many as fit into a processor's cache
_BOBBING = {
    "boat": (0.006, 2.2),
    "balloon": (0.014, 3.7),
    "bird": (0.022, 1.6),
    "fish": (0.016, 2.4),
    "rocket": (0.008, 0.9),
}
_SWAYING = {"grass": (0.0022, 2.6), "flowers": (0.0030, 3.1), "aurora": (0.012, 7.0)}
_TAU = 2 * np.pi


def fitted(width: int, height: int, most: int) -> tuple[int, int]:
    """Return an even size of the same shape with at most about `most` pixels."""
    share = min((most / (width * height)) ** 0.5, 1.0)
    return max(round(width * share / 2) * 2, 2), max(round(height * share / 2) * 2, 2)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """One plane, cut to the rows and columns that it covers."""

    name: str
    depth: float
    top: int
    left: int
    paint: Array  #: (4, rows, columns), colour multiplied by alpha; numpy is fastest with each channel by itself


def film(prompt: str, style: str, width: int, height: int, count: int, fps: int) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield `count` frames of `prompt` in motion, painted at up to 1024 × 576 pixels or the like."""
    width, height = fitted(width, height, _WORK)
    scene = paint(prompt, width=round(width * (1 + _MARGIN)), height=height, style=style, index=0, split=True)
    sheets = _sheets(scene)
    rng = np.random.default_rng(prompt_words.seed("film", prompt))
    weather = _Weather(scene, width, height, rng)
    pan = 1.0 if rng.random() < 0.5 else -1.0  # noqa: PLR2004 - to the left or to the right
    margin = scene.canvas.width - width
    for number in range(count):
        seconds, done = number / fps, number / max(count - 1, 1)
        camera = pan * (done - 0.5)
        layers = np.zeros((3, height, width), np.float32)
        frame = layers.transpose(1, 2, 0)
        for sheet in sheets:
            if sheet.name == "water":
                _water(scene, frame, margin, seconds)
            else:
                _lay(layers, sheet, margin, camera, seconds)
        weather.fall(frame, seconds)
        yield (np.clip(frame, 0, 1) * 255 + 0.5).astype(np.uint8, order="C")


def _sheets(scene: Scene) -> list[_Sheet]:
    out = []
    for plane in scene.canvas.planes:
        if plane.name == "water":
            out.append(_Sheet(plane.name, 0, 0, 0, np.zeros((4, 0, 0), np.float32)))
            continue
        alpha = np.ones_like(plane.rgb[..., 0]) if plane.alpha is None else plane.alpha
        rows, columns = (np.flatnonzero(alpha.max(axis) > 0) for axis in (1, 0))
        if not rows.size:
            continue
        top, left = int(rows[0]), max(int(columns[0]) - 1, 0)  # with an empty column on each side, to slide into
        part = np.s_[top : int(rows[-1]) + 1, left : int(columns[-1]) + 2]
        channels = np.concatenate([plane.rgb[part], alpha[part][..., None]], axis=2).transpose(2, 0, 1)
        out.append(_Sheet(plane.name, plane.depth, top, left, np.ascontiguousarray(channels)))
    scene.canvas.planes.clear()
    return out


def _lay(frame: Array, sheet: _Sheet, margin: int, camera: float, seconds: float) -> None:
    """Lay a sheet over the frame (3, height, width)."""
    height, width = frame.shape[1:]
    across, down, strength = margin * (0.5 + camera * 0.75 * sheet.depth), 0.0, 1.0
    if sheet.name == "clouds":
        across += min(seconds * height * 0.0045, margin * 0.3)
    elif sheet.name.startswith("stars"):
        strength = 0.72 + 0.28 * np.sin(seconds * 2.4 + (np.pi if sheet.name.endswith("b") else 0))
    elif sway := _SWAYING.get(sheet.name):
        across += sway[0] * height * np.sin(_TAU * seconds / sway[1])
        strength = 1 if sheet.name != "aurora" else 0.85 + 0.15 * np.sin(_TAU * seconds / 3.3)
    elif bob := _BOBBING.get(sheet.name.removeprefix("subject ")):
        down = bob[0] * height * np.sin(_TAU * seconds / bob[1])
    across = float(np.clip(across, 0, margin - 1.001)) if margin > 1 else 0.0
    part = np.float32(across % 1)
    top = sheet.top + int(np.floor(down))
    lower = np.float32(down % 1)
    paint_ = sheet.paint
    if lower:
        paint_ = np.pad(paint_, ((0, 0), (1, 1), (0, 0)))
        paint_ = paint_[:, 1:] * (1 - lower) + paint_[:, :-1] * lower
    left = sheet.left - int(across)
    rows, columns = paint_.shape[1], paint_.shape[2] - bool(part)
    last, start, end = min(top + rows, height), max(left, 0), min(left + columns, width)
    for first in range(max(top, 0), last if start < end else 0, _ROWS):
        until = min(first + _ROWS, last)
        taken = paint_[:, first - top : until - top]
        near = taken[..., start - left : end - left]
        if part:
            near = near * (1 - part)
            near += taken[..., start - left + 1 : end - left + 1] * part
        if strength != 1:
            near = near * np.float32(strength)
        under = frame[:, first:until, start:end]
        if sheet.name == "sky":
            under[:] = near[:3]
        else:
            under *= 1 - near[3]
            under += near[:3]


def _water(scene: Scene, frame: Array, margin: int, seconds: float) -> None:
    height = frame.shape[0]
    first = round(scene.horizon * height)
    sun = (scene.sun[0] - margin / 2 / height, scene.sun[1])
    above = np.clip(frame, 0, 1, order="C")
    frame[first:] = reflect(above, scene.look, scene.horizon, calm=scene.calm, sun=sun, at=seconds, tint=scene.tint)


class _Weather:
    """Falling or drifting weather in front of everything."""

    def __init__(self, scene: Scene, width: int, height: int, rng: np.random.Generator) -> None:
        self._size = width, height
        elements = scene.wanted.elements
        self._rain, self._snow = "rain" in elements, "snow" in elements and "rain" not in elements
        count = int((520 if self._rain else 420) * width / height)
        self._x, self._y, self._near = rng.random(count), rng.random(count), 0.25 + 0.75 * rng.random(count) ** 2
        self._light = np.asarray(mix(scene.look.haze, (1, 1, 1), 0.55 if self._rain else 0.92), np.float32)
        self._fog: Array | None = None
        if "fog" in elements:
            wide = scene.canvas.noise(rng, 1.6, 4, stretch=3)
            level = np.clip(1.15 - np.abs(scene.canvas.y - scene.horizon) * 1.6, 0.15, 1)
            self._fog = np.asarray(np.clip(wide * level * 1.1, 0, 0.85)[..., None], np.float32)
        self._flash = rng.uniform(0.5, 9.5, 6) if "lightning" in elements else np.zeros(0)
        self._haze = np.asarray(mix(scene.look.haze, (1, 1, 1), 0.1), np.float32)

    def fall(self, frame: Array, seconds: float) -> None:
        """Lay this moment's weather over the frame."""
        width = self._size[0]
        if self._fog is not None:
            room = self._fog.shape[1] - width
            left = int((0.5 + 0.5 * np.sin(seconds * 0.12)) * room)
            veil = self._fog[:, left : left + width]
            frame += (self._haze - frame) * veil
        if self._rain or self._snow:
            frame += (self._light - frame) * self._drops(seconds)[..., None]
        for at in self._flash.tolist():
            age = seconds % 10 - at
            if 0 <= age < 0.4:  # noqa: PLR2004 - seconds a flash is seen
                frame += np.float32(0.22 * np.exp(-age * 9))

    def _drops(self, seconds: float) -> Array:
        width, height = self._size
        image = Image.new("L", (width, height))
        draw = ImageDraw.Draw(image)
        if self._rain:
            y = (self._y + seconds * (0.9 + self._near)) % 1.1 - 0.1
            x = (self._x - y * 0.1) % 1
            for px, py, near in zip((x * width).tolist(), (y * height).tolist(), self._near.tolist(), strict=True):
                long = near * height * 0.075
                draw.line(
                    (px, py, px - long * 0.18, py + long),
                    fill=int(40 + 50 * near),
                    width=max(round(near * height / 420), 1),
                )
        else:
            y = (self._y + seconds * (0.05 + 0.13 * self._near)) % 1.05 - 0.02
            x = (self._x + 0.012 * np.sin(seconds * 1.3 + self._x * 40) + seconds * 0.012 * self._near) % 1
            for px, py, near in zip((x * width).tolist(), (y * height).tolist(), self._near.tolist(), strict=True):
                size = near**1.5 * height * 0.0062 + 0.6
                draw.ellipse((px - size, py - size, px + size, py + size), fill=int(120 + 110 * near))
        return np.asarray(np.asarray(image) / np.float32(255), np.float32)
