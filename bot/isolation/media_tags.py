"""The service's record in a tag of a WebM or Ogg file, written or read. Runs in a child process.

Without the tag the file is, byte for byte, the one that was made: its digest covers all that is played, timestamps and
the headers of codecs included, and every other tag.
"""

import hashlib
import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.isolation.child import Unparsable
from bot.isolation.tags.carrier import Carrier, File, Pieces
from bot.isolation.tags.ogg import parse_ogg
from bot.isolation.tags.webm import parse_webm


def digest(data: bytes, *, source: str, container: str) -> tuple[str, bytes]:  # noqa: ARG001
    """Return the digest of `source` without the service's tag."""
    with _opened(source) as file:
        return _digest(_carrier(file, container).without()), b""


def write(data: bytes, *, source: str, target: str, container: str) -> tuple[str, bytes]:
    """Write `source` with the record `data` to `target`; return the digest of what is there without the tag."""
    with _opened(source) as file, Path(target).open("wb") as out:
        out.writelines(_carrier(file, container).with_record(data))
    return digest(b"", source=target, container=container)


def read(data: bytes, *, container: str, source: str = "") -> tuple[str, bytes]:
    """Return the digest of a file without the service's tag, and the record in that; "none": there is no such tag.

    `source`: path of the file; "": it is the data.
    """
    if not source:
        return _read(data, container)
    with _opened(source) as file:
        return _read(file, container)


@contextmanager
def _opened(path: str) -> Iterator[mmap.mmap]:
    with Path(path).open("rb") as file:
        try:
            yield mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError as exc:
            raise Unparsable("damaged") from exc


def _read(file: File, container: str) -> tuple[str, bytes]:
    parsed = _parse(file, container)
    return ("none", b"") if parsed is None or parsed.record is None else (_digest(parsed.without()), parsed.record)


def _digest(pieces: Pieces) -> str:
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
    return found.hexdigest()


def _carrier(file: File, container: str) -> Carrier:
    parsed = _parse(file, container)
    if parsed is None:
        raise Unparsable("unknown")
    return parsed


def _parse(file: File, container: str) -> Carrier | None:
    """Return the parts of a file; None: it is of a kind that has no place for the tag. Raises `Unparsable`."""
    try:
        return parse_webm(file) if container == "matroska" else parse_ogg(file)
    except (IndexError, ValueError, StopIteration, struct.error) as exc:
        raise Unparsable("damaged") from exc
