"""Small previews of pictures, by the best method that the terminal has."""

import base64
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

PreviewMethod = Literal["off", "kitty", "iterm", "blocks"]

_COLUMNS = 32
_PIXELS = 640  # the longer side of a picture sent to the terminal
_CHUNK = 4096


def detect_method(environment: Mapping[str, str]) -> PreviewMethod:
    """Return the best method of this terminal: its picture protocol, coloured half blocks, or none."""
    term = environment.get("TERM", "")
    program = environment.get("TERM_PROGRAM", "").lower()
    is_wrapped = "TMUX" in environment or term.startswith(("screen", "tmux"))  # they pass no pictures on
    if not is_wrapped:
        if "KITTY_WINDOW_ID" in environment or "kitty" in term or program == "ghostty":
            return "kitty"
        if program in {"iterm.app", "wezterm", "vscode"} or environment.get("LC_TERMINAL") == "iTerm2":
            return "iterm"
    has_colours = environment.get("COLORTERM") in {"truecolor", "24bit"} or "256color" in term
    return "blocks" if has_colours and "NO_COLOR" not in environment else "off"


def preview(path: Path, how: PreviewMethod, *, true_colour: bool = True) -> str:
    """Return the picture as terminal output; "" when it can't be read or Pillow is missing. Reads a file."""
    if how == "off":
        return ""
    try:
        from PIL import Image
    except ImportError:
        return ""
    try:
        with Image.open(path) as image:
            if image.width * image.height > Image.MAX_IMAGE_PIXELS:  # type: ignore[operator]
                return ""
            image.draft("RGB", (_PIXELS, _PIXELS))
            if how == "blocks":
                image.thumbnail((_COLUMNS, _COLUMNS))
                return _blocks(image.convert("RGB"), true_colour=true_colour)
            image.thumbnail((_PIXELS, _PIXELS))
            file = io.BytesIO()
            image.convert("RGBA").save(file, "PNG")
    except (OSError, ValueError, Image.DecompressionBombError):
        return ""
    return _kitty(file.getvalue()) if how == "kitty" else _iterm(file.getvalue())


def _kitty(png: bytes) -> str:
    data = base64.b64encode(png).decode()
    chunks = [data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)]
    sent = []
    for index, chunk in enumerate(chunks):
        keys = f"a=T,f=100,q=2,c={_COLUMNS}," if index == 0 else ""
        sent.append(f"\x1b_G{keys}m={int(index < len(chunks) - 1)};{chunk}\x1b\\")
    return "".join(sent) + "\n"


def _iterm(png: bytes) -> str:
    data = base64.b64encode(png).decode()
    return f"\x1b]1337;File=inline=1;width={_COLUMNS};preserveAspectRatio=1;size={len(png)}:{data}\x07\n"


def _blocks(image: "Image.Image", *, true_colour: bool) -> str:  # type: ignore[name-defined] # noqa: F821
    """Return two pixels per character: the upper in the foreground colour, the lower in the background colour."""
    pixels = image.load()
    lines = []
    for y in range(0, image.height - 1, 2):
        cells = [
            f"{_colour(38, pixels[x, y], true_colour)}{_colour(48, pixels[x, y + 1], true_colour)}▀"
            for x in range(image.width)
        ]
        lines.append("".join(cells) + "\x1b[0m\n")
    return "".join(lines)


def _colour(layer: int, rgb: tuple[int, int, int], true_colour: bool) -> str:
    red, green, blue = rgb
    if true_colour:
        return f"\x1b[{layer};2;{red};{green};{blue}m"
    return f"\x1b[{layer};5;{16 + 36 * round(red / 51) + 6 * round(green / 51) + round(blue / 51)}m"
