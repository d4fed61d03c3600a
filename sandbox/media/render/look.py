"""Light and colour of a scene, from the time of day, the weather and the style."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from sandbox.media.prompt_words import VisualPrompt
from sandbox.media.render.canvas import Colour, mix, times

COLOURS: dict[str, Colour] = {
    "red": (0.84, 0.18, 0.15), "orange": (0.95, 0.52, 0.14), "yellow": (0.97, 0.82, 0.25), "green": (0.26, 0.62, 0.30),
    "blue": (0.20, 0.42, 0.82), "purple": (0.52, 0.30, 0.72), "pink": (0.96, 0.56, 0.70), "white": (0.95, 0.95, 0.94),
    "black": (0.13, 0.13, 0.15), "grey": (0.58, 0.60, 0.63), "brown": (0.48, 0.31, 0.19), "gold": (0.93, 0.72, 0.26),
    "teal": (0.16, 0.62, 0.64),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """The light of an image."""

    style: str
    hour: str
    sky: tuple[tuple[float, Colour], ...]  #: from the zenith (0) to the horizon (1)
    haze: Colour  #: what distance fades into
    light: Colour  #: multiplies what the light falls on
    shade: Colour  #: multiplies what it does not
    sun: Colour
    wet: bool  #: rain or fog: the far is grey

    @property
    def photo(self) -> bool:
        """Soft light and texture."""
        return self.style == "photo-realistic"

    @property
    def anime(self) -> bool:
        """Outlines and cel shading."""
        return self.style == "anime"

    @property
    def dark(self) -> bool:
        """Whether windows are lit and stars may show."""
        return self.hour in ("night", "dusk")

    def lit(self, colour: Colour, depth: float = 0.0) -> Colour:
        """Return `colour` in this light, `depth` (0 near to 1 at the horizon) of the way into the haze."""
        return mix(times(colour, self.light), self.haze, depth)

    def shaded(self, colour: Colour, depth: float = 0.0) -> Colour:
        """Return `colour` out of the light."""
        return mix(times(colour, self.shade), self.haze, depth)


_HOURS: dict[str, tuple[tuple[tuple[float, Colour], ...], Colour, Colour, Colour, Colour]] = {
    # sky, haze, light, shade, sun
    "day": (
        ((0, (0.15, 0.40, 0.78)), (0.5, (0.38, 0.64, 0.91)), (0.85, (0.66, 0.83, 0.95)), (1, (0.84, 0.92, 0.96))),
        (0.74, 0.85, 0.93), (1.0, 0.98, 0.93), (0.55, 0.62, 0.74), (1.0, 0.97, 0.86),
    ),
    "dawn": (
        ((0, (0.33, 0.43, 0.68)), (0.45, (0.66, 0.62, 0.78)), (0.75, (0.96, 0.75, 0.70)), (1, (1.0, 0.88, 0.70))),
        (0.96, 0.80, 0.74), (1.0, 0.86, 0.76), (0.52, 0.50, 0.66), (1.0, 0.90, 0.70),
    ),
    "sunset": (
        ((0, (0.17, 0.18, 0.42)), (0.35, (0.46, 0.27, 0.52)), (0.62, (0.86, 0.40, 0.40)),
         (0.84, (1.0, 0.62, 0.33)), (1, (1.0, 0.83, 0.50))),
        (0.95, 0.62, 0.45), (0.96, 0.66, 0.50), (0.34, 0.26, 0.42), (1.0, 0.90, 0.62),
    ),
    "dusk": (
        ((0, (0.07, 0.10, 0.27)), (0.45, (0.20, 0.20, 0.44)), (0.78, (0.52, 0.35, 0.55)), (1, (0.90, 0.58, 0.52))),
        (0.50, 0.38, 0.54), (0.50, 0.46, 0.62), (0.22, 0.21, 0.36), (1.0, 0.80, 0.66),
    ),
    "night": (
        ((0, (0.012, 0.022, 0.075)), (0.5, (0.035, 0.07, 0.18)), (0.85, (0.08, 0.14, 0.29)), (1, (0.13, 0.21, 0.36))),
        (0.11, 0.18, 0.31), (0.30, 0.37, 0.55), (0.10, 0.13, 0.25), (0.90, 0.93, 1.0),
    ),
}  # fmt: skip


def look(wanted: VisualPrompt, style: str, index: int) -> Look:
    """Choose the light for a prompt; an unknown style is painted photo-realistic."""
    style = style if style in ("digital-art", "anime") else "photo-realistic"
    hour = wanted.time or _usual(wanted, index)
    sky, haze, light, shade, sun = _HOURS[hour]
    out = Look(style, hour, sky, haze, light, shade, sun, wet=bool(wanted.elements & {"rain", "fog", "lightning"}))
    if "space" in wanted.elements:
        out = replace(out, light=(1.0, 0.97, 0.94), shade=(0.32, 0.34, 0.5))
    elif "lightning" in wanted.elements:
        out = _tinted(out, (0.24, 0.27, 0.33), 0.72)
    elif wanted.elements & {"rain", "fog"}:
        veil = {"night": (0.13, 0.16, 0.22), "dusk": (0.27, 0.28, 0.36), "sunset": (0.66, 0.55, 0.52)}.get(
            hour, (0.66, 0.71, 0.76)
        )
        out = _tinted(out, veil, 0.62 if "rainbow" not in wanted.elements else 0.3)
    elif "snow" in wanted.elements and hour == "day":
        out = _tinted(out, (0.80, 0.87, 0.94), 0.38)
    if tint := wanted.colours.get(""):
        out = _tinted(out, COLOURS[tint], 0.42)
    if out.style == "anime":
        return _vivid(out, 1.25, 0.05 if hour in ("day", "dawn") else 0.02)
    return _vivid(out, 1.4, 0.0) if out.style == "digital-art" else out


def _usual(wanted: VisualPrompt, index: int) -> str:
    """Return the hour for a prompt that names none: pictures of one prompt are taken at different hours."""
    if wanted.elements & {"star", "moon", "aurora", "space"} or "rocket" in wanted.subjects:
        return "night"
    if wanted.elements & {"city", "rain"} == {"city", "rain"}:
        return "dusk"
    return ("day", "dawn", "day", "sunset")[index % 4]


def _map(look_: Look, change: Callable[[Colour], Colour]) -> Look:
    return replace(look_, sky=tuple((at, change(colour)) for at, colour in look_.sky), haze=change(look_.haze))


def _tinted(look_: Look, veil: Colour, share: float) -> Look:
    changed = _map(look_, lambda colour: mix(colour, veil, share))
    bright = max(look_.light)
    return replace(changed, light=mix(look_.light, times(mix((1, 1, 1), veil, 0.5), bright), share * 0.7))


def _vivid(look_: Look, amount: float, lift: float) -> Look:
    def change(colour: Colour) -> Colour:
        grey = sum(colour) / 3
        r, g, b = (min(max(grey + (c - grey) * amount + lift, 0.0), 1.0) for c in colour)
        return (r, g, b)

    return _map(look_, change)
