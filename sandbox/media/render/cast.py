"""Placement of the subjects: which, how large and where."""

from collections.abc import Callable
from functools import partial

import numpy as np

from sandbox.media.prompt_words import DESIGNS, DISHES, VisualPrompt
from sandbox.media.render.brush import Brush
from sandbox.media.render.canvas import Colour, curve, stroke
from sandbox.media.render.figures import animals, designs, dishes, things, wings
from sandbox.media.render.scenery import buildings, land
from sandbox.media.render.stage import WATER, Scene, colour

#: subject → painter, height as a share of the picture
PAINTERS: dict[str, tuple[Callable[[Brush, Colour | None], None], float]] = {
    "fox": (animals.fox, 0.46), "cat": (animals.cat, 0.48), "dog": (animals.dog, 0.48),
    "rabbit": (animals.rabbit, 0.40), "bird": (wings.bird, 0.26), "fish": (wings.fish, 0.40),
    "robot": (things.robot, 0.54), "person": (things.person, 0.40), "tree": (things.tree, 0.62),
    "rocket": (things.rocket, 0.56), "car": (things.car, 0.30), "house": (buildings.house, 0.30),
    "boat": (buildings.boat, 0.30), "lighthouse": (buildings.lighthouse, 0.50), "balloon": (buildings.balloon, 0.38),
    "flag": (designs.flag, 0.62), "logo": (designs.logo, 0.76), "map": (designs.treasure_map, 0.66),
    "diagram": (designs.diagram, 0.66), "card": (designs.card, 0.60), "portrait": (designs.portrait, 0.86),
    "pizza": (dishes.pizza, 0.56), "cake": (dishes.cake, 0.60), "bowl": (dishes.bowl, 0.56), "cup": (dishes.cup, 0.52),
    "bottle": (dishes.bottle, 0.66),
}  # fmt: skip
#: from the far to the near
_BACK_TO_FRONT = (
    "lighthouse", "house", "tree", "flag", "boat", "balloon", "rocket", "bird", "car",
    "fish", "person", "robot", "dog", "cat", "rabbit", "fox",
    "portrait", "logo", "map", "diagram", "card", "bottle", "cake", "bowl", "pizza", "cup",
)  # fmt: skip
#: by the distance of the camera
_SCALES = {"near": 1.25, "": 1.0, "far": 0.65}
_FURRY = frozenset({"fox", "cat", "dog", "rabbit"})
_ALOFT = frozenset({"bird", "rocket", "balloon"})
_ON_LAND = frozenset({"fox", "cat", "dog", "rabbit", "person", "robot", "car", "house", "tree", "flag"})


def subjects(scene: Scene, rng: np.random.Generator) -> None:
    """Paint the first five subjects of the prompt, the first living or moving one as the lead."""
    if scene.indoors:
        _still_life(scene, rng)
        return
    canvas, wanted = scene.canvas, scene.wanted
    ordered = sorted(wanted.subjects[:5], key=_BACK_TO_FRONT.index)
    main = next((s for s in wanted.subjects if s not in ("tree", "house", "lighthouse")), ordered[0] if ordered else "")
    slots = [float(slot) for slot in rng.permutation([0.22, 0.8, 0.34, 0.68])]
    for name in ordered:
        share = PAINTERS[name][1]
        lead, watering, snowy = name == main, "watering" in wanted.actions, "snow" in wanted.elements
        across = float(rng.uniform(0.30, 0.70)) if lead else slots.pop()
        if lead and name == "robot" and watering:
            across = 0.36
        elif name == "flag":
            across = min(across, 0.5)
        size = share * float(rng.uniform(0.88, 1.08)) * (1.0 if lead else 0.72) * min(canvas.aspect / 0.9, 1.0)
        size *= _SCALES[wanted.distance]
        y = _foot(scene, name, lead=lead)
        if name == "boat" and not lead:
            size *= 0.7
        elif name in DISHES:  # in a landscape, beside what it is for
            size, y = size * 0.45, max(y, 0.9)
        if name in _ON_LAND and wanted.elements & WATER and not wanted.elements & {"beach", "river"}:
            _bank(scene, rng, y)
        canvas.plane(f"subject {name}", 1.0 if lead else 0.7)
        flip = bool(rng.integers(2)) and name != "robot"
        hair = 0.5 if name in _FURRY else 0.0
        brush = Brush(canvas, scene.look, canvas.aspect * across, y, size, flip, rng, hair)
        if name == "house" and snowy:
            buildings.firs(brush)
        _painter(wanted, name)(brush, colour(wanted, name) or _season(wanted, name))
        if name == "bird" and lead:
            _flock(scene, rng)


def _painter(wanted: VisualPrompt, name: str) -> Callable[[Brush, Colour | None], None]:
    if name == "house":
        return partial(buildings.house, snowy="snow" in wanted.elements)
    if name == "robot":
        return partial(things.robot, watering="watering" in wanted.actions)
    return PAINTERS[name][0]


def _still_life(scene: Scene, rng: np.random.Generator) -> None:
    """Paint the design, dish or face that the prompt is about, and what else it names beside it or inside it."""
    canvas, cast = scene.canvas, scene.wanted.subjects[:4]
    others = tuple(name for name in cast if name not in {"portrait", "person"})
    if "portrait" in cast:  # of a cat, perhaps
        cast = others or ("portrait",)
    main = next((name for name in cast if name in DESIGNS), cast[0])
    aside = [name for name in dict.fromkeys(cast) if name != main]
    painter, share = PAINTERS[main]
    size = share * min(canvas.aspect / 1.15, 1.0) * (1.0 if main in DESIGNS | DISHES else 1.9)
    middle = canvas.aspect / 2
    foot = 0.5 + size * 0.5 if main in {"logo", "map", "diagram"} else (1.0 if main == "portrait" else 0.86)
    if main not in DESIGNS | DISHES:
        foot = 1.2
    canvas.plane(f"subject {main}", 1.0)
    brush = partial(Brush, canvas, scene.look, flip=False, rng=rng)
    inside = main == "logo"
    if aside and not inside:
        middle -= canvas.aspect * 0.10
        for number, name in enumerate(aside[:2]):
            beside, part = PAINTERS[name]
            x = canvas.aspect * (0.82 - 0.64 * number)
            beside(brush(x=x, y=foot - 0.05, size=part * 0.55 * min(canvas.aspect, 1.0)), colour(scene.wanted, name))
    painter(brush(x=middle, y=foot, size=size, fur=0.5 if main in _FURRY else 0.0), colour(scene.wanted, main))
    if inside:
        motif = PAINTERS[aside[0]][0] if aside else designs.emblem
        tint = colour(scene.wanted, aside[0]) if aside else colour(scene.wanted, main)
        motif(brush(x=middle, y=foot - size * 0.30, size=size * 0.44), tint)


def _foot(scene: Scene, name: str, *, lead: bool) -> float:
    """Return the height at which a subject stands, swims or flies."""
    horizon = scene.horizon
    if name in _ALOFT:
        return horizon * ((0.98 if name == "rocket" else 0.9) if lead else 0.62)
    if name == "fish":
        return 0.74 if scene.underwater else 0.97
    beyond = {"boat": (0.13, 0.07), "house": (0.16, 0.1), "lighthouse": (0.16, 0.1), "tree": (0.3, 0.2)}
    if name in beyond:
        return horizon + beyond[name][0 if lead else 1]
    return 0.93 if lead else horizon + 0.16


def _season(wanted: VisualPrompt, name: str) -> Colour | None:
    if name != "tree":
        return None
    return (
        (0.97, 0.72, 0.80)
        if "sakura" in wanted.elements
        else (0.88, 0.46, 0.16)
        if "autumn" in wanted.elements
        else None
    )


def _bank(scene: Scene, rng: np.random.Generator, y: float) -> None:
    canvas = scene.canvas
    canvas.plane("bank", 0.9)
    colour = (
        land.SNOW if "snow" in scene.wanted.elements else land.SAND if "sea" in scene.wanted.elements else land.GRASS
    )
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
