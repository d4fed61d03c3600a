"""Files in the place of those whose contents are not recorded: of the same type and size."""

import io
import mimetypes
import re
import struct
import wave
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_LARGEST = 64 * 1024 * 1024
_RATE = 8000  #: samples a second


def make_file(kind: str, size: int) -> tuple[str, bytes]:
    """Return the name and the contents of a file. `kind`: its MIME type."""
    name = f"file{mimetypes.guess_extension(kind) or '.bin'}"
    beginning = b""
    if kind == "image/png":
        beginning = png()
    elif kind.startswith("audio/"):
        beginning = sound()
    filler = b"x" if kind.startswith("text/") else b"\0"
    return name, beginning + filler * (min(size, _LARGEST) - len(beginning))


def answer_file(path: str, facts: "FileFacts | None" = None) -> tuple[str, bytes]:
    """Return the MIME type and the contents of a file that the AI API made. `path`: of its address."""
    if facts is None:
        facts = FileFacts(mimetypes.guess_type(path)[0] or "image/png")
    kind = facts.content_type
    if kind.startswith("image/"):
        return "image/png", png(facts.width or 1, facts.height or 1)
    if kind.startswith("video/") or kind == "audio/mp4":
        return kind, _boxed(facts)
    make = _SOUNDS.get(kind)
    return ("audio/wav", sound(facts.seconds or 0.1)) if make is None else (kind, make(facts.seconds))


@dataclass(frozen=True, slots=True)
class FileFacts:
    """The recorded facts of a file: 0 is unknown."""

    content_type: str
    width: int = 0  #: pixels
    height: int = 0  #: pixels
    seconds: float = 0.0

    @classmethod
    def read(cls, recorded: str) -> Sequence["FileFacts"]:
        """Return the files of an answer: `image/png 1024x768 0, audio/mpeg 0x0 5.04`."""
        found = (_FACTS.fullmatch(one) for one in recorded.split(", "))
        return [cls(one[1], int(one[2]), int(one[3]), float(one[4])) for one in found if one is not None]


_FACTS = re.compile(r"([a-z]+/[\w.+-]{1,60}) (\d{1,5})x(\d{1,5}) (\d{1,5}(?:\.\d{1,6})?)", re.ASCII)


def png(width: int = 1, height: int = 1) -> bytes:
    """Return a grey picture."""

    def part(name: bytes, content: bytes) -> bytes:
        whole = name + content
        return struct.pack(">I", len(content)) + whole + struct.pack(">I", zlib.crc32(whole))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", pixels) + part(b"IEND", b"")


def sound(seconds: float = 0.1) -> bytes:
    """Return a silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(1)
        out.setframerate(_RATE)
        out.writeframes(b"\x80" * round(seconds * _RATE))
    return file.getvalue()


def _mp3(seconds: float) -> bytes:
    """Return a frame with the number of frames, as encoders write it before a sound of a variable rate."""
    number = round(seconds * 44_100 / 1152)
    return (b"\xff\xfb\x90\x00" + bytes(32) + b"Xing" + struct.pack(">II", 1, number)).ljust(417, b"\0")


def _flac(seconds: float) -> bytes:
    about = struct.pack(">Q", _RATE << 44 | 7 << 36 | round(seconds * _RATE))  # 8 bits a sample
    return b"fLaC\x80\x00\x00\x22" + struct.pack(">HH", 4096, 4096) + bytes(6) + about + bytes(16)


def _ogg(seconds: float) -> bytes:
    def page(kind: int, position: int, number: int, content: bytes) -> bytes:
        head = struct.pack("<BBqIIIB", 0, kind, position, 1, number, 0, 1)
        return b"OggS" + head + bytes([len(content)]) + content

    return page(2, 0, 0, b"OpusHead\x01\x01" + bytes(10)) + page(4, round(seconds * 48_000), 1, b"\0")


def _boxed(facts: FileFacts) -> bytes:
    """Return an MP4 file without content."""

    def box(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content) + 8) + name + content

    brand = {"audio/mp4": b"M4A ", "video/quicktime": b"qt  "}.get(facts.content_type, b"mp42")
    length = struct.pack(">II", 1000, round(facts.seconds * 1000))
    head = box(b"mvhd", bytes(12) + length + bytes(80))
    size = struct.pack(">II", facts.width << 16, facts.height << 16)
    track = box(b"trak", box(b"tkhd", bytes(76) + size)) if facts.width else b""
    return box(b"ftyp", brand + bytes(4) + brand) + box(b"moov", head + track) + box(b"mdat", bytes(500))


_SOUNDS: Mapping[str, Callable[[float], bytes]] = {"audio/mpeg": _mp3, "audio/flac": _flac, "audio/ogg": _ogg}
