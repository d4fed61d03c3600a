"""Parts of a painted scene."""

from dataclasses import dataclass

from sandbox.media.prompt_words import VisualPrompt
from sandbox.media.render.canvas import Canvas, Colour
from sandbox.media.render.look import COLOURS, Look

WATER = frozenset({"sea", "beach", "lake", "river"})


@dataclass(frozen=True, slots=True)
class Scene:
    """A painted image, and the planes that a video moves."""

    canvas: Canvas
    look: Look
    wanted: VisualPrompt
    horizon: float
    sun: tuple[float, float]
    calm: bool  #: still water
    underwater: bool
    tint: Colour | None  #: of the water
    indoors: bool = False  #: before a wall, on a table


def colour(wanted: VisualPrompt, *names: str) -> Colour | None:
    """Return the colour the prompt gives to the first of `names` that it gives one."""
    return next((COLOURS[wanted.colours[name]] for name in names if name in wanted.colours), None)
