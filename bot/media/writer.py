"""Writes a file while it is downloaded or decoded, checking type and size."""

import binascii
from collections.abc import Iterator
from pathlib import Path

from bot.errors import MediaTooLarge, WrongContent
from bot.media.content import HEAD, resolve_content_type, sniff
from bot.models import Kind

_PIECE = 1 << 18  # characters of base64 at a time


class MediaWriter:
    """A file of unknown size and type; fails as soon as either is wrong."""

    def __init__(self, path: Path, limit: int, kind: Kind) -> None:
        self._file = path.open("wb")
        self._limit = limit
        self._kind = kind
        self.size = 0
        self.content_type = ""

    def write(self, piece: bytes | bytearray) -> None:
        """Append a piece; the first has at least `HEAD` bytes unless the file is shorter.

        Raises `WrongContent` and `MediaTooLarge`.
        """
        if not self.content_type:
            self.content_type = resolve_content_type(sniff(bytes(piece[:HEAD])), self._kind)
            if not self.content_type:
                raise WrongContent(f"the file is not of kind {self._kind}")
        self.size += len(piece)
        if self.size > self._limit:
            raise MediaTooLarge(f"the file is bigger than {self._limit} bytes")
        self._file.write(piece)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def decode_base64(encoded: str) -> Iterator[bytes]:
    """Decode base64 in pieces, with or without `data:` head, line breaks and padding. Raises `binascii.Error`."""
    position = encoded.index(",") + 1 if encoded.startswith("data:") and "," in encoded[:200] else 0
    left = ""
    while position < len(encoded):
        text = left + "".join(encoded[position : position + _PIECE].split())
        position += _PIECE
        whole = len(text) - len(text) % 4
        left = text[whole:]
        if whole:
            yield binascii.a2b_base64(text[:whole], strict_mode=True)
    if left:
        yield binascii.a2b_base64(left + "=" * (-len(left) % 4), strict_mode=True)
