"""The sky: air, lights and clouds."""

import numpy as np

from sandbox.media.prompt_words import VisualPrompt
from sandbox.media.render.canvas import Array, Canvas, Colour, mix, oval, ridge, smooth
from sandbox.media.render.look import Look


def sky(
    canvas: Canvas, look: Look, wanted: VisualPrompt, horizon: float, sun: tuple[float, float], rng: np.random.Generator
) -> None:
    """Paint the air, the lights in it and the clouds."""
    _air(canvas, look, horizon, sun)
    wet = bool(wanted.elements & {"rain", "fog", "lightning"})
    if "space" in wanted.elements:
        _nebula(canvas, rng)
    _night(canvas, look, wanted, horizon, rng)
    canvas.plane("lights", 0.0)
    if look.dark or "moon" in wanted.elements:
        if not ((wet or "space" in wanted.elements) and "moon" not in wanted.elements) and (
            "aurora" not in wanted.elements or "moon" in wanted.elements
        ):
            _moon(canvas, look, sun)
    elif not wet or "sun" in wanted.elements:
        _sun(canvas, look, sun)
    if "rainbow" in wanted.elements:
        _rainbow(canvas, horizon)
    canvas.plane("clouds", 0.15)
    if "cloud" in wanted.elements or wet or (look.hour != "night" and "space" not in wanted.elements):
        clouds(canvas, look, horizon, rng, 1.0 if wanted.elements & {"cloud", "rain", "lightning"} else 0.55)
    if "lightning" in wanted.elements:
        _lightning(canvas, horizon, rng)


def _night(canvas: Canvas, look: Look, wanted: VisualPrompt, horizon: float, rng: np.random.Generator) -> None:
    wet = bool(wanted.elements & {"rain", "fog", "lightning"})
    if look.hour == "night" and (not wet or "star" in wanted.elements):
        stars(canvas, rng, 420 if wanted.elements & {"star", "space"} else 240, horizon)
        if "star" in wanted.elements:
            _milky_way(canvas, rng, horizon)
    elif look.hour == "dusk" and not wet:
        stars(canvas, rng, 60, horizon * 0.6)
    if "aurora" in wanted.elements:
        canvas.plane("aurora", 0.05)
        _aurora(canvas, rng, horizon)


def _air(canvas: Canvas, look: Look, horizon: float, sun: tuple[float, float]) -> None:
    level = np.clip(canvas.y / horizon, 0, 1)
    if look.style == "digital-art":
        away = np.sqrt((canvas.x - sun[0]) ** 2 + (canvas.y - sun[1]) ** 2)
        steps = level * 0.65 + (1 - np.clip(away / 1.1, 0, 1)) * 0.4
        value = steps * 9
        edge = np.clip((value % 1) * canvas.height / 9 / 1.2, 0, 1)  # a soft pixel between two bands
        level = np.clip((np.floor(value) - 1 + edge) / 8.2, 0, 1)
    at = [stop for stop, _ in look.sky]
    for channel in range(3):
        canvas.rgb[..., channel] = np.interp(level, at, [colour[channel] for _, colour in look.sky])


def _sun(canvas: Canvas, look: Look, sun: tuple[float, float]) -> None:
    x, y = sun
    if look.style != "digital-art":
        canvas.glow(x, y, 0.85, look.sun, 0.5)
        canvas.glow(x, y, 0.28, look.sun, 0.6)
    radius = (0.034 if look.photo else 0.05) if look.hour == "day" else 0.058
    if look.style == "digital-art":
        canvas.fill(oval(x, y, radius * 2.7, radius * 2.7), look.sun, 0.18)
        canvas.fill(oval(x, y, radius * 1.9, radius * 1.9), look.sun, 0.3)
        radius *= 1.35
    canvas.fill(
        oval(x, y, radius, radius),
        mix(look.sun, (1, 1, 1), 0.85 if look.hour == "day" else 0.45),
        blur=0.004 if look.photo else 0.0,
    )


def _moon(canvas: Canvas, look: Look, at: tuple[float, float]) -> None:
    x, y = at
    canvas.glow(x, y, 0.5, (0.62, 0.72, 1.0), 0.28)
    canvas.glow(x, y, 0.16, (0.85, 0.9, 1.0), 0.45)
    radius = 0.055 if look.photo else 0.07
    face: Colour = (0.96, 0.96, 0.90)
    canvas.fill(oval(x, y, radius, radius), face)
    for dx, dy, size in ((-0.3, -0.2, 0.28), (0.25, 0.1, 0.22), (-0.1, 0.42, 0.18), (0.32, -0.42, 0.13)):
        canvas.fill(
            oval(x + dx * radius, y + dy * radius, size * radius, size * radius),
            (0.80, 0.81, 0.80),
            0.55,
            blur=0.002 if look.photo else 0,
        )


def stars(canvas: Canvas, rng: np.random.Generator, count: int, below: float) -> None:
    """Scatter stars, few bright and many faint, thinning towards the horizon."""
    xs, ys = rng.random(count) * 2 * canvas.aspect, rng.random(count) ** 1.3 * below
    bright = rng.pareto(2.2, count).clip(0, 5) / 5
    for number, (x, y, power, warm) in enumerate(zip(xs, ys, bright, rng.random(count), strict=True)):
        if number in (0, count // 2):
            canvas.plane("stars b" if number else "stars a", 0.02)
        tint = mix((0.75, 0.85, 1.0), (1.0, 0.92, 0.78), float(warm))
        size = 0.0016 + 0.0035 * power
        canvas.glow(float(x), float(y), max(size * 1.6, 1.3 / canvas.height), tint, float(min(0.35 + power * 2.5, 1.0)))
        if power > 0.45:  # noqa: PLR2004 - only the brightest have a halo
            canvas.glow(float(x), float(y), size * 6, tint, 0.25)


def _milky_way(canvas: Canvas, rng: np.random.Generator, horizon: float) -> None:
    y = canvas.y[: canvas.rows(0, horizon)[1]]
    band = np.exp(-(((canvas.x - canvas.aspect * 0.2) * 0.62 - (0.75 - y)) ** 2) / 0.018)
    lumps = smooth(0.36, 0.72, canvas.noise(rng, 5, 6, bottom=horizon))
    canvas.add((0.62, 0.60, 0.85), np.asarray(band * lumps * 0.5, np.float32))
    canvas.add((1.0, 0.75, 0.7), np.asarray(band**4 * lumps**2 * 0.3, np.float32))


def _nebula(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.rgb[:] *= 0.55
    for tint in ((0.62, 0.20, 0.65), (0.12, 0.36, 0.75), (0.85, 0.35, 0.30)):
        canvas.add(tint, smooth(0.46, 0.86, canvas.noise(rng, 2, 6)) * 0.8)


def _aurora(canvas: Canvas, rng: np.random.Generator, horizon: float) -> None:
    x, y = canvas.x, canvas.y[: canvas.rows(0, horizon)[1]]
    for number, (tint, crown) in enumerate(
        (((0.20, 0.95, 0.58), (0.50, 0.30, 0.85)), ((0.16, 0.85, 0.66), (0.75, 0.30, 0.70)))
    ):
        a, b, c = rng.uniform(0, 6, 3)
        foot = (
            horizon * (0.62 - 0.24 * number)
            + 0.09 * np.sin(x * 2.6 + a)
            + 0.045 * np.sin(x * 6.1 + b)
            + (x - canvas.aspect / 2) * rng.uniform(-0.2, 0.2)
        )
        streak = ridge(rng, x, 14, 4)[None, :]
        streak = 0.35 + 0.9 * smooth(-0.7, 0.9, streak) * (0.7 + 0.3 * np.sin(x * 3.3 + c))
        up = (foot - y) / (0.34 + 0.1 * np.sin(x * 4 + c))
        veil = np.exp(-2.6 * np.maximum(up, 0)) * smooth(-0.22, 0.16, up) * streak
        canvas.add(tint, np.asarray(veil * 0.95, np.float32))
        canvas.add(crown, np.asarray(np.exp(-((up - 0.75) ** 2) / 0.12) * streak * 0.34, np.float32))
    canvas.glow(canvas.aspect / 2, horizon, 0.8, (0.15, 0.7, 0.5), 0.16)


def _rainbow(canvas: Canvas, horizon: float) -> None:
    away = np.sqrt((canvas.x - canvas.aspect * 0.5) ** 2 + (canvas.y - horizon - 0.12) ** 2)
    for number, tint in enumerate(
        ((0.9, 0.2, 0.2), (0.95, 0.55, 0.15), (0.95, 0.9, 0.3), (0.3, 0.8, 0.4), (0.25, 0.5, 0.95), (0.55, 0.3, 0.8))
    ):
        canvas.blend(tint, np.asarray(np.exp(-((away - 0.56 + number * 0.014) ** 2) / 0.00012) * 0.42, np.float32))


def clouds(canvas: Canvas, look: Look, horizon: float, rng: np.random.Generator, much: float) -> None:
    """Paint clouds: drifting vapour, stacked flat shapes, or big cel-shaded heaps."""
    if look.photo:
        _vapour(canvas, look, horizon, rng, much)
        return
    count = round((4 if look.anime else 6) * much * max(canvas.aspect, 1)) + 1
    for number in range(count):
        x = float((number + rng.uniform(0.2, 0.8)) / count * canvas.aspect)
        y = float(horizon * (rng.uniform(0.12, 0.82)))
        size = (
            float(rng.uniform(0.12, 0.26))
            * (1.3 if look.anime and number % 3 else 0.9)
            * (0.45 + 0.7 * (1 - y / horizon) + 0.25)
        )
        (_heap if look.anime else _flat)(canvas, look, x, y, size, rng)


def _vapour(canvas: Canvas, look: Look, horizon: float, rng: np.random.Generator, much: float) -> None:
    top = canvas.noise(rng, 2.2, 7, stretch=2.4, bottom=horizon)
    level = np.linspace(0, 1, top.shape[0], dtype=np.float32)[:, None]
    low = 0.575 - 0.14 * much
    cover = (
        smooth(low, low + 0.24, top + 0.05 * level) * (1 - 0.55 * smooth(0.75, 1.0, level)) * min(0.65 + 0.3 * much, 1)
    )
    shift = max(canvas.height // 60, 1)
    inner = np.roll(top, -shift, axis=0)
    edge = np.clip(0.5 + (top - inner) * 5.5, 0, 1)[..., None]
    bright = np.asarray(mix(look.sun, (1, 1, 1), 0.4 if look.hour == "day" else 0.0), np.float32) * (
        0.34 if look.hour == "night" else 1.0
    )
    dark = np.asarray(mix(look.haze, look.sky[1][1], 0.55), np.float32)
    if look.wet:
        bright = np.asarray(mix(look.haze, (1, 1, 1), 0.18), np.float32)
        dark = np.asarray(mix(look.haze, (0.1, 0.12, 0.16), 0.42), np.float32)
    canvas.blend(np.asarray(dark + (bright - dark) * edge, np.float32), np.asarray(cover, np.float32))


def _flat(canvas: Canvas, look: Look, x: float, y: float, size: float, rng: np.random.Generator) -> None:
    tone = mix(look.haze, (1, 1, 1), 0.55 if look.hour in ("day", "dawn") else 0.14)
    for number in range(3):
        width, dx = size * (1 - 0.24 * number) * float(rng.uniform(0.8, 1.1)), float(rng.uniform(-0.25, 0.25)) * size
        tall = size * 0.13
        left, right, top = x + dx - width, x + dx + width, y - number * tall * 1.7
        shape = [
            *oval(left, top, tall, tall)[18:54],
            *oval(right, top, tall, tall)[54:],
            *oval(right, top, tall, tall)[:18],
        ]
        canvas.fill(shape, mix(tone, look.sky[1][1], 0.30 - 0.13 * number), 0.85)


def _heap(canvas: Canvas, look: Look, x: float, y: float, size: float, rng: np.random.Generator) -> None:
    bright = (
        mix(look.sun, (1, 1, 1), 0.75)
        if look.hour in ("day", "dawn")
        else mix(look.haze, look.sun, 0.6 if look.hour == "sunset" else 0.16)
    )
    if look.wet:
        bright = mix(look.haze, (1, 1, 1), 0.25)
    puffs = []
    for number in range(16):
        along = (number + 0.5) / 8 - 1
        tall = (1 - along**2) ** 0.8
        radius = size * (0.16 + 0.22 * tall * float(rng.uniform(0.6, 1.0)))
        puffs.append((x + along * size, y - tall * size * float(rng.uniform(0.05, 0.5)) - radius * 0.3, radius))
    under = mix(bright, look.sky[0][1], 0.32)
    base = y + size * 0.03
    belly = oval(x, base - size * 0.08, size * 0.92, size * 0.16)
    body = [_cut(px, py, r, base + size * 0.06) for px, py, r in (*puffs, (x, base - size * 0.3, size * 0.34))]
    whole = canvas.mask(_level(belly, base + size * 0.06), *body)
    if whole is None:
        return
    canvas.put(under, whole)
    for share, shift, grow in ((0.45, 0.06, 0.9), (1.0, 0.14, 0.72)):
        light = canvas.mask(
            *[_cut(px - shift * size * 0.4, py - shift * size, r * grow, base - size * 0.02) for px, py, r in puffs]
        )
        canvas.put(mix(under, bright, share), light, 0.95)


def _cut(x: float, y: float, radius: float, base: float) -> list[tuple[float, float]]:
    return _level(oval(x, y, radius, radius), base)


def _level(shape: list[tuple[float, float]], base: float) -> list[tuple[float, float]]:
    return [(px, min(py, base)) for px, py in shape]


def _lightning(canvas: Canvas, horizon: float, rng: np.random.Generator) -> None:
    x, y = float(rng.uniform(0.2, 0.8)) * canvas.aspect, 0.08
    line: list[tuple[float, float]] = [(x, y)]
    while y < horizon:
        y += float(rng.uniform(0.02, 0.06))
        x += float(rng.uniform(-0.04, 0.04))
        line.append((x, y))
        canvas.glow(x, y, 0.16, (0.7, 0.75, 1.0), 0.12)
    fine: Array = np.asarray(line, np.float32)
    for wide, strength in ((0.02, 0.25), (0.006, 1.0)):
        for (x0, y0), (x1, y1) in zip(fine[:-1].tolist(), fine[1:].tolist(), strict=True):
            canvas.fill(
                [(x0 - wide / 2, y0), (x0 + wide / 2, y0), (x1 + wide / 2, y1), (x1 - wide / 2, y1)],
                (0.95, 0.96, 1.0),
                strength,
                blur=0.003 if strength < 1 else 0,
            )
