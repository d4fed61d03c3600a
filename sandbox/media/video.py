"""Videos from words or from one image: H.264 in MP4, encoded frame by frame."""

import io
from collections.abc import Callable, Iterator
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from sandbox.media import prompt_words
from sandbox.media.render.motion import film, fitted

FPS = 24
_STYLES = {
    "anime": "anime manga ghibli 動漫 动漫 動畫 动画 漫畫 漫画",
    "digital-art": "digital illustration cartoon vector flat poster 插畫 插画 數位 数字 卡通",
}
_PIXELS = 50_000_000  #: of a picture to start from; more would be a bomb, not a photograph

Frame = npt.NDArray[np.uint8]


def render_video(
    prompt: str,
    path: str,
    *,
    width: int,
    height: int,
    duration: float,
    image: bytes | None,
    progress: Callable[[float], None],
) -> None:
    """Write an MP4 of the moving scene that `prompt` names, or of a slow pan and zoom over `image`, to `path`.

    `width` and `height` in pixels, even; `duration` in seconds, exact to a frame of 1/24 s. `progress` is called with
    0 to 1 after every few frames. Raises `ValueError` for an odd or empty size, a duration that is not positive, or an
    image that can't be read or is too large.
    """
    if width < 2 or height < 2 or width % 2 or height % 2:  # noqa: PLR2004 - yuv420p halves both sides
        raise ValueError(f"The width and height of a video must be even numbers from 2 up, not {width}x{height}.")
    if duration <= 0:
        raise ValueError("The duration must be greater than zero seconds.")
    count = max(round(duration * FPS), 1)
    if image is None:
        style = next((hit.concept for hit in prompt_words.find(prompt, _STYLES)), "photo-realistic")
        frames = film(prompt, style, width, height, count, FPS)
    else:
        frames = _ken_burns(_opened(image), width, height, count, prompt_words.seed("video", prompt))
    progress(0.0)
    with av.open(path, "w", format="mp4", options={"movflags": "+faststart"}) as container:
        container.metadata.update({"title": prompt[:200], "comment": "sandbox", "artist": "sandbox"})
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "21"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, FPS)
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame = frame.reformat(width=width, height=height, format="yuv420p", interpolation="BICUBIC")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
            if number % 6 == 5:  # noqa: PLR2004 - four times for every second of film
                progress((number + 1) / count * 0.99)
        container.mux(stream.encode(None))
    progress(1.0)


def _opened(data: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > _PIXELS:
                raise ValueError(
                    f"The input image is too large: at most {_PIXELS // 1_000_000} megapixels can be used."
                )
            return picture.convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("The input image can't be read. Use a PNG, JPEG, WebP or GIF file.") from error


def _ken_burns(picture: Image.Image, width: int, height: int, count: int, seed: int) -> Iterator[Frame]:
    """Yield frames that drift and zoom over `picture`, cropped to the film's shape, starting and ending gently."""
    rng = np.random.default_rng(seed)
    work_width, work_height = fitted(width, height, 1920 * 1080)
    scale = max(work_width * 1.25 / picture.width, work_height * 1.25 / picture.height)
    if scale < 1:
        picture = picture.resize(
            (round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS
        )
    full_width = min(picture.width, picture.height * work_width / work_height)
    full_height = full_width * work_height / work_width
    zooms = (1.0, 0.82) if rng.random() < 0.5 else (0.82, 1.0)  # noqa: PLR2004 - towards or away
    # What a picture shows stands in its lower half.
    starts, ends = rng.uniform((0.15, 0.7), (0.5, 0.8)), rng.uniform((0.5, 0.75), (0.85, 0.85))
    for number in range(count):
        t = number / max(count - 1, 1)
        t = t * 0.7 + t * t * (3 - 2 * t) * 0.3
        zoom = zooms[0] + (zooms[1] - zooms[0]) * t
        wide, tall = full_width * zoom, full_height * zoom
        left, top = (np.array([picture.width - wide, picture.height - tall]) * (starts + (ends - starts) * t)).tolist()
        part = (max(left, 0), max(top, 0), min(left + wide, picture.width), min(top + tall, picture.height))
        yield np.asarray(picture.resize((work_width, work_height), Image.Resampling.BICUBIC, box=part))
