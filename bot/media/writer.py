"""A file that is being fetched."""

from pathlib import Path

from bot.errors import MediaTooLarge, WrongContent
from bot.media.content import HEAD, settle, sniff
from bot.models import Kind


class Sink:
    """Writes a file of unknown size and type, and stops as soon as either is wrong."""

    def __init__(self, path: Path, limit: int, kind: Kind) -> None:
        self._file = path.open("wb")
        self._limit = limit
        self._kind = kind
        self.size = 0
        self.content_type = ""

    def write(self, piece: bytes | bytearray) -> None:
        """Add a piece; the first one has at least `HEAD` bytes unless the file is shorter."""
        if not self.content_type:
            self.content_type = settle(sniff(bytes(piece[:HEAD])), self._kind)
            if not self.content_type:
                raise WrongContent(f"the file is not of kind {self._kind}")
        self.size += len(piece)
        if self.size > self._limit:
            raise MediaTooLarge(f"the file is bigger than {self._limit} bytes")
        self._file.write(piece)

    def close(self) -> None:
        """The file is whole, or given up."""
        self._file.close()
