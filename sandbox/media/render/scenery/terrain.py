"""Land seen in perspective: a height map walked from near to far, lit from the side, fading into the haze."""

import numpy as np

from sandbox.media.render.canvas import Array, Canvas, Colour, mix, smooth
from sandbox.media.render.look import Look

_SLICES = 420
_WIDE = 0.62  #: less than 1 makes the land wider than it is deep
_MAP = 768  #: height map cells a side


def _heights(rng: np.random.Generator, sharp: float) -> Array:
    """Return a seamless (_MAP, _MAP) height field from 0 to 1: ridged where `sharp` is 1, rolling where it is 0."""
    fx = np.fft.fftfreq(_MAP)[:, None] * _MAP
    fy = np.fft.rfftfreq(_MAP)[None, :] * _MAP
    radius = np.maximum(np.hypot(fx, fy), 1e-6)
    out = np.zeros((_MAP, _MAP))
    for start, weight in ((2.5, 1.0), (5.5, 0.34), (12.0, 0.14), (26.0, 0.055), (56.0, 0.02)):
        band = np.exp(-((np.log2(radius / start)) ** 2) * 1.6)
        part = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((_MAP, _MAP))) * band, (_MAP, _MAP))
        part /= part.std()
        out += weight * ((1 - np.abs(part)) * sharp + part * 0.7 * (1 - sharp))
    out -= out.min()
    return np.asarray((out / out.max()) ** (1.6 if sharp > 0.5 else 1.0), np.float32)  # noqa: PLR2004 - valleys wider than peaks


def terrain(
    canvas: Canvas, look: Look, horizon: float, rng: np.random.Generator, *,
    low: Colour, high: Colour, height: float, near: float, far: float, sharp: float = 1.0, snowline: float = 2.0,
    light: float = -1.0, haze: float = 1.0,
) -> None:  # fmt: skip
    """Lay terrain over the picture down to just below the horizon: `near` and `far` in eye heights, `height` likewise.

    `low` and `high` are the colours of valley and rock; above `snowline` (0 to 1) snow lies where it is not steep;
    `light` is the side the sun is on.
    """
    field = _heights(rng, sharp)
    slope_x, slope_z = np.roll(field, -1, 0) - np.roll(field, 1, 0), np.roll(field, -1, 1) - np.roll(field, 1, 1)
    steep = np.hypot(slope_x, slope_z)
    steep /= np.quantile(steep, 0.9)
    facing = np.clip(0.55 + (slope_x * light + slope_z * 0.3) / slope_x.std() * 0.30, 0, 1)
    z = (near * (far / near) ** np.linspace(0, 1, _SLICES)).astype(np.float32)
    span = 0.9
    columns = canvas.x.ravel() - canvas.aspect / 2
    world_x = columns[None, :] * z[:, None] * _WIDE
    scale = np.float32(_MAP / (far * span))
    u, v = world_x * scale + _MAP * 0.37, (z * scale)[:, None] + np.zeros_like(world_x)
    tall = _sample(field, u, v)
    rise = smooth(near, far * 0.55, z.astype(np.float32))[:, None]  # flat at our feet
    top = horizon + (1 - tall * height * rise) / z[:, None] * 0.9
    nearest = np.minimum.accumulate(top, axis=0)
    rows: Array = canvas.y.ravel()
    first, last = max(int(nearest[-1].min() * canvas.height) - 1, 0), canvas.rows(0, horizon + 0.05)[1]
    if first >= last:
        return
    rows = rows[:last]
    pick = np.empty((last - first, canvas.width), np.int32)
    for column in range(canvas.width):
        pick[:, column] = np.searchsorted(-nearest[:, column], -rows[first:], side="left")
    pick = np.minimum(pick, _SLICES - 1)
    across = np.broadcast_to(np.arange(canvas.width)[None, :], pick.shape)
    before = np.maximum(pick - 1, 0)
    a, b = nearest[before, across], nearest[pick, across]
    share = np.clip((a - rows[first:, None]) / np.maximum(a - b, 1e-6), 0, 1)
    depth = z[before] + (z[pick] - z[before]) * share
    pu, pv = columns[None, :] * depth * _WIDE * scale + _MAP * 0.37, depth * scale
    level, lit, slant = (
        _sample(field, pu, pv),
        _sample(facing.astype(np.float32), pu, pv),
        _sample(steep.astype(np.float32), pu, pv),
    )
    grain = canvas.noise(rng, 60, 3, top=first / canvas.height, bottom=last / canvas.height) - 0.5
    stone = smooth(0.3, 0.8, slant + level + grain * sharp)[..., None]
    colour = np.asarray(low, np.float32) * (1 - stone) + np.asarray(high, np.float32) * stone
    colour = colour * (1 + grain[..., None] * 0.45)
    cap = (
        smooth(snowline - 0.05, snowline + 0.07, level + grain * 0.12)
        * (1 - 0.7 * smooth(0.7, 1.5, slant + grain * 0.5))
    )[..., None]
    colour = colour + (np.array((0.94, 0.96, 1.0), np.float32) - colour) * cap
    glow = (
        np.asarray(look.shade, np.float32)
        + (np.asarray(look.light, np.float32) * 1.08 - np.asarray(look.shade, np.float32)) * lit[..., None]
    )
    colour = np.clip(colour * glow, 0, 1)
    fade = (1 - np.exp(-((depth / far) ** 1.15) * 1.5 * haze * (1.7 if look.wet else 1)))[..., None]
    mist = np.asarray(mix(look.haze, look.sky[1][1], 0.25), np.float32)
    edge = np.clip((rows[first:, None] - nearest[-1][None, :]) * canvas.height + 0.5, 0, 1)
    canvas.blend((colour + (mist - colour) * fade).astype(np.float32), np.asarray(edge, np.float32), 0, first)


def _sample(field: Array, u: Array, v: Array) -> Array:
    """Return `field` at fractional cells, round and round."""
    iu, iv = np.floor(u).astype(np.int32), np.floor(v).astype(np.int32)
    fu, fv = (u - iu).astype(np.float32), (v - iv).astype(np.float32)
    fu, fv = fu * fu * (3 - 2 * fu), fv * fv * (3 - 2 * fv)
    iu, iv = iu % _MAP, iv % _MAP
    ju, jv = (iu + 1) % _MAP, (iv + 1) % _MAP
    return np.asarray(
        (field[iu, iv] * (1 - fu) + field[ju, iv] * fu) * (1 - fv)
        + (field[iu, jv] * (1 - fu) + field[ju, jv] * fu) * fv,
        np.float32,
    )
