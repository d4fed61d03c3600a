"""Content types, detected from a file's bytes and never from its name or a header."""

from bot.models import Kind

#: bytes that `sniff` needs
HEAD = 512

EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
    "audio/mp4": "m4a",
    "audio/webm": "weba",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/quicktime": "mov",
}

_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
)
_STILL_BRANDS = {b"avif", b"avis", b"heic", b"heix", b"mif1"}


def sniff(head: bytes) -> str:
    """Detect the content type of a file from its first `HEAD` bytes; "" if it is none of `EXTENSIONS`."""
    for start, content_type in _STARTS:
        if head.startswith(start):
            return content_type
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(head[8:12], "")
    if head[4:8] == b"ftyp":
        return _brand(head[8:12])
    if head[:4] == b"\x1a\x45\xdf\xa3" and b"webm" in head[:64]:
        return "video/webm"
    return "audio/mpeg" if is_mp3_frame(head) else ""


def _brand(brand: bytes) -> str:
    if brand in _STILL_BRANDS:
        return ""
    if brand in {b"M4A ", b"M4B "}:
        return "audio/mp4"
    return "video/quicktime" if brand == b"qt  " else "video/mp4"


def is_mp3_frame(head: bytes) -> bool:
    """Return whether `head` starts with an MPEG audio layer III frame header without reserved values."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:  # noqa: PLR2004
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer == 1 and bitrate not in {0, 15} and rate != 3  # noqa: PLR2004


def resolve_content_type(content_type: str, kind: Kind) -> str:
    """Return the content type of a file of `kind`; "" if a file of `content_type` can't be of that kind.

    Some containers hold audio as well as video, and a short video may be a GIF.
    """
    family = content_type.partition("/")[0]
    if kind == "audio" and content_type in {"video/mp4", "video/webm"}:
        return content_type.replace("video", "audio")
    if kind == "video" and content_type == "image/gif":
        return content_type
    return content_type if kind in {family, "chat", "code"} else ""
