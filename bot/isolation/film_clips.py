"""Pictures and sound of one clip, decoded piece by piece. Imported in a child process only.

A clip may have any codec, size, frame rate and time base, with or without sound. Its readers yield pictures of one size
at one rate, and blocks of stereo sound at `RATE`, and hold one piece at a time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.filter import Graph
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from bot.isolation.child import Unparsable

#: A picture as YUV 4:2:0, the three planes one after another.
Picture = NDArray[np.uint8]
#: Stereo sound: two rows of samples from -1 to 1.
Block = NDArray[np.float32]

RATE = 48_000  #: samples a second
THREADS = 2  #: of a decoder or an encoder; each takes memory
_MOST_PIXELS = 8192 * 4320
_LEAST_SHARE = 0.9  #: of the time in a clip's header, below which the clip is cut
_SILENT = -60.0  #: LUFS, below which there is nothing to hear
_BLACK, _GREY = 16, 128


@dataclass(frozen=True, slots=True)
class ClipMeasure:
    """Properties of a clip, found by reading it to its end."""

    seconds: float
    width: int  #: pixels, as they are to be shown
    height: int
    loudness: float | None  #: LUFS; None: there is no sound, or it is silent


def measure(path: str, container: str, most_seconds: float) -> ClipMeasure:
    """Read a clip to its end. Raises `Unparsable`: "damaged", "cut", "too_long", "too_large" or "no_picture"."""
    with _open_clip(path, container) as clip:
        if not clip.streams.video:
            raise Unparsable("no_picture" if clip.streams.audio else "damaged")
        stream = clip.streams.video[0]
        if stream.width * stream.height > _MOST_PIXELS:
            raise Unparsable("too_large")
        start, end = None, 0
        for packet in clip.demux(stream):
            if packet.pts is not None:
                start = packet.pts if start is None else min(start, packet.pts)
                end = max(end, packet.pts + (packet.duration or 0))
        seconds = float((end - (start or 0)) * (stream.time_base or 0))
        promised = (clip.duration or 0) / av.time_base
        width, height = max(round(stream.width * (stream.sample_aspect_ratio or 1)), 2), stream.height
    if seconds <= 0:
        raise Unparsable("damaged")
    if max(seconds, promised) > most_seconds:
        raise Unparsable("too_long")
    if seconds < promised * _LEAST_SHARE:
        raise Unparsable("cut")
    return ClipMeasure(seconds, width, height, measure_loudness(path, container))


def measure_loudness(path: str, container: str) -> float | None:
    """Return the loudness of a file's sound by EBU R 128, in LUFS; None: there is none. Raises `Unparsable`."""
    graph = Graph()
    source = graph.add("abuffer", f"sample_rate={RATE}:sample_fmt=fltp:channel_layout=stereo:time_base=1/{RATE}")
    meter, sink = graph.add("ebur128", "metadata=1"), graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    loudness, at = _SILENT, 0
    for frame in _sound_frames(path, container, RATE // 10):
        frame.pts = at
        at += frame.samples
        graph.push(frame)
        while True:
            try:
                measured = graph.pull()
            except av.error.BlockingIOError:
                break
            loudness = float(measured.metadata.get("lavfi.r128.I", loudness))
    return loudness if loudness > _SILENT else None


def read_pictures(path: str, container: str, width: int, height: int, rate: int) -> Iterator[Picture]:
    """Yield `rate` pictures a second of `width` by `height`, with black bars where the shape differs.

    The last one is repeated for ever. Raises `Unparsable`: "damaged" or "too_large".
    """
    tick, start, time = 0, 0.0, 0.0
    frame: VideoFrame | None = None
    picture: Picture | None = None
    with _open_clip(path, container) as clip:
        stream = clip.streams.video[0]
        stream.codec_context.thread_count = THREADS
        aspect = float(stream.sample_aspect_ratio or 1)
        for new in clip.decode(stream):
            if new.width * new.height > _MOST_PIXELS:
                raise Unparsable("too_large")
            time = time + 1 / rate if new.time is None else new.time
            start = time if frame is None else start
            while frame is not None and (tick + 0.5) / rate < time - start:
                picture = _fit(frame, aspect, width, height) if picture is None else picture
                yield picture
                tick += 1
            frame, picture = new, None
        if frame is None:
            raise Unparsable("damaged")
        picture = _fit(frame, aspect, width, height)
    while True:
        yield picture


def read_sound(path: str, container: str, size: int) -> Iterator[Block]:
    """Yield a file's sound in blocks of `size` samples, the last filled up with silence. Raises `Unparsable`."""
    for frame in _sound_frames(path, container, size):
        block = frame.to_ndarray()
        yield np.pad(block, ((0, 0), (0, size - block.shape[1])))


def black(width: int, height: int) -> Picture:
    """Return a black picture."""
    picture = np.full(width * height * 3 // 2, _GREY, np.uint8)
    picture[: width * height] = _BLACK
    return picture


def planes(picture: Picture, width: int, height: int) -> tuple[Picture, Picture, Picture]:
    """Return views of a picture's three planes; the second and third have half of the width and height."""
    size, half = width * height, (height // 2, width // 2)
    quarter = size // 4
    luma, blue, red = picture[:size], picture[size : size + quarter], picture[size + quarter :]
    return luma.reshape(height, width), blue.reshape(half), red.reshape(half)


def _fit(frame: VideoFrame, pixel_aspect: float, width: int, height: int) -> Picture:
    """Scale a picture into `width` by `height` without distortion."""
    aspect = frame.width * pixel_aspect / frame.height
    wide, tall = (width, width / aspect) if aspect > width / height else (height * aspect, height)
    wide, tall = (min(max(round(side / 2) * 2, 2), most) for side, most in ((wide, width), (tall, height)))
    made = frame.reformat(width=wide, height=tall, format="yuv420p", interpolation="BICUBIC")
    scaled = made.to_ndarray().reshape(-1).view(np.uint8)
    if (wide, tall) == (width, height):
        return scaled
    whole = black(width, height)
    for into, plane in zip(planes(whole, width, height), planes(scaled, wide, tall), strict=True):
        top, left = (into.shape[0] - plane.shape[0]) // 2, (into.shape[1] - plane.shape[1]) // 2
        into[top : top + plane.shape[0], left : left + plane.shape[1]] = plane
    return whole


def _sound_frames(path: str, container: str, size: int) -> Iterator[AudioFrame]:
    with _open_clip(path, container) as clip:
        if not clip.streams.audio:
            return
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE, frame_size=size)
        for frame in clip.decode(clip.streams.audio[0]):
            frame.pts = None  # each sample follows the one before, whatever the file says
            yield from resampler.resample(frame)
        yield from resampler.resample(None)


@contextmanager
def _open_clip(path: str, container: str) -> Iterator[InputContainer]:
    """Open a file as the container that it is known to be; it can name no other file or address."""
    try:
        with av.open(path, format=container, options={"protocol_whitelist": "file"}) as clip:
            yield clip
    except (av.error.FFmpegError, OverflowError, ZeroDivisionError) as exc:
        raise Unparsable("damaged") from exc
