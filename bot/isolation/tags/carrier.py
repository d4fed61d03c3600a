"""A file that has a place for the service's record, whatever its container."""

import mmap
from collections.abc import Sequence
from typing import Protocol

#: Name of the tag.
TAG = b"CHANNELMUSE_RECORD"

File = bytes | mmap.mmap
Pieces = Sequence[bytes | memoryview]


class Carrier(Protocol):
    """A parsed file; its pieces are valid as long as it is open."""

    @property
    def record(self) -> bytes | None:
        """Return the record in the file's tag; None: it has no tag."""

    def without(self) -> Pieces:
        """Return the file without the tag."""

    def with_record(self, record: bytes) -> Pieces:
        """Return the file with this record in the tag. Raises `Unparsable` when it has no room for that."""
