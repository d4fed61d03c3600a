"""Images from words."""

import io

import numpy as np
from PIL import Image, PngImagePlugin

from sandbox.media.render.scene import paint


def render_image(prompt: str, *, width: int, height: int, style: str, index: int) -> tuple[bytes, str]:
    """Return the bytes and content type of an image of the things that `prompt` names, labelled as the sandbox's.

    `style` is photo-realistic, digital-art or anime; any other is painted photo-realistic. Each `index` is another
    composition. The same for the same arguments; the composition does not depend on the size. Raises `ValueError` for a
    size that is not positive.
    """
    if width <= 0 or height <= 0:
        raise ValueError("The width and height of a picture must be greater than zero.")
    scene = paint(prompt, width=width, height=height, style=style, index=index)
    pixels = (np.clip(scene.canvas.rgb, 0, 1) * 255 + 0.5).astype(np.uint8)
    about = PngImagePlugin.PngInfo()
    about.add_text("Software", "sandbox")
    about.add_itxt("Description", prompt)
    about.add_itxt("Comment", f"sandbox picture, style {style}, index {index}")
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", pnginfo=about, compress_level=1)
    return file.getvalue(), "image/png"
