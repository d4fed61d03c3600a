"""Writes a file while it is downloaded or decoded, checking type and size."""

from pathlib import Path

from bot.errors import MediaTooLarge, WrongContent
from bot.media.content import HEAD, resolve_content_type, sniff
from bot.models import Kind


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
