"""What a painted scene is made of."""

from dataclasses import dataclass

from sandbox.media.prompt_words import Wish
from sandbox.media.render.canvas import Canvas, Colour
from sandbox.media.render.look import COLOURS, Look

WATER = frozenset({"sea", "beach", "lake", "river"})


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


def colour(wish: Wish, *names: str) -> Colour | None:
    """Return the colour the prompt gives to the first of `names` that it gives one."""
    return next((COLOURS[wish.colours[name]] for name in names if name in wish.colours), None)
