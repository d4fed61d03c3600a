"""Composition: what stands where, from the sky to the rain on the lens."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from bot.sandbox import words
from bot.sandbox.render import animals, land, things
from bot.sandbox.render.brush import Brush
from bot.sandbox.render.canvas import Canvas, Colour, curve, mix, oval, stroke, times
from bot.sandbox.render.look import COLOURS, Look, look
from bot.sandbox.render.sky import sky
from bot.sandbox.render.water import reflect
from bot.sandbox.words import Wish

#: subject → painter, height as a share of the picture
_PAINTERS = {
    "fox": (animals.fox, 0.46), "cat": (animals.cat, 0.48), "dog": (animals.dog, 0.48), "rabbit": (animals.rabbit, 0.40),
    "bird": (animals.bird, 0.26), "fish": (animals.fish, 0.40), "robot": (things.robot, 0.54), "person": (things.person, 0.40),
    "tree": (things.tree, 0.62), "rocket": (things.rocket, 0.56), "car": (things.car, 0.30), "house": (things.house, 0.30),
    "boat": (things.boat, 0.30), "lighthouse": (things.lighthouse, 0.50), "balloon": (things.balloon, 0.38),
}  # fmt: skip
_FURRY = frozenset({"fox", "cat", "dog", "rabbit"})
_ALOFT = frozenset({"bird", "rocket", "balloon"})
_WATER = frozenset({"sea", "beach", "lake", "river"})


@dataclass(frozen=True, slots=True)
class Scene:
    """A painted picture, and what a film needs to move it."""

    canvas: Canvas
    look: Look
    wish: Wish
    horizon: float
    sun: tuple[float, float]
    calm: bool  #: still water
    underwater: bool
    tint: Colour | None  #: of the water


def paint(prompt: str, *, width: int, height: int, style: str, index: int, split: bool = False) -> Scene:
    """Paint `prompt`; the same prompt, style and index give the same composition at every size.

    With `split` the planes stay apart, and water and falling weather are left to the film.
    """
    rng = np.random.default_rng(words.seed("scene", prompt, style, index))
    wish = _completed(words.look(prompt), rng)
    canvas, light = Canvas(width, height, split), look(wish, style, rng)
    horizon = float(rng.uniform(0.52, 0.62)) + 0.03 * (index % 2)
    if wish.elements & {"aurora", "star", "rainbow"}:
        horizon += 0.08
    side = -1.0 if rng.random() < 0.5 else 1.0
    low = {"day": 0.30, "dawn": 0.80, "sunset": 0.84, "dusk": 0.42, "night": 0.30}[light.hour]
    sun = (canvas.aspect * (0.5 + side * float(rng.uniform(0.06, 0.30))), horizon * low)
    underwater = "fish" in wish.subjects and not wish.elements & {"boat", "beach", "lake", "city", "mountain"}
    scene = Scene(
        canvas,
        light,
        wish,
        horizon,
        sun,
        not wish.elements & {"sea", "beach"},
        underwater,
        _colour(wish, "sea", "lake", "river"),
    )
    if underwater:
        _deep(scene, rng)
    else:
        sky(canvas, light, wish, horizon, sun, rng)
        _land(scene, rng, -side)
    _near(scene, rng)
    _subjects(scene, rng)
    if "flower" in scene.wish.elements and not scene.underwater:
        land.flowers(canvas, light, 0.93, _petals(scene.wish), rng, much=34)
    if not split:
        _weather(scene, rng)
        _finish(scene, rng)
    return scene


def _completed(wish: Wish, rng: np.random.Generator) -> Wish:
    """Give a prompt without a place one that suits its subject; one without any known word a landscape of its own."""
    elements, subjects = set(wish.elements), wish.subjects
    places = {
        "sea",
        "beach",
        "lake",
        "river",
        "mountain",
        "hill",
        "forest",
        "desert",
        "city",
        "flower",
        "space",
        "sakura",
    }
    if not wish.known:
        elements |= set(
            rng.choice(
                [["mountain", "lake"], ["hill", "cloud"], ["sea", "cloud"], ["mountain", "forest"], ["desert", "cloud"]]
            )
        )
    elif not elements & places:
        if "boat" in subjects or "lighthouse" in subjects:
            elements.add("sea")
        elif "rocket" in subjects:
            elements |= {"space", "star"} if wish.time in (None, "night") else {"hill"}
        elif elements & {"aurora", "snow", "moon", "fog"} and not subjects:
            elements |= {"mountain", "forest"}
        elif elements & {"star"} and not subjects:
            elements |= {"mountain", "lake"}
        elif subjects and subjects[0] in ("cat", "dog", "rabbit") and "snow" not in elements:
            elements |= {"hill", "flower"}
        elif "snow" in elements:
            elements |= {"hill", "forest"}
        else:
            elements.add("hill")
    if "sakura" in elements and "tree" not in subjects:
        subjects = (*subjects, "tree")
    return Wish(wish.time, frozenset(elements), subjects, wish.colours, wish.actions)


def _colour(wish: Wish, *names: str) -> Colour | None:
    return next((COLOURS[wish.colours[name]] for name in names if name in wish.colours), None)


def _land(scene: Scene, rng: np.random.Generator, light: float) -> None:
    canvas, look_, wish, horizon = scene.canvas, scene.look, scene.wish, scene.horizon
    has, snowy = wish.elements.__contains__, "snow" in wish.elements
    green = _colour(wish, "hill", "mountain") or ((0.78, 0.52, 0.22) if has("autumn") else land.GRASS)
    leaf = _colour(wish, "forest") or ((0.86, 0.42, 0.14) if has("autumn") else (0.17, 0.36, 0.22))
    if has("space") and not wish.elements & {"mountain", "city", "sea", "lake", "hill", "desert"}:
        _planet(scene, rng)
        return
    water = bool(wish.elements & _WATER)
    if has("mountain"):
        land.mountains(canvas, look_, horizon + 0.012, rng, snowy=snowy, green=green, light=light)
    if has("hill") or (water and not wish.elements & {"sea", "beach", "mountain", "city"}):
        land.hills(canvas, look_, horizon + (0.02 if has("mountain") else 0), land.SNOW if snowy else green, rng)
    if has("city"):
        land.city(canvas, look_, horizon + 0.01, rng)
    if has("forest") and water:
        land.forest(canvas, look_, horizon - 0.005, leaf, rng, rows=2, snowy=snowy)
    if water or (has("city") and has("rain")):
        _water(scene)
        if wish.elements & {"beach", "river"}:
            sand = land.SAND if has("beach") else (land.SNOW if snowy else green)
            canvas.plane("shore", 0.8)
            edge = land.rolling(
                canvas, look_, 0.84 if has("beach") else 0.88, sand, rng, depth=0.0, bump=0.05, cells=0.7
            )
            foam = np.exp(-((canvas.y - edge[None, :] + 0.004) ** 2) / 0.00006) * 0.8
            canvas.blend(look_.lit((0.96, 0.98, 1.0)), np.asarray(foam, np.float32))
        return
    if has("desert"):
        land.dunes(canvas, look_, horizon, rng, light)
        return
    floor = land.SNOW if snowy else (0.34, 0.36, 0.38) if has("city") else green
    if has("mountain") and not has("forest") and not has("city"):
        land.forest(canvas, look_, horizon - 0.01, leaf, rng, rows=2, snowy=snowy, size=0.42)
    land.ground(canvas, look_, horizon, floor, rng)
    if has("forest"):
        land.forest(canvas, look_, horizon + 0.02, leaf, rng, rows=3, snowy=snowy)
        canvas.plane("ground", 0.9)
        land.rolling(canvas, look_, horizon + 0.14, times(floor, 0.98), rng, depth=0.0, bump=0.02, cells=0.9)


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


def _subjects(scene: Scene, rng: np.random.Generator) -> None:
    canvas, wish = scene.canvas, scene.wish
    backdrop = (
        "lighthouse",
        "house",
        "tree",
        "boat",
        "balloon",
        "rocket",
        "bird",
        "car",
        "fish",
        "person",
        "robot",
        "dog",
        "cat",
        "rabbit",
        "fox",
    )
    ordered = sorted(wish.subjects[:5], key=backdrop.index)
    main = next((s for s in wish.subjects if s not in ("tree", "house", "lighthouse")), ordered[0] if ordered else "")
    others = [name for name in ordered if name != main]
    slots = list(rng.permutation([0.22, 0.8, 0.34, 0.68]))
    for name in ordered:
        painter, share = _PAINTERS[name]
        lead = name == main
        across = (0.5 + float(rng.uniform(-0.13, 0.13))) if lead else float(slots[others.index(name)])
        if lead and "robot" in name and "watering" in wish.actions:
            across = 0.36
        size = share * float(rng.uniform(0.88, 1.08)) * (1.0 if lead else 0.72) * min(canvas.aspect / 0.9, 1.0)
        over_water = bool(wish.elements & _WATER) and not wish.elements & {"beach", "river"}
        y = 0.93 if lead else scene.horizon + 0.16
        if name in _ALOFT:
            y = scene.horizon * (0.98 if name == "rocket" else 0.9) if lead else scene.horizon * 0.62
        elif name == "fish":
            y = 0.74 if scene.underwater else 0.97
        elif name == "boat":
            y, size = scene.horizon + (0.13 if lead else 0.07), size * (1.0 if lead else 0.7)
        elif name in ("house", "lighthouse"):
            y = scene.horizon + (0.16 if lead else 0.1)
        elif name == "tree":
            y = 0.88 if lead else scene.horizon + 0.2
        if over_water and name in ("fox", "cat", "dog", "rabbit", "person", "robot", "car", "house", "tree"):
            _bank(scene, rng, y)
        canvas.plane(f"subject {name}", 1.0 if lead else 0.7)
        hair = 0.5 if name in _FURRY else -1.0 if name == "house" and "snow" in wish.elements else 0.0
        brush = Brush(
            canvas, scene.look, canvas.aspect * across, y, size, bool(rng.random() < 0.5) and name != "robot", rng, hair
        )
        tint = _colour(wish, name) or (
            (0.97, 0.72, 0.80)
            if name == "tree" and "sakura" in wish.elements
            else (0.88, 0.46, 0.16)
            if name == "tree" and "autumn" in wish.elements
            else None
        )
        if name == "house" and "snow" in wish.elements:
            things.firs(brush)
        if name == "robot":
            painter = partial(things.robot, watering="watering" in wish.actions)
        painter(brush, tint)
        if name == "bird" and lead:
            _flock(scene, rng)


def _bank(scene: Scene, rng: np.random.Generator, y: float) -> None:
    canvas = scene.canvas
    canvas.plane("bank", 0.9)
    colour = land.SNOW if "snow" in scene.wish.elements else land.SAND if "sea" in scene.wish.elements else land.GRASS
    land.rolling(canvas, scene.look, min(y - 0.05, 0.86), colour, rng, depth=0.0, bump=0.03, cells=0.8)


def _flock(scene: Scene, rng: np.random.Generator) -> None:
    for _ in range(6):
        x, y, s = (
            float(rng.uniform(0.05, 0.95)) * scene.canvas.aspect,
            float(rng.uniform(0.08, 0.5)) * scene.horizon,
            float(rng.uniform(0.012, 0.024)),
        )
        for side in (-1, 1):
            wing = stroke(
                curve([(x, y), (x + side * s, y - s * 0.7), (x + side * s * 2, y - s * 0.1)], closed=False),
                s * 0.2,
                s * 0.05,
            )
            scene.canvas.fill(wing, scene.look.shaded((0.4, 0.42, 0.5)), 0.9)


def _petals(wish: Wish) -> list[Colour]:
    if named := _colour(wish, "flower"):
        return [named, mix(named, (1, 1, 1), 0.35)]
    return [(0.94, 0.36, 0.45), (0.98, 0.82, 0.36), (0.96, 0.95, 0.94), (0.66, 0.48, 0.86)]


def _near(scene: Scene, rng: np.random.Generator) -> None:
    canvas, wish, look_ = scene.canvas, scene.wish, scene.look
    if scene.underwater or "space" in wish.elements or "snow" in wish.elements:
        return
    if "flower" in wish.elements:
        top = 0.86 if wish.elements & _WATER else scene.horizon + 0.16
        if wish.elements & _WATER:
            canvas.plane("bank", 0.9)
            land.rolling(canvas, look_, 0.85, land.GRASS, rng, depth=0.0, bump=0.02)
        land.grass(canvas, look_, land.GRASS, rng, top + 0.05)
        land.flowers(canvas, look_, top, _petals(wish), rng)
    elif "hill" in wish.elements and not wish.elements & (_WATER | {"desert", "city"}):
        land.grass(canvas, look_, times(land.GRASS, 0.9), rng, 0.93)


def _weather(scene: Scene, rng: np.random.Generator) -> None:
    canvas, wish = scene.canvas, scene.wish
    if "fog" in wish.elements:
        veil = (
            canvas.noise(rng, 1.6, 5, stretch=3) * 0.9 * np.clip(1.15 - np.abs(canvas.y - scene.horizon) * 1.6, 0.15, 1)
        )
        canvas.blend(mix(scene.look.haze, (1, 1, 1), 0.1), np.asarray(np.clip(veil * 1.25, 0, 0.85), np.float32))
    if "rain" in wish.elements:
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
    if "snow" in wish.elements:
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


def _finish(scene: Scene, rng: np.random.Generator) -> None:
    """Develop the picture: a little contrast, vignette and grain."""
    canvas = scene.canvas
    if scene.look.photo:
        away = ((canvas.x / canvas.aspect - 0.5) ** 2 + (canvas.y - 0.5) ** 2) * 2
        canvas.rgb[:] *= (1 - 0.26 * away**1.4)[..., None].astype(np.float32)
        grain = rng.standard_normal((canvas.height, canvas.width), dtype=np.float32) * 0.012
        canvas.rgb[:] += grain[..., None]
    else:  # less than one step of eight bits: no bands in smooth skies
        canvas.rgb[:] += rng.uniform(-0.002, 0.002, (canvas.height, canvas.width, 1)).astype(np.float32)
