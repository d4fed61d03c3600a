"""Composition of a scene, from the sky to the rain on the lens."""

import numpy as np

from sandbox.media import prompt_words
from sandbox.media.prompt_words import DESIGNS, DISHES, VisualPrompt
from sandbox.media.render.canvas import Canvas, Colour, curve, mix, oval, stroke, times
from sandbox.media.render.cast import subjects
from sandbox.media.render.look import look
from sandbox.media.render.scenery import land, studio, town
from sandbox.media.render.scenery.sky import sky
from sandbox.media.render.scenery.water import reflect
from sandbox.media.render.scenery.weather import finish, weather
from sandbox.media.render.stage import WATER, Scene, colour


def paint(prompt: str, *, width: int, height: int, style: str, index: int, split: bool = False) -> Scene:
    """Paint `prompt`; the same prompt, style and index give the same composition at every size.

    With `split` the planes stay apart, and water and falling weather are left to the film.
    """
    rng = np.random.default_rng(prompt_words.seed("scene", prompt, style, index))
    named = prompt_words.parse_scene(prompt)
    indoors = _is_indoors(named)
    wanted = named if indoors else _completed(named, rng)
    canvas, light = Canvas(width, height, split), look(wanted, style, index)
    horizon = float(rng.uniform(0.52, 0.62)) + 0.03 * (index % 2)
    if wanted.elements & {"aurora", "star", "rainbow"}:
        horizon += 0.08
    side = -1.0 if rng.integers(2) else 1.0
    low = {"day": 0.30, "dawn": 0.80, "sunset": 0.84, "dusk": 0.42, "night": 0.30}[light.hour]
    sun = (canvas.aspect * (0.5 + side * float(rng.uniform(0.06, 0.30))), horizon * low)
    underwater = (
        not indoors
        and "fish" in wanted.subjects
        and not wanted.elements & {"boat", "beach", "lake", "city", "mountain"}
    )
    scene = Scene(
        canvas,
        light,
        wanted,
        horizon,
        sun,
        not wanted.elements & {"sea", "beach"},
        underwater,
        colour(wanted, "sea", "lake", "river"),
        indoors,
    )
    if indoors:
        studio.room(scene, rng)
    elif underwater:
        _deep(scene, rng)
    else:
        sky(canvas, light, wanted, horizon, sun, rng)
        _land(scene, rng, -side)
    if not indoors:
        _near(scene, rng)
    subjects(scene, rng)
    if "flower" in scene.wanted.elements and not (scene.underwater or indoors):
        land.flowers(canvas, light, 0.93, _petals(scene.wanted), rng, much=34)
    if not split:
        if not indoors:
            weather(scene, rng)
        finish(scene, rng)
    return scene


_PLACES = frozenset(
    {"sea", "beach", "lake", "river", "mountain", "hill", "forest", "desert", "city", "flower", "space", "sakura"}
)


def _is_indoors(wanted: VisualPrompt) -> bool:
    cast = wanted.subjects
    return bool(DESIGNS.intersection(cast)) or (bool(cast) and cast[0] in DISHES and not wanted.elements & _PLACES)


def _completed(wanted: VisualPrompt, rng: np.random.Generator) -> VisualPrompt:
    """Give a prompt without a place one that suits its subject; one without any known word a landscape of its own."""
    elements, cast, time = set(wanted.elements), wanted.subjects, wanted.time
    if not wanted.known:
        landscapes = [
            ["mountain", "lake"],
            ["hill", "cloud"],
            ["sea", "cloud"],
            ["mountain", "forest"],
            ["desert", "cloud"],
        ]
        elements |= set(landscapes[int(rng.integers(5))])
        time = str(rng.choice(["dawn", "sunset", "dusk", "day"]))
    elif not elements & _PLACES:
        elements |= _place_for(wanted)
    if "city" in elements and not elements & ((_PLACES | {"snow"}) - {"city"}):
        elements.add("lake")  # a skyline is best by the water
    if "sakura" in elements and "tree" not in cast:
        cast = (*cast, "tree")
    return VisualPrompt(time, frozenset(elements), cast, wanted.colours, wanted.actions, wanted.distance)


def _place_for(wanted: VisualPrompt) -> set[str]:
    """Return where to show what the prompt put nowhere."""
    elements, cast = wanted.elements, wanted.subjects
    if "boat" in cast or "lighthouse" in cast:
        return {"sea"}
    if "rocket" in cast:
        return {"space", "star"} if wanted.time in (None, "night") else {"hill"}
    if elements & {"aurora", "snow", "moon", "fog"} and not cast:
        return {"mountain", "forest"}
    if "star" in elements and not cast:
        return {"mountain", "lake"}
    if cast and cast[0] in ("cat", "dog", "rabbit") and "snow" not in elements:
        return {"hill", "flower"}
    return {"hill", "forest"} if "snow" in elements else {"hill"}


def _land(scene: Scene, rng: np.random.Generator, light: float) -> None:
    canvas, look_, wanted, horizon = scene.canvas, scene.look, scene.wanted, scene.horizon
    has, snowy = wanted.elements.__contains__, "snow" in wanted.elements
    if has("space") and not wanted.elements & {"mountain", "city", "sea", "lake", "hill", "desert"}:
        _planet(scene, rng)
        return
    green = colour(wanted, "hill", "mountain") or ((0.78, 0.52, 0.22) if has("autumn") else land.GRASS)
    leaf = colour(wanted, "forest") or ((0.86, 0.42, 0.14) if has("autumn") else (0.17, 0.36, 0.22))
    meadow = land.SNOW if snowy else green
    water = bool(wanted.elements & WATER)
    if has("mountain"):
        land.mountains(canvas, look_, horizon + 0.012, rng, snowy=snowy, green=green, light=light)
    if has("hill") or (water and not wanted.elements & {"sea", "beach", "mountain", "city"}):
        land.hills(canvas, look_, horizon + (0.02 if has("mountain") else 0), meadow, rng)
    if has("city"):
        town.city(canvas, look_, horizon + 0.01, rng)
    if water:
        if has("forest"):
            land.forest(canvas, look_, horizon - 0.005, leaf, rng, rows=2, snowy=snowy)
        _water(scene)
        _shore(scene, meadow, rng)
    elif has("desert"):
        land.dunes(canvas, look_, horizon, rng, light)
    else:
        _floor(scene, (0.34, 0.36, 0.38) if has("city") and not snowy else meadow, leaf, rng)


def _floor(scene: Scene, floor: Colour, leaf: Colour, rng: np.random.Generator) -> None:
    canvas, look_, elements, horizon = scene.canvas, scene.look, scene.wanted.elements, scene.horizon
    snowy = "snow" in elements
    if "mountain" in elements and not elements & {"forest", "city"}:
        land.forest(canvas, look_, horizon - 0.01, leaf, rng, rows=2, snowy=snowy, size=0.42)
    land.ground(canvas, look_, horizon, floor, rng)
    if "forest" in elements:
        land.forest(canvas, look_, horizon + 0.02, leaf, rng, rows=3, snowy=snowy)
        canvas.plane("ground", 0.9)
        land.rolling(canvas, look_, horizon + 0.14, times(floor, 0.98), rng, depth=0.0, bump=0.02, cells=0.9)


def _shore(scene: Scene, bank: Colour, rng: np.random.Generator) -> None:
    canvas, beach = scene.canvas, "beach" in scene.wanted.elements
    if beach or "river" in scene.wanted.elements:
        canvas.plane("shore", 0.8)
        tone, top = (land.SAND, 0.84) if beach else (bank, 0.88)
        edge = land.rolling(canvas, scene.look, top, tone, rng, depth=0.0, bump=0.05, cells=0.7)
        foam = np.exp(-((canvas.y - edge[None, :] + 0.004) ** 2) / 0.00006) * 0.8
        canvas.blend(scene.look.lit((0.96, 0.98, 1.0)), np.asarray(foam, np.float32))


def _water(scene: Scene) -> None:
    canvas = scene.canvas
    if canvas.split:
        canvas.plane("water", 0.0)
        return
    first = round(scene.horizon * canvas.height)
    canvas.rgb[first:] = reflect(canvas.rgb, scene.look, scene.horizon, calm=scene.calm, sun=scene.sun, tint=scene.tint)
    if scene.look.photo:
        veil = np.exp(-((canvas.y - scene.horizon) ** 2) / 0.00035) * 0.5 * np.ones_like(canvas.x)
        canvas.blend(scene.look.haze, np.asarray(veil, np.float32))


def _planet(scene: Scene, rng: np.random.Generator) -> None:
    canvas = scene.canvas
    canvas.plane("planet", 0.3)
    x, y, radius = canvas.aspect * float(rng.choice([0.24, 0.76])), 0.72, 0.30
    globe = canvas.mask(oval(x, y, radius, radius))
    canvas.glow(x, y, radius * 1.35, (0.45, 0.65, 1.0), 0.5)
    if globe is not None:
        height, width = globe.alpha.shape
        noise = canvas.noise(rng, 4, 5, stretch=3)[:height, :width]
        u = (np.arange(width)[None, :] + globe.x) / canvas.height - x
        v = (np.arange(height)[:, None] + globe.y) / canvas.height - y
        bands = 0.5 + 0.35 * np.sin((v / radius) * 11 + noise * 5)
        low, high = (np.asarray(c, np.float32) for c in ((0.62, 0.34, 0.30), (0.95, 0.78, 0.58)))
        light = np.clip(0.55 - (u + v) / radius * 0.62, 0.03, 1)
        if not scene.look.photo:
            light = np.round(light * 4) / 4
        canvas.put(np.asarray((low + (high - low) * bands[..., None]) * light[..., None], np.float32), globe)


def _deep(scene: Scene, rng: np.random.Generator) -> None:
    canvas = scene.canvas
    level = canvas.y + canvas.x * 0
    stops = ((0, (0.45, 0.86, 0.90)), (0.35, (0.12, 0.58, 0.74)), (1, (0.02, 0.16, 0.34)))
    canvas.rgb[:] = np.stack([np.interp(level, [s for s, _ in stops], [c[i] for _, c in stops]) for i in range(3)], -1)
    for _ in range(7):
        x, lean = float(rng.uniform(0, canvas.aspect)), float(rng.uniform(-0.1, 0.25))
        ray = canvas.mask([(x, -0.05), (x + 0.05, -0.05), (x + lean + 0.16, 0.95), (x + lean - 0.02, 0.95)], blur=0.02)
        canvas.put((0.8, 0.98, 1.0), ray, 0.10)
    canvas.plane("sea bed", 0.6)
    land.rolling(canvas, scene.look, 0.86, (0.42, 0.56, 0.52), rng, depth=0.2, bump=0.04)
    for _ in range(int(26 * canvas.aspect)):
        x, tall, lean = float(rng.uniform(0, canvas.aspect)), float(rng.uniform(0.08, 0.30)), float(rng.normal(0, 0.03))
        weed = stroke(
            curve([(x, 0.99), (x + lean, 0.99 - tall * 0.5), (x - lean, 0.99 - tall)], closed=False), 0.02, 0.004
        )
        canvas.fill(weed, mix((0.10, 0.42, 0.30), (0.05, 0.30, 0.40), float(rng.random())), 0.9)
    for _ in range(34):
        x, y, r = float(rng.uniform(0, canvas.aspect)), float(rng.uniform(0.05, 0.9)), float(rng.uniform(0.003, 0.011))
        canvas.fill(oval(x, y, r, r), (0.85, 0.97, 1.0), 0.30)
        canvas.fill(oval(x - r * 0.3, y - r * 0.3, r * 0.3, r * 0.3), (1, 1, 1), 0.8)


def _petals(wanted: VisualPrompt) -> list[Colour]:
    if named := colour(wanted, "flower"):
        return [named, mix(named, (1, 1, 1), 0.35)]
    return [(0.94, 0.36, 0.45), (0.98, 0.82, 0.36), (0.96, 0.95, 0.94), (0.66, 0.48, 0.86)]


def _near(scene: Scene, rng: np.random.Generator) -> None:
    canvas, wanted, look_ = scene.canvas, scene.wanted, scene.look
    if scene.underwater or "space" in wanted.elements or "snow" in wanted.elements:
        return
    if "flower" in wanted.elements:
        top = 0.86 if wanted.elements & WATER else scene.horizon + 0.16
        if wanted.elements & WATER:
            canvas.plane("bank", 0.9)
            land.rolling(canvas, look_, 0.85, land.GRASS, rng, depth=0.0, bump=0.02)
        land.grass(canvas, look_, land.GRASS, rng, top + 0.05)
        land.flowers(canvas, look_, top, _petals(wanted), rng)
    elif "hill" in wanted.elements and not wanted.elements & (WATER | {"desert", "city"}):
        land.grass(canvas, look_, times(land.GRASS, 0.9), rng, 0.93)
