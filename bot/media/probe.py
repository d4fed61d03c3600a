"""Reads width, height and duration from a file's headers, without a media library."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from bot.media.content import is_mp3_frame
from bot.values import valueclass

_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MP3_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_MP3_KBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MP3_KBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MOST_BOXES = 1000


@valueclass(frozen=True, slots=True)
class MediaInfo:
    """Properties found in a header; None if missing or unreadable."""

    width: int | None = None
    height: int | None = None
    duration: float | None = None


def probe(path: Path, content_type: str) -> MediaInfo:
    """Read the properties of a file; a damaged header yields an empty result, never an error."""
    with path.open("rb") as file:
        return read_header(file, content_type)


def read_header(file: BinaryIO, content_type: str) -> MediaInfo:
    """Read the properties of an open file; a damaged header yields an empty result, never an error."""
    reader = _READERS.get(content_type)
    if reader is None:
        return MediaInfo()
    try:
        return reader(file)
    except (struct.error, IndexError, ZeroDivisionError, OverflowError):
        return MediaInfo()


def _png(file: BinaryIO) -> MediaInfo:
    return MediaInfo(*struct.unpack(">II", file.read(24)[16:24]))


def _gif(file: BinaryIO) -> MediaInfo:
    return MediaInfo(*struct.unpack("<HH", file.read(10)[6:10]))


def _jpeg(file: BinaryIO) -> MediaInfo:
    file.seek(2)
    for _ in range(_MOST_BOXES):
        start, marker = struct.unpack(">BB", file.read(2))
        if marker == 0xFF:  # noqa: PLR2004 - padding
            file.seek(-1, 1)
            continue
        if start != 0xFF:  # noqa: PLR2004
            break
        length = struct.unpack(">H", file.read(2))[0]
        if marker in _JPEG_SIZES:
            height, width = struct.unpack(">xHH", file.read(5))
            return MediaInfo(width, height)
        file.seek(length - 2, 1)
    return MediaInfo()


def _webp(file: BinaryIO) -> MediaInfo:
    head = file.read(30)
    form = head[12:16]
    if form == b"VP8 ":
        width, height = struct.unpack("<HH", head[26:30])
        return MediaInfo(width & 0x3FFF, height & 0x3FFF)
    if form == b"VP8L":
        bits = struct.unpack("<I", head[21:25])[0]
        return MediaInfo((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if form == b"VP8X":
        return MediaInfo(int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1)
    return MediaInfo()


def _wav(file: BinaryIO) -> MediaInfo:
    file.seek(12)
    per_second = 0
    for _ in range(_MOST_BOXES):
        name, length = struct.unpack("<4sI", file.read(8))
        if name == b"fmt ":
            per_second = struct.unpack("<8xI", file.read(12))[0]
            length -= 12
        elif name == b"data":
            here = file.tell()
            there = file.seek(0, 2)
            return MediaInfo(duration=min(length, there - here) / per_second)  # a streamed file states a wrong length
        file.seek(length + length % 2, 1)
    return MediaInfo()


def _flac(file: BinaryIO) -> MediaInfo:
    bits = int.from_bytes(file.read(26)[18:26], "big")
    rate, samples = bits >> 44, bits & 0xFFFFFFFFF
    return MediaInfo(duration=samples / rate if samples else None)


def _ogg(file: BinaryIO) -> MediaInfo:
    head = file.read(512)
    if b"OpusHead" in head:
        rate = 48000
    elif (at := head.find(b"\x01vorbis")) >= 0:
        rate = struct.unpack_from("<I", head, at + 12)[0]
    else:
        return MediaInfo()
    size = file.seek(0, 2)
    file.seek(max(0, size - 65536))
    tail = file.read()
    granule = struct.unpack_from("<q", tail, tail.rindex(b"OggS") + 6)[0] if b"OggS" in tail else 0
    return MediaInfo(duration=granule / rate if granule > 0 else None)


def _mp3(file: BinaryIO) -> MediaInfo:
    """Read the frame count of a Xing or Info header; without one, estimate from the first frame's bitrate."""
    head = file.read(10)
    at = 0
    if head[:3] == b"ID3":
        at = 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])
    size = file.seek(0, 2)
    file.seek(at)
    frame = file.read(4096)
    skip = next((i for i in range(max(0, len(frame) - 4)) if is_mp3_frame(frame[i : i + 4])), None)
    if skip is None:
        return MediaInfo()
    frame = frame[skip:]
    version = frame[1] >> 3 & 3
    rate = _MP3_RATES[version][frame[2] >> 2 & 3]
    for tag in (b"Xing", b"Info"):
        where = frame.find(tag, 4, 200)
        if where >= 0 and frame[where + 7] & 1:
            frames = struct.unpack_from(">I", frame, where + 8)[0]
            return MediaInfo(duration=frames * (1152 if version == 3 else 576) / rate)  # noqa: PLR2004
    kbits = (_MP3_KBITS_1 if version == 3 else _MP3_KBITS_2)[frame[2] >> 4]  # noqa: PLR2004
    return MediaInfo(duration=(size - at - skip) / (kbits * 125))


def _mp4(file: BinaryIO) -> MediaInfo:
    width = height = 0
    duration: float | None = None
    left = iter(range(_MOST_BOXES))
    movies = (box for box in _boxes(file, 0, file.seek(0, 2), left) if box[0] == b"moov")
    for name, at, stop in (inner for _, start, end in movies for inner in _boxes(file, start, end, left)):
        if name == b"mvhd":
            file.seek(at)
            head = file.read(32)
            scale, length = struct.unpack_from(*((">IQ", head, 20) if head[0] else (">II", head, 12)))
            duration = length / scale or None
        elif name == b"trak":
            across, down = _mp4_track_size(file, at, stop, left)
            width, height = max(width, across), max(height, down)
    return MediaInfo(width or None, height or None, duration)


def _mp4_track_size(file: BinaryIO, at: int, stop: int, left: Iterator[int]) -> tuple[int, int]:
    """Return the width and height of a track, 0 for a sound, from its header."""
    width = height = 0
    for name, _, end in _boxes(file, at, stop, left):
        if name == b"tkhd":
            file.seek(end - 8)
            width, height = (value >> 16 for value in struct.unpack(">II", file.read(8)))
    return width, height


def _boxes(file: BinaryIO, start: int, end: int, left: Iterator[int]) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and end of the content of each ISO box between two positions; one step of `left` for each."""
    for _ in left:
        if end - start < 8:  # noqa: PLR2004
            return
        file.seek(start)
        size, name = struct.unpack(">I4s", file.read(8))
        head = 8
        if size == 1:
            size, head = struct.unpack(">Q", file.read(8))[0], 16
        elif size == 0:
            size = end - start
        if size < head:
            return
        yield name, start + head, min(start + size, end)
        start += size


_READERS = {
    "image/png": _png,
    "image/gif": _gif,
    "image/jpeg": _jpeg,
    "image/webp": _webp,
    "audio/wav": _wav,
    "audio/flac": _flac,
    "audio/ogg": _ogg,
    "audio/mpeg": _mp3,
    "audio/mp4": _mp4,
    "video/mp4": _mp4,
    "video/quicktime": _mp4,
}
