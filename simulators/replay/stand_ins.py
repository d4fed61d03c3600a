"""Files in the place of those whose contents are not recorded: of the same type and size."""

import io
import mimetypes
import struct
import wave
import zlib

_LARGEST = 64 * 1024 * 1024


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


def answer_file(path: str) -> tuple[str, bytes]:
    """Return the MIME type and the contents of a file that the AI API made. `path`: of its address."""
    if path.endswith(".mp4"):
        return "video/mp4", b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(600)
    return ("audio/wav", sound()) if path.endswith(".wav") else ("image/png", png())


def png() -> bytes:
    """Return a small picture."""

    def part(name: bytes, content: bytes) -> bytes:
        whole = name + content
        return struct.pack(">I", len(content)) + whole + struct.pack(">I", zlib.crc32(whole))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0\x80\x80\x80")
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", pixels) + part(b"IEND", b"")


def sound() -> bytes:
    """Return a short silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(1600))
    return file.getvalue()
