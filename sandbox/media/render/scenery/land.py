"""The ground: mountains, hills, woods, sand, snow and meadows."""

import numpy as np

from sandbox.media.render.canvas import Array, Canvas, Colour, Points, box, mix, oval, ridge, times
from sandbox.media.render.look import Look
from sandbox.media.render.scenery.terrain import terrain

SNOW: Colour = (0.93, 0.95, 0.99)
GRASS: Colour = (0.36, 0.56, 0.24)
SAND: Colour = (0.90, 0.74, 0.50)


def mountains(
    canvas: Canvas, look: Look, horizon: float, rng: np.random.Generator, *, snowy: bool, green: Colour, light: float
) -> None:
    """Paint a range on the horizon."""
    canvas.plane("mountains", 0.22)
    if look.photo:
        terrain(
            canvas, look, horizon, rng, low=mix(green, (0.3, 0.28, 0.22), 0.5), high=(0.44, 0.41, 0.40),
            height=float(rng.uniform(10.5, 12.5)),
            near=7, far=44, snowline=0.20 if snowy else 0.47, light=light, haze=0.85,
        )  # fmt: skip
        return
    for row in range(3):
        depth = (0.72, 0.45, 0.2)[row]
        tall = (0.40, 0.31, 0.2)[row] * horizon / 0.6
        rock = (0.42, 0.44, 0.56) if look.style == "digital-art" else (0.40, 0.52, 0.66)
        count = 2 + row + round(canvas.aspect)
        for number in rng.permutation(count).tolist():
            x = (number + float(rng.uniform(0.1, 0.9))) / count * (canvas.aspect + 0.3) - 0.15
            _peak(
                canvas,
                look,
                x,
                horizon,
                tall * float(rng.uniform(0.6, 1.0)),
                rock,
                depth,
                rng,
                light,
                snowy=snowy or row != 2,  # noqa: PLR2004 - the nearest row is low,
            )


def _peak(
    canvas: Canvas,
    look: Look,
    x: float,
    base: float,
    tall: float,
    rock: Colour,
    depth: float,
    rng: np.random.Generator,
    light: float,
    *,
    snowy: bool,
) -> None:
    wide = tall * float(rng.uniform(0.9, 1.3))
    top = base - tall

    def flank(side: float) -> list[tuple[float, float]]:
        steps = np.linspace(0, 1, 9)
        wobble = rng.uniform(-0.05, 0.05, 9) * np.minimum(steps, 1 - steps) * 4
        return [
            (x + side * wide * float(t + w * 0.6), top + tall * float(t**0.9 + 0.0))
            for t, w in zip(steps, wobble, strict=True)
        ]

    left, right = flank(-1), flank(1)
    spine = [
        (x + tall * float(v), top + tall * float(t))
        for t, v in zip(np.linspace(0, 1, 8), [0, *rng.uniform(-0.1, 0.13, 7)], strict=True)
    ]
    sunny, shady = (left, right) if light < 0 else (right, left)
    canvas.fill([*left, *right[::-1]], look.shaded(rock, depth))
    canvas.fill([*sunny, *spine[::-1]], look.lit(rock, depth))
    if snowy:
        cut = float(rng.uniform(0.28, 0.42))
        for side, face in (
            (sunny, look.lit(SNOW, depth * 0.7)),
            (shady, mix(look.shaded(SNOW, depth * 0.7), look.sky[0][1], 0.12)),
        ):
            edge = np.asarray(side)
            end = np.array([np.interp(cut, np.linspace(0, 1, 9), edge[:, i]) for i in (0, 1)])
            middle = np.array([np.interp(cut * 1.15, np.linspace(0, 1, 8), np.asarray(spine)[:, i]) for i in (0, 1)])
            teeth = [
                tuple(end + (middle - end) * t + np.array([0, (-0.05 if n % 2 else 0.045) * tall]))
                for n, t in enumerate(np.linspace(0.12, 1, 6))
            ]
            outline = [*[tuple(p) for p in edge[np.linspace(0, 1, 9) < cut]], tuple(end), *teeth]
            inner = [p for p, t in zip(spine, np.linspace(0, 1, 8), strict=True) if t < cut]
            canvas.fill([(float(px), float(py)) for px, py in [*outline, *inner[::-1]]], face)


def rolling(
    canvas: Canvas, look: Look, top: float, colour: Colour, rng: np.random.Generator, *,
    depth: float, bump: float = 0.05, cells: float = 1.3, bottom: float = 1.02, fade: float = 0.0,
) -> Array:  # fmt: skip
    """Paint one rolling band of ground from about `top` down; return its upper edge for every column."""
    edge = top + ridge(rng, canvas.x, cells, 3) * bump
    cover = np.clip((canvas.y - edge[None, :]) * canvas.height + 0.5, 0, 1)
    if bottom < 1:
        cover = cover * np.clip((bottom - canvas.y) * canvas.height + 0.5, 0, 1)
    first, last = canvas.rows(float(edge.min()) - 0.01, min(bottom + 0.01, 1))
    cover = np.asarray(cover[first:last], np.float32)
    lit, shade = np.asarray(look.lit(colour, depth), np.float32), np.asarray(look.shaded(colour, depth), np.float32)
    deep = np.clip((canvas.y[first:last] - edge[None, :]) / 0.38, 0, 1)
    if look.photo:
        stretch = 2.6 + 2 * (1 - depth)
        texture = canvas.noise(rng, 5, 5, stretch=stretch, top=first / canvas.height, bottom=last / canvas.height)
        fine = canvas.noise(rng, 70, 3, stretch=1.6, top=first / canvas.height, bottom=last / canvas.height)
        shadow = np.clip(deep * 0.55 + (texture - 0.5) * 1.3 + (fine - 0.5) * 0.5 * (1 - depth), 0, 1)
        paint = lit + (shade - lit) * shadow[..., None]
    else:
        bands = 3 if look.anime else 4
        wave = deep + 0.10 * np.sin(canvas.x * 5 + top * 20) + 0.05 * np.sin(canvas.x * 13)
        value = np.clip(wave, 0, 0.999) * bands
        step = np.floor(value) + np.clip((value % 1) * 40, 0, 1)
        paint = lit + (shade - lit) * (np.clip(step - 1, 0, bands) / bands * 0.8)[..., None].astype(np.float32)
    if fade:
        paint = paint + (np.asarray(look.haze, np.float32) - paint) * (np.exp(-deep * 7) * fade)[..., None]
    canvas.blend(np.asarray(paint, np.float32), np.asarray(cover, np.float32), 0, first)
    return edge


def ground(canvas: Canvas, look: Look, horizon: float, colour: Colour, rng: np.random.Generator) -> None:
    """Paint the near ground, from the horizon to the lower edge, in three rolls."""
    for number, (top, depth) in enumerate(((horizon - 0.014, 0.5), (horizon + 0.07, 0.25), (horizon + 0.17, 0.0))):
        canvas.plane("ground", 0.35 + 0.22 * number)
        tone = times(colour, (1.0, 0.97, 0.96)) if number % 2 else colour
        rolling(
            canvas,
            look,
            top,
            tone,
            rng,
            depth=depth,
            bump=0.012 + 0.012 * number,
            cells=1.1,
            fade=0.25 if look.photo else 0,
        )


def hills(canvas: Canvas, look: Look, horizon: float, colour: Colour, rng: np.random.Generator) -> None:
    """Paint far hills, each row nearer and clearer."""
    for number, depth in enumerate((0.78, 0.6, 0.42)):
        canvas.plane("hills", 0.2 + 0.06 * number)
        rolling(canvas, look, horizon - 0.11 + 0.05 * number, colour, rng, depth=depth, bump=0.055, cells=1.6, fade=0.1)


def dunes(canvas: Canvas, look: Look, horizon: float, rng: np.random.Generator, light: float) -> None:
    """Paint dunes: a lit flank and a dark one under every crest."""
    for number, depth in enumerate((0.62, 0.4, 0.2, 0.0)):
        canvas.plane("dunes", 0.25 + 0.2 * number)
        top = horizon - 0.03 + 0.115 * number
        edge = top + ridge(rng, canvas.x, 0.8 - 0.1 * number, 2, 0.3) * (0.035 + 0.02 * number)
        crest = np.gradient(edge, canvas.x.ravel())
        cover = np.asarray(np.clip((canvas.y - edge[None, :]) * canvas.height + 0.5, 0, 1), np.float32)
        lee = ridge(rng, canvas.x, 1.3, 3) * 0.03 + 0.07 + number * 0.02
        away = canvas.y - edge[None, :]
        soft = 0.05 if look.photo else 0.004
        face = np.clip(0.5 - crest * light * 2.2, 0, 1)[None, :]
        dark = np.clip((lee[None, :] - away) / soft, 0, 1) * np.clip(1 - face, 0, 1) * 1.2
        dark = np.clip(dark + np.clip(away / 0.5, 0, 1) * 0.35, 0, 1)
        if look.photo:
            ripple = np.sin(away * 190 + canvas.x * 12 + canvas.noise(rng, 4, 3) * 14) * 0.05 * (1 - depth)
            dark = np.clip(dark + ripple + (canvas.noise(rng, 180, 2) - 0.5) * 0.14, 0, 1)
        elif look.style == "digital-art":
            dark = np.round(dark * 3) / 3
        a, b = np.asarray(look.lit(SAND, depth), np.float32), np.asarray(look.shaded(SAND, depth), np.float32)
        canvas.blend(np.asarray(a + (b - a) * dark[..., None], np.float32), cover)


def conifer(x: float, base: float, tall: float, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Return the outline of a fir."""
    tiers = 6 + int(tall > 0.16) * 3  # noqa: PLR2004 - a big tree shows more branches
    left: list[tuple[float, float]] = []
    right: list[tuple[float, float]] = []
    for tier in range(tiers):
        share = (tier + 1) / tiers
        y, out = base - tall * (1 - share * 0.94), tall * 0.24 * share**0.85
        for side, line in ((-1, left), (1, right)):
            reach = out * float(rng.uniform(0.8, 1.15))
            line += [(x + side * reach, y + tall * 0.02), (x + side * reach * 0.52, y - tall * 0.012)]
    return [(x, base - tall), *right, (x + tall * 0.02, base), (x - tall * 0.02, base), *left[::-1]]


def crown(x: float, base: float, tall: float, rng: np.random.Generator) -> list[list[tuple[float, float]]]:
    """Return trunk and leaf clusters of a broad-leaved tree, darkest cluster first."""
    leaves = []
    for _ in range(9):
        turn, out = float(rng.uniform(0, 6.28)), float(rng.uniform(0.0, 0.2))
        leaves.append(
            oval(
                x + np.cos(turn) * out * tall,
                base - tall * 0.68 + np.sin(turn) * out * tall * 0.8,
                tall * 0.17,
                tall * 0.15,
            )
        )
    trunk = [
        (x - tall * 0.035, base),
        (x - tall * 0.02, base - tall * 0.5),
        (x + tall * 0.02, base - tall * 0.5),
        (x + tall * 0.04, base),
    ]
    return [trunk, *leaves]


def forest(
    canvas: Canvas, look: Look, base: float, colour: Colour, rng: np.random.Generator, *,
    rows: int = 3, snowy: bool = False, size: float = 1.0,
) -> None:  # fmt: skip
    """Paint a wood, far rows first, each row darker and taller."""
    for row in range(rows):
        near = (row + 1) / rows
        canvas.plane("forest", 0.28 + 0.2 * near)
        depth, tall, line = 0.62 * (1 - near) + 0.08, (0.10 + 0.17 * near) * size, base + 0.035 * row
        count = int((34 - 14 * near) * canvas.aspect / size**0.7)
        firs, lights = [], []
        for number in range(count):
            x = (number + float(rng.uniform(0, 1))) / count * (canvas.aspect + 0.2) - 0.1
            high = tall * float(rng.uniform(0.55, 1.1))
            if row == rows - 1 and rows > 1 and abs(x / canvas.aspect - 0.5) < 0.26:  # noqa: PLR2004 - a clearing
                high *= 0.42
            outline = conifer(x, line + 0.012, high, rng)
            firs.append(outline)
            half = len(outline) // 2
            lights.append([outline[0], *outline[half + 1 :]] if not look.photo else outline[half + 2 :])
        tone = times(colour, 0.62)
        canvas.put(look.shaded(tone, depth), canvas.mask(*firs, box(-0.1, line, canvas.aspect + 0.1, line + 0.05)), 1.0)
        bright = look.lit(SNOW if snowy else tone, depth)
        canvas.put(bright, canvas.mask(*lights, blur=0.003 if look.photo else 0), 0.55 if look.photo else 0.8)
        if look.photo and row < rows - 1:
            veil = np.exp(-((canvas.y - line) ** 2) / 0.004) * 0.34 * np.ones_like(canvas.x)
            if not canvas.split:
                canvas.blend(look.haze, np.asarray(veil, np.float32))


def flowers(
    canvas: Canvas, look: Look, top: float, colours: list[Colour], rng: np.random.Generator, *, much: int = 240
) -> None:
    """Strew flowers over the near ground, small at `top` and large at the lower edge."""
    canvas.plane("flowers", 1.0)
    rows = np.sort(rng.random(int(much * canvas.aspect)) ** 1.4)
    for row in np.array_split(
        rows, max(rows.size // 12, 1)
    ):  # a row is painted at once: stems, then petals, then hearts
        stems: list[Points] = []
        hearts: list[Points] = []
        petals: list[list[Points]] = [[] for _ in colours]
        for near in row.tolist():
            x, y = float(rng.uniform(-0.02, canvas.aspect + 0.02)), top + (1.03 - top) * near
            size = 0.004 + 0.017 * near**1.3
            stem, lean, turn = size * 3.2, float(rng.uniform(-0.4, 0.4)) * size, float(rng.uniform(0, 6))
            stems.append([(x - size * 0.14, y + stem), (x + lean, y), (x + size * 0.14, y + stem)])
            hearts.append(oval(x + lean, y, size * 0.28, size * 0.25)[::4])
            petals[int(rng.integers(len(colours)))] += [
                oval(x + lean + np.cos(at) * size * 0.6, y + np.sin(at) * size * 0.5, size * 0.5, size * 0.42)[::4]
                for at in (turn + np.arange(5) * 1.257).tolist()
            ]
        far = 1 - float(row.mean()) if row.size else 1.0
        canvas.put(look.shaded((0.30, 0.55, 0.22), 0.35 * far), canvas.mask(*stems))
        for colour, shapes in zip(colours, petals, strict=True):
            if shapes:
                canvas.put(look.lit(colour, 0.3 * far), canvas.mask(*shapes))
        canvas.put(look.lit((0.98, 0.80, 0.25), 0.2 * far), canvas.mask(*hearts))


def grass(canvas: Canvas, look: Look, colour: Colour, rng: np.random.Generator, top: float) -> None:
    """Draw blades along the lower edge."""
    canvas.plane("grass", 1.0)
    for shade in (0.75, 1.0, 1.2):
        blades = []
        for _ in range(int(110 * canvas.aspect)):
            x, near = float(rng.uniform(0, canvas.aspect)), float(rng.random())
            y, tall, lean = top + (1.04 - top) * near, 0.02 + 0.045 * near, float(rng.normal(0, 0.012))
            blades.append([(x - 0.0022, y), (x + lean, y - tall), (x + 0.0022, y)])
        canvas.put(look.lit(times(colour, shade), 0.05), canvas.mask(*blades), 0.9)
