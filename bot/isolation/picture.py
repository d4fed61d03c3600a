"""A picture in the size that models look at. Runs in a child process."""

from io import BytesIO

from bot.isolation.child import Unparsable

_QUALITIES = (85, 70, 50)


def shrink(data: bytes, *, side: int, limit: int) -> tuple[str, bytes]:
    """Return the content type and the picture as a JPEG of at most `side` pixels in each direction and `limit` bytes.

    Of an animation it is the first frame; what is transparent becomes white. Raises `Unparsable`: "memory", "damaged".
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(BytesIO(data)) as opened:
            opened.draft("RGB", (side, side))  # a JPEG is decoded in about this size
            has_alpha = opened.mode in {"RGBA", "LA", "PA", "P"}
            image = opened.convert("RGBA") if has_alpha else opened
            image.thumbnail((side, side))
            if has_alpha:
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
            image = ImageOps.exif_transpose(image.convert("RGB"))
    except Image.DecompressionBombError as exc:
        raise Unparsable("memory") from exc
    while min(image.size) > 1:
        for quality in _QUALITIES:
            out = BytesIO()
            image.save(out, "JPEG", quality=quality)
            if out.tell() <= limit:
                return "image/jpeg", out.getvalue()
        image = image.resize((max(1, image.width // 2), max(1, image.height // 2)))
    raise Unparsable("damaged")
