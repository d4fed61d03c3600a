"""A smaller version of an image or a video, written to another file. Runs in a child process."""

from fractions import Fraction
from pathlib import Path

from bot.isolation.child import Unparsable

_QUALITIES = (88, 75)
_LARGEST_SIDE = 8192  # pixels; larger images are reduced to it first, to save memory
_SMALLEST_SIDE = 96  # pixels; smaller images are unrecognisable
_THREADS = 4  # of a decoder or an encoder; each takes memory
_AUDIO_BITS = 96_000
_LEAST_BITS = 48_000  # bits per second; below this, video is unrecognisable
_BITS_PER_PIXEL = 0.06  # of H.264 at acceptable quality
_HEIGHTS = (1080, 720, 480, 360, 240, 144)


def shrink(_data: bytes, *, source: str, target: str, content_type: str, limit: int) -> tuple[str, bytes]:
    """Write a version of `source` of at most `limit` bytes to `target`; return its content type and nothing else.

    Raises `Unparsable`: "too_large" if no acceptable version is small enough.
    """
    work = _shrink_image if content_type.startswith("image/") else _shrink_video
    made = work(Path(source), Path(target), limit)
    if not made:
        raise Unparsable("too_large")
    return made, b""


def _shrink_image(source: Path, target: Path, limit: int) -> str:
    """Lower the quality, then the size, until it fits; return the content type, or "". Skips animated images."""
    from PIL import Image, ImageOps

    with Image.open(source) as opened:
        if getattr(opened, "is_animated", False):
            return ""
        opened.draft("RGB", (_LARGEST_SIDE, _LARGEST_SIDE))
        opened.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
        clear = opened.mode in {"RGBA", "LA", "PA"} or "transparency" in opened.info
        image = ImageOps.exif_transpose(opened.convert("RGBA" if clear else "RGB"))
    form, content_type = ("WEBP", "image/webp") if clear else ("JPEG", "image/jpeg")
    width, height = image.size
    scale = 1.0
    while scale == 1 or min(width, height) * scale >= _SMALLEST_SIDE:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        scaled = image if scale == 1 else image.resize(size, Image.Resampling.LANCZOS)
        for quality in _QUALITIES:
            scaled.save(target, form, quality=quality)
            if target.stat().st_size <= limit:
                return content_type
        scale *= 0.75
    return ""


def _shrink_video(source: Path, target: Path, limit: int) -> str:
    """Re-encode at the bitrate that `limit` allows, scaled down accordingly; the audio stays."""
    import av

    with av.open(str(source)) as container:
        duration = (container.duration or 0) / av.time_base
        has_audio = bool(container.streams.audio)
    if duration <= 0:
        return ""
    audio = _AUDIO_BITS if has_audio else 0
    for share in (0.9, 0.7, 0.5):
        bits = int(limit * 8 * share / duration - audio)
        if bits < _LEAST_BITS:
            return ""
        _encode(source, target, bits)
        if target.stat().st_size <= limit:
            return "video/mp4"
    return ""


def _encode(source: Path, target: Path, bits: int) -> None:
    import av
    from av.audio.frame import AudioFrame
    from av.video.frame import VideoFrame

    with av.open(str(source)) as old, av.open(str(target), "w", format="mp4", options={"movflags": "faststart"}) as new:
        picture = old.streams.video[0]
        picture.codec_context.thread_count = _THREADS
        rate = picture.average_rate or Fraction(25)
        width, height = scaled_size(picture.width, picture.height, float(rate), bits)
        limits = {"preset": "veryfast", "maxrate": str(bits), "bufsize": str(2 * bits)}
        video = new.add_stream("libx264", rate=rate, width=width, height=height, pix_fmt="yuv420p", options=limits)
        video.bit_rate = bits
        video.codec_context.thread_count = _THREADS
        video.codec_context.time_base = picture.time_base or 1 / rate
        sound = old.streams.audio[0] if old.streams.audio else None
        audio = new.add_stream("aac", rate=sound.rate) if sound else None
        if audio is not None:
            audio.bit_rate = _AUDIO_BITS
        for frame in old.decode(*([picture, sound] if sound else [picture])):
            if isinstance(frame, VideoFrame):
                small = frame.reformat(width=width, height=height, format="yuv420p")
                small.pts, small.time_base = frame.pts, frame.time_base
                new.mux(video.encode(small))
            elif audio is not None and isinstance(frame, AudioFrame):
                new.mux(audio.encode(frame))
        new.mux(video.encode(None))
        if audio is not None:
            new.mux(audio.encode(None))


def scaled_size(width: int, height: int, rate: float, bits: int) -> tuple[int, int]:
    """Return the largest even size, at most the original, for which `bits` per second are enough."""
    tall = height
    for candidate in (height, *(h for h in _HEIGHTS if h < height)):
        tall = candidate
        if width * candidate * candidate / height * rate * _BITS_PER_PIXEL <= bits:
            break
    return max(2, round(width * tall / height) // 2 * 2), max(2, tall // 2 * 2)
